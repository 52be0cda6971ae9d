"""Unsaved input: what somebody typed into an admin form and has not saved is never lost.

The forms of records have drafts: they are autosaved, and shown again until they are saved or discarded. Small forms are
shown again as they were sent where they cannot be acted on just now; some of their fields become a draft too, where a
session had ended. A draft's key is the address of its form.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response, abort, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from verdicts.catalog import queries as catalog
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff import drafts
from verdicts.staff.drafts import Draft
from verdicts.web import errors
from verdicts.web.admin import auth
from verdicts.web.admin.auth import AnyView, View, current_account, is_stale
from verdicts.web.admin.forms.base import Fields, readable_fields, submitted_fields
from verdicts.web.clock import now

STALE, BUSY, RESTORED = "stale", "busy", "restored"  # why a form is shown again
GONE = "There is no such record. It may have been deleted."

_DRAFT_ID = re.compile(r"[A-Za-z0-9_-]{8,20}")
_ENTRY_ID = re.compile(r"[0-9]{1,9}")
_ROW_FIELDS = {"message", "tool"}  # which of a page's forms a draft belongs to, where each row has one

Load = Callable[[int], StoredRecord | None]


@dataclass(frozen=True)
class SavedForm:
    """A form whose input is saved. A small form stands on a page of another endpoint, and saves only some fields."""

    page: str = ""
    saves: tuple[str, ...] | None = None  # all fields
    label: str = ""

    @property
    def has_draft(self) -> bool:
        return self.saves is None or len(self.saves) > 0

    def select(self, fields: Fields) -> Fields:
        return [(name, value) for name, value in fields if self.saves is None or name in self.saves]


@dataclass(frozen=True)
class DraftLink:
    """A draft on the dashboard: its form's address, what kind of form that is, and what record it is about."""

    key: str
    label: str
    name: str
    saved_at: datetime


_forms: dict[AnyView, SavedForm] = {}


def autosaved(view: View) -> View:
    """Mark the view of a record's form: all that is typed into it becomes a draft."""
    _forms[view] = SavedForm()
    return auth.redisplays(view)


def redisplayed_on(page: str, *, saves: tuple[str, ...] = (), label: str = "") -> Callable[[View], View]:
    """Mark the view of a small form that is shown again on this page; `saves` names the fields that become a draft."""

    def mark(view: View) -> View:
        _forms[view] = SavedForm(page, saves, label)
        return auth.redisplays(view)

    return mark


# Keys


def draft_key() -> str:
    """Return the key of the draft of the requested form: its address.

    The form of a new record has an id of its own in it, so that two tabs are two drafts; so has the form that shows an
    earlier version.
    """
    name, pattern = _variant(request.view_args)
    value = request.args.get(name, "")
    return f"{request.path}?{name}={value}" if pattern.fullmatch(value) else request.path


def is_draft_key(key: str) -> bool:
    """Say whether there is a form with drafts at this address."""
    path, separator, query = key.partition("?")
    if len(key) > drafts.MAX_KEY_LENGTH:
        return False
    endpoint, arguments = _route_of(path)
    if endpoint and _small_forms_on(endpoint):
        return not separator
    name, pattern = _variant(arguments)
    is_complete = not separator or (query.startswith(f"{name}=") and pattern.fullmatch(query.removeprefix(f"{name}=")))
    return bool(is_complete) and _is_autosaved(endpoint)


def new_form_address() -> str:
    """Return the address of the requested form of a new record, with an id of its own."""
    kept = {name: request.args[name] for name in ("restore", "done") if name in request.args}
    return f"{request.path}?{urlencode({**kept, 'draft': secrets.token_urlsafe(9)})}"


def _variant(arguments: Mapping[str, object] | None) -> tuple[str, re.Pattern[str]]:
    """Return the query argument that tells forms at one path apart: an entry of the log, or a new record's id."""
    return ("restore", _ENTRY_ID) if arguments else ("draft", _DRAFT_ID)


def _route_of(path: str) -> tuple[str, Mapping[str, object]]:
    """Return the endpoint and arguments of a page; "" where there is none."""
    try:
        return current_app.url_map.bind("").match(path.partition("?")[0], "GET")
    except (HTTPException, RoutingException):
        return "", {}


