"""Unsaved input in admin forms.

Forms are autosaved as drafts: record forms with all fields, small forms with the fields that their view names. A draft
is shown until it is saved or discarded. A form that cannot be processed is shown again with the submitted input. Where
the session had ended, that input becomes a draft. A draft's key is the URL of its form.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from urllib.parse import urlencode

from flask import (
    Response,
    abort,
    after_this_request,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import drafts as stored_drafts
from verdicts.staff.drafts import Draft
from verdicts.web import errors
from verdicts.web.admin import auth, open_pages
from verdicts.web.admin.auth import F, ViewFunction, csrf_failed, current_account
from verdicts.web.admin.forms.base import FieldPairs, labelled_fields, submitted_fields
from verdicts.web.clock import now

GONE_MESSAGE = "There is no such record. It may have been deleted."

_DRAFT_ID = re.compile(r"[A-Za-z0-9_-]{8,20}")
_ENTRY_ID = re.compile(r"[0-9]{1,9}")
_ROW_ID_FIELDS = {"message", "tool"}  # on a page with a form for each row: the row that a draft belongs to

RecordLoader = Callable[[int], StoredRecord | None]


class RedisplayCause(StrEnum):
    """Why a form is shown again with unsaved input."""

    CSRF_FAILED = "csrf_failed"
    BUSY = "busy"
    DRAFT = "draft"


@dataclass(frozen=True)
class DraftPolicy:
    """How a view's form is shown again, and which of its fields become a draft."""

    redisplay_endpoint: str = ""  # "": its own page
    draft_fields: tuple[str, ...] | None = None  # None: all
    label: str = ""

    @property
    def keeps_draft(self) -> bool:
        return self.draft_fields is None or len(self.draft_fields) > 0

    def select(self, fields: FieldPairs) -> FieldPairs:
        return [(name, value) for name, value in fields if self.draft_fields is None or name in self.draft_fields]


_policies: dict[ViewFunction, DraftPolicy] = {}


def record_form(view: F) -> F:
    """Mark the view of a record's form: all its fields become a draft."""
    _policies[view] = DraftPolicy()
    return auth.handles_csrf_failure(view)


def redisplayed_on(endpoint: str, *, draft_fields: tuple[str, ...] = (), label: str = "") -> Callable[[F], F]:
    """Mark the view of a small form that is shown again on another view's page; `draft_fields` become a draft."""

    def mark(view: F) -> F:
        _policies[view] = DraftPolicy(endpoint, draft_fields, label)
        return auth.handles_csrf_failure(view)

    return mark


# Keys


def draft_key() -> str:
    """Return the key of the draft of the requested form: its URL.

    For a new record the URL contains a random id, so that two tabs are two drafts; for an earlier version it contains
    the id of the log entry, and for a second draft of one record a random id.
    """
    for name, pattern in _distinguishing_arguments(request.endpoint or "", request.view_args).items():
        value = request.args.get(name, "")
        if pattern.fullmatch(value):
            return f"{request.path}?{name}={value}"
    return request.path


def is_draft_key(key: str) -> bool:
    """Return whether there is a form with drafts at this URL."""
    path, separator, query = key.partition("?")
    if len(key) > stored_drafts.MAX_KEY_LENGTH:
        return False
    endpoint, arguments = route_of(path)
    if not endpoint or not (is_record_form(endpoint) or small_form_policies(endpoint)):
        return False
    name, _, value = query.partition("=")
    pattern = _distinguishing_arguments(endpoint, arguments).get(name)
    return not separator or bool(pattern and pattern.fullmatch(value))


def new_form_url() -> str:
    """Return the URL of the requested form of a new record, with a random id."""
    preserved = {name: request.args[name] for name in ("restore", "done") if name in request.args}
    return f"{request.path}?{urlencode({**preserved, 'draft': secrets.token_urlsafe(9)})}"


def _distinguishing_arguments(endpoint: str, arguments: Mapping[str, object] | None) -> dict[str, re.Pattern[str]]:
    """Return the query arguments that distinguish drafts of forms at one path, and the patterns of their values."""
    if not is_record_form(endpoint):
        return {"tab": _DRAFT_ID}
    return {"restore": _ENTRY_ID, "tab": _DRAFT_ID} if arguments else {"draft": _DRAFT_ID}


def _new_key(key: str) -> str:
    """Return a key that no draft has, of another draft of the same form."""
    path = key.partition("?")[0]
    endpoint, arguments = route_of(path)
    name = "draft" if "draft" in _distinguishing_arguments(endpoint, arguments) else "tab"
    return f"{path}?{name}={secrets.token_urlsafe(9)}"