def _key_of_form(view: AnyView) -> str:
    """Return the key for what was sent to a view: the form's own address, or that of the page it stands on."""
    form = _forms.get(view)
    if form is None or not form.page:
        return draft_key()
    arguments: dict[str, object] = dict(request.view_args or {})
    return current_app.url_map.bind("").build(form.page, arguments, append_unknown=False)


def _is_autosaved(endpoint: str) -> bool:
    form = _forms.get(current_app.view_functions.get(endpoint, draft_key))
    return form is not None and not form.page


def _small_forms_on(endpoint: str) -> list[SavedForm]:
    """Return the small forms with drafts on a page."""
    return [form for form in _forms.values() if form.page == endpoint and form.has_draft]


# Saving and deleting


def autosave(key: str, fields: Fields) -> None:
    """Save what a page's script sends while somebody types, for the form at this key."""
    small_forms = _small_forms_on(_route_of(key)[0])
    names = {name for form in small_forms for name in form.saves or ()}
    _save(current_account().id, key, [pair for pair in fields if not small_forms or pair[0] in names])


def save_submitted() -> None:
    _save(current_account().id, draft_key(), submitted_fields())


def save_submitted_if_possible() -> None:
    """Save what was sent where it leads to no save, so that going back finds it, without JavaScript too."""
    try:
        save_submitted()
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)


def discard(key: str) -> None:
    begin_write_after_read()
    drafts.delete(current_account().id, key)
    db.session.commit()


def close_draft(saved: SavedRecord, *, is_new: bool) -> None:
    """End the draft of what is being saved; a new record's becomes a note of which record it is. The caller commits."""
    if is_new:
        drafts.close(current_account().id, draft_key(), submitted_fields(), saved.id, now())
    else:
        drafts.delete(current_account().id, draft_key())


def _save(account_id: int, key: str, fields: Fields) -> None:
    begin_write_after_read()
    drafts.save(account_id, key, fields, now())
    db.session.commit()


# Finding


def find_draft() -> Draft | None:
    """Return the current account's draft of the requested form."""
    return drafts.find(current_account().id, draft_key())


def find_saved_record(load: Load) -> SavedRecord | None:
    """Return the record that this very form of a new one has become, where it was sent twice."""
    begin_write()
    record_id = drafts.find_record_id(current_account().id, draft_key(), submitted_fields())
    record = load(record_id) if record_id else None
    if record is None:
        db.session.rollback()
        return None
    return SavedRecord(record.id, record.slug, record.data, record.data)


def find_record_id(load: Load) -> int | None:
    """Return the id of the record that the requested form of a new one has become, whatever it was sent with."""
    record_id = drafts.find_record_id(current_account().id, draft_key())
    return record_id if record_id and load(record_id) else None


def other_drafts() -> list[Draft]:
    """Return the other drafts of new records of this kind."""
    key = draft_key()
    return [draft for draft in drafts.list_open(current_account().id, f"{request.path}?") if draft.key != key]


def list_links() -> list[DraftLink]:
    """Return the current account's drafts, newest first, but for those whose form is gone. Two statements at most."""
    routes = [(draft, *_route_of(draft.key)) for draft in drafts.list_open(current_account().id)]
    labelled = [(draft, label, arguments) for draft, endpoint, arguments in routes if (label := _label_of(endpoint))]
    # A form that does not name its record belongs to a part of a tool, such as its price.
    ids = [0 if draft.name else int(str(arguments.get("id", 0))) for draft, _label, arguments in labelled]
    tools = catalog.links_of(set(filter(None, ids))) if any(ids) else {}
    return [
        DraftLink(draft.key, label, tools[id].name if id in tools else draft.name, draft.saved_at)
        for (draft, label, _arguments), id in zip(labelled, ids, strict=True)
    ]


def _label_of(endpoint: str) -> str:
    """Return what the dashboard calls a form, "" where there is none with drafts."""
    if _is_autosaved(endpoint):
        label: str = current_app.view_functions[endpoint].view_class.label_of(endpoint)  # type: ignore[union-attr]
        return label
    return next((form.label for form in _small_forms_on(endpoint)), "")