def route_of(path: str) -> tuple[str, Mapping[str, object]]:
    """Return the endpoint and arguments of a page; "" if there is none."""
    try:
        return current_app.url_map.bind("").match(path.partition("?")[0], "GET")
    except (HTTPException, RoutingException):
        return "", {}


def _key_of_form(view: ViewFunction) -> str:
    """Return the draft key of the form that was sent to a view: its own URL, or that of the page that shows it."""
    policy = _policies.get(view)
    if policy is None or not policy.redisplay_endpoint:
        return draft_key()
    arguments: dict[str, object] = dict(request.view_args or {})
    return small_form_key(
        current_app.url_map.bind("").build(policy.redisplay_endpoint, arguments, append_unknown=False)
    )


def small_form_key(path: str) -> str:
    """Return the draft key of the small forms of the page at a path, which is requested, or from which a form came."""
    key = request.form.get("draft_key", "") if request.method == "POST" else draft_key()
    return key if key.startswith(f"{path}?") and is_draft_key(key) else path


def is_record_form(endpoint: str) -> bool:
    view = current_app.view_functions.get(endpoint)
    policy = _policies.get(view) if view else None
    return policy is not None and not policy.redisplay_endpoint


def small_form_policies(endpoint: str) -> list[DraftPolicy]:
    """Return the small forms with drafts on a page."""
    return [each for each in _policies.values() if each.redisplay_endpoint == endpoint and each.keeps_draft]


# Saving and deleting


def autosave(key: str, fields: FieldPairs) -> str:
    """Save the fields that a script sends while somebody types, for the form with this key. Returns the draft's key."""
    policies = small_form_policies(route_of(key)[0])
    names = {name for policy in policies for name in policy.draft_fields or ()}
    return _save(current_account().id, key, [pair for pair in fields if not policies or pair[0] in names])


def save_submitted() -> str:
    """Save the submitted fields as a draft, and return its key."""
    return _save(current_account().id, draft_key(), submitted_fields())


def save_submitted_if_possible() -> bool:
    """Keep the submitted fields as a draft when this request does not save the record; return whether it is stored.

    Going back then shows them, without JavaScript too.
    """
    try:
        save_submitted()
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return False
    return True


def discard(key: str) -> None:
    """Discard the draft at a key; it can be restored for a month."""
    begin_write_after_read()
    account_id = current_account().id
    stored_drafts.discard(account_id, key_of_page(account_id, key), _new_key(key), now())
    db.session.commit()


def restore(key: str) -> str | None:
    """Make a discarded draft one again. Returns its key, None if there is no such draft."""
    path = key.partition("?")[0]
    preferred_key = path if "tab" in _distinguishing_arguments(*route_of(path)) else key
    begin_write_after_read()
    restored_key = stored_drafts.restore(current_account().id, key, preferred_key, now())
    db.session.commit()
    return restored_key


def finish_draft(saved: SavedRecord, *, is_new: bool) -> None:
    """Delete the draft of a saved record. For a new record, keep a marker with its id. The caller commits."""
    after_this_request(open_pages.note_saved_form)
    account_id = current_account().id
    key = key_of_page(account_id, draft_key())
    if is_new:
        stored_drafts.close(account_id, key, submitted_fields(), saved.id, now(), open_pages.submitted_page().id)
    else:
        stored_drafts.delete(account_id, key)


def key_of_page(account_id: int, key: str) -> str:
    """Return the key of the draft of the page from which a form with this key was sent."""
    return stored_drafts.key_for(account_id, key, _new_key(key), open_pages.submitted_page())


def _save(account_id: int, key: str, fields: FieldPairs) -> str:
    begin_write_after_read()
    stored_drafts.lock(account_id)
    own_key = key_of_page(account_id, key)
    stored_drafts.save(account_id, own_key, fields, now(), open_pages.submitted_page().id)
    db.session.commit()
    return own_key


# Finding


def find_draft() -> Draft | None:
    """Return the current account's draft of the requested form."""
    return stored_drafts.find(current_account().id, draft_key())


def begin_and_find_created_record(load: RecordLoader) -> SavedRecord | None:
    """Begin to write, and return the record that this form already created, if the same fields were sent before."""
    begin_write()
    key = key_of_page(current_account().id, draft_key())
    record_id = stored_drafts.find_record_id(current_account().id, key, submitted_fields())
    record = load(record_id) if record_id else None
    if record is None:
        db.session.rollback()
        return None
    return SavedRecord(record.id, record.slug, record.data, record.data)


def find_created_record_id(load: RecordLoader) -> int | None:
    """Return the id of the record that the requested form already created, with whatever fields."""
    key = key_of_page(current_account().id, draft_key())
    record_id = stored_drafts.find_record_id(current_account().id, key)
    return record_id if record_id and load(record_id) else None


# Showing again


def act_or_redisplay(
    act: Callable[[], ResponseReturnValue], show: Callable[[RedisplayCause], ResponseReturnValue]
) -> ResponseReturnValue:
    """Act on a small form, and delete its draft; show its page again if its token is invalid or the site overloaded.

    `show` takes the cause, and only reads.
    """
    if csrf_failed():
        return _with_status(show(RedisplayCause.CSRF_FAILED), HTTPStatus.BAD_REQUEST)
    try:
        response = make_response(act())
    except errors.OVERLOAD_ERRORS as overload:
        return redisplay_busy(overload, lambda: show(RedisplayCause.BUSY))
    if response.status_code == HTTPStatus.SEE_OTHER and _keeps_draft(auth.current_view()):
        _delete_small_form_draft()
    return open_pages.note_saved_form(response)


def redisplay_busy(overload: Exception, show: Callable[[], ResponseReturnValue]) -> Response:
    """Show a form as it was sent, with status 503, because the site is too busy to save it. `show` only reads."""
    errors.roll_back(overload)
    response = _with_status(show(), HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(errors.RETRY_AFTER_SECONDS)
    return response


def find_small_form_draft() -> MultiDict[str, str] | None:
    """Return the fields of the draft of this page's small forms, None if there is none."""
    draft = find_draft()
    return MultiDict(draft.fields) if draft else None


def render_gone_record(add_endpoint: str | None) -> ResponseReturnValue:
    """Show the unsaved input for a deleted record, and offer to create a new record from it."""
    is_post = request.method == "POST" and not csrf_failed()
    draft = find_draft()
    fields = submitted_fields() if is_post else draft.fields if draft else []
    if not labelled_fields(fields):
        abort(404, GONE_MESSAGE)
    if is_post:
        save_submitted()
    page = render_template(
        "admin/drafts/gone.html",
        status=404,
        form_url="",
        draft_key=draft_key(),
        fields=labelled_fields(fields),
        raw_fields=fields,
        add_url=url_for(add_endpoint, draft=secrets.token_urlsafe(9)) if add_endpoint else "",
    )
    return page, 404


def _delete_small_form_draft() -> None:
    """Delete the draft of the form that was processed; keep a draft about another row of the same page."""
    key = key_of_page(current_account().id, _key_of_form(auth.current_view()))
    draft = stored_drafts.find(current_account().id, key)
    if draft and all(request.form.get(name) == value for name, value in draft.fields if name in _ROW_ID_FIELDS):
        begin_write_after_read()
        stored_drafts.delete(current_account().id, key)
        db.session.commit()


def _with_status(page: ResponseReturnValue, status: HTTPStatus) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


# When another page comes first


def handle_other_page_required(error: auth.OtherPageRequired) -> ResponseReturnValue:
    """Redirect to the page that comes first. Save what was sent as a draft; show it if it cannot be saved."""
    view = auth.current_view()
    is_saved = error.account_id is not None and _save_for(error.account_id, view)
    if error.endpoint != auth.LOGIN_ENDPOINT:
        return redirect(url_for(error.endpoint), 303)
    next_path = _return_url(view)
    if request.method == "POST" and _keeps_draft(view) and not is_saved and request.form.get("do") != "discard":
        fields = labelled_fields(_policies[view].select(submitted_fields()))
        if fields:
            page = render_template("admin/drafts/unsaved.html", status=401, fields=fields, form_url=next_path)
            return page, 401
    return redirect(url_for(auth.LOGIN_ENDPOINT, next=next_path, kept=1 if is_saved else None), 303)


def _save_for(account_id: int, view: ViewFunction) -> bool:
    """Save what an account sent that may not act on it yet; return whether that was possible."""
    if request.method != "POST" or not _keeps_draft(view):
        return False
    auth.check_body(view)
    if csrf_failed() or request.form.get("do") == "discard":
        return False
    try:
        _save(account_id, _key_of_form(view), _policies[view].select(submitted_fields()))
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return False
    return True


def _keeps_draft(view: ViewFunction) -> bool:
    return view in _policies and _policies[view].keeps_draft


def _return_url(view: ViewFunction) -> str:
    """Return the URL of the requested page, or of the form that was sent; of the dashboard if there is none."""
    if request.method != "POST":
        return request.full_path.rstrip("?")
    key = _key_of_form(view)
    return key if route_of(key)[0] else url_for(auth.DASHBOARD_ENDPOINT)