# Showing again


def act_or_redisplay(
    act: Callable[[], ResponseReturnValue], show: Callable[[str], ResponseReturnValue]
) -> ResponseReturnValue:
    """Act on a small form; show its page again where it came without its token, or the site is overloaded.

    `show` takes the reason, STALE or BUSY, and only reads.
    """
    if is_stale():
        return _with_status(show(STALE), HTTPStatus.BAD_REQUEST)
    try:
        response = make_response(act())
    except errors.OVERLOAD_ERRORS as overload:
        return retry_later(overload, lambda: show(BUSY))
    if response.status_code == HTTPStatus.SEE_OTHER:
        _delete_small_draft()
    return response


def retry_later(overload: Exception, show: Callable[[], ResponseReturnValue]) -> Response:
    """Show a form as it was sent, with status 503, where the site is too busy to save it. `show` only reads."""
    errors.roll_back(overload)
    response = _with_status(show(), HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = str(errors.RETRY_AFTER_SECONDS)
    return response


def small_draft() -> MultiDict[str, str] | None:
    """Return the draft of this page's small forms, None where there is none."""
    draft = drafts.find(current_account().id, request.path)
    return MultiDict(draft.fields) if draft else None


def show_unsaved_input() -> ResponseReturnValue:
    """Show what somebody typed for a record that is gone, and offer to make a new record of it."""
    is_post = request.method == "POST" and not is_stale()
    draft = find_draft()
    fields = submitted_fields() if is_post else draft.fields if draft else []
    if not readable_fields(fields):
        abort(404, GONE)
    if is_post:
        save_submitted()
    add_at = (request.endpoint or "").removesuffix(".edit") + ".add"
    page = render_template(
        "admin/drafts/gone.html",
        status=404,
        way_back="",
        draft_key=draft_key(),
        fields=readable_fields(fields),
        sent=fields,
        add_at=url_for(add_at, draft=secrets.token_urlsafe(9)) if add_at in current_app.view_functions else "",
    )
    return page, 404


def _delete_small_draft() -> None:
    """Delete the draft of the form that was acted on; one about another row of the same page stays."""
    key = _key_of_form(auth.current_view())
    draft = drafts.find(current_account().id, key)
    if draft and all(request.form.get(name) == value for name, value in draft.fields if name in _ROW_FIELDS):
        discard(key)


def _with_status(page: ResponseReturnValue, status: HTTPStatus) -> Response:
    response = make_response(page)
    response.status_code = status
    return response


# Where another page comes first


def answer_step_required(step: auth.StepRequired) -> ResponseReturnValue:
    """Redirect to the page that comes first. What was sent is saved as a draft, or shown where it cannot be saved."""
    view = auth.current_view()
    is_saved = step.account_id is not None and _save_for(step.account_id, view)
    if step.endpoint != auth.LOG_IN:
        return redirect(url_for(step.endpoint), 303)
    next_path = _path_of_form(view)
    if request.method == "POST" and _has_draft(view) and not is_saved and request.form.get("do") != "discard":
        fields = readable_fields(_forms[view].select(submitted_fields()))
        if fields:
            page = render_template("admin/drafts/unsaved.html", status=401, fields=fields, way_back=next_path)
            return page, 401
    return redirect(url_for(auth.LOG_IN, next=next_path, kept=1 if is_saved else None), 303)


def _save_for(account_id: int, view: AnyView) -> bool:
    """Save what an account sent that may not act on it yet, and say whether that was possible."""
    if request.method != "POST" or not _has_draft(view):
        return False
    auth.check_form(view)
    if is_stale() or request.form.get("do") == "discard":
        return False
    try:
        _save(account_id, _key_of_form(view), _forms[view].select(submitted_fields()))
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return False
    return True


def _has_draft(view: AnyView) -> bool:
    return view in _forms and _forms[view].has_draft


def _path_of_form(view: AnyView) -> str:
    """Return the requested page, or the one with the form that was sent; the dashboard where there is none."""
    if request.method != "POST":
        return request.full_path.rstrip("?")
    key = _key_of_form(view)
    return key if _route_of(key)[0] else url_for(auth.DASHBOARD)
