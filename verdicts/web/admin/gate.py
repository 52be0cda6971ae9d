"""Who comes in: a session's cookie, the role that a view needs, and the token that every form carries."""

import re
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge

from verdicts.config import current_settings
from verdicts.extensions import begin_write, csrf, db
from verdicts.staff import drafts, sessions
from verdicts.staff.models import Role
from verdicts.staff.sessions import CurrentAccount
from verdicts.web import errors
from verdicts.web.admin.forms import readable_fields, typed_fields
from verdicts.web.admin.places import is_shown_again, keeps_something, place_of_form, what_is_kept
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment

View = TypeVar("View", bound=Callable[..., object])

MEGABYTE = 1024 * 1024
_ROOM_FOR_A_FORM = 64 * 1024  # around a file: the token, the names of fields, the boundaries between them

_NEEDED: dict[Callable[..., object], Role | None] = {}
_TAKEN: dict[Callable[..., object], tuple[int, str]] = {}
_FIELD_NAME = re.compile(r"[a-z_]{1,40}(-[0-9]{1,4}-[a-z_]{1,40}|-[0-9]{1,4}|-[a-z_]{1,40})?")
_WHILE_TYPING = {"tool_desk.options", "tool_desk.slug"}  # asked for by a form that somebody is filling in
_BEFORE_A_NEW_PASSWORD = {"myself.password", "entrance.log_out"}
_BEFORE_A_SECOND_FACTOR = {*_BEFORE_A_NEW_PASSWORD, "myself.second_factor_page", "myself.set_up"}
STALE_FORM = (
    "This form is older than your session, so nothing was done. Go back, load the page anew, and send it again."
)
LOGGED_OUT = "You are logged out, so nothing was done. Log in in another tab, then do it again here: nothing is lost."
TOO_MANY_FIELDS = f"A form holds {drafts.MOST_FIELDS:,} fields at most, and more were sent, so nothing was saved."
NOT_OUR_FORM = "This is not what our form sends, so nothing was done."
NOT_YOURS = "This is for admins. Ask one of them, or go back to your desk."


def door(name: str, path: str = "/admin") -> Blueprint:
    """Return a door behind the gate: a blueprint whose every view is guarded."""
    made = Blueprint(name, name, url_prefix=path)
    made.before_request(guard)
    made.after_request(keep_out_of_sight)
    return made


def needs(role: Role) -> Callable[[View], View]:
    """Let in whoever is logged in with this role, or a higher one."""

    def mark(view: View) -> View:
        _NEEDED[view] = role
        return view

    return mark


def open_to_all(view: View) -> View:
    """Let everybody in: this is where one logs in."""
    _NEEDED[view] = None
    return view


def takes(megabytes: int, otherwise: str = "") -> Callable[[View], View]:
    """Let a view read up to so many megabytes from whoever may come in; more is refused, in these words perhaps."""

    def mark(view: View) -> View:
        _TAKEN[view] = megabytes, otherwise
        return view

    return mark


def needed_for(view: Callable[..., object]) -> Role | None:
    """Return the role that a view needs, None where it is open. Raises LookupError where it states nothing."""
    return _NEEDED[view]


def guard() -> ResponseReturnValue | None:
    """Refuse, or redirect, whoever may not come in; a view behind it can trust person().

    What was sent is read last of all: who may not come in cannot make us read it.
    """
    view = current_app.view_functions[request.endpoint or ""]
    role = needed_for(view)
    if role is None:
        _protect(view)
        _refuse_nonsense()
        return None
    found = sessions.find_account(request.cookies.get(cookie_name(), ""), now())
    if found is None:
        return _send_to_the_entrance(view)
    g.person = found
    if not found.has_role(role):
        abort(403, NOT_YOURS)
    if chore := _chore_of(found):
        _keep_what_was_typed(view, found.id)
        return redirect(url_for(chore), 303)
    _make_room(view)
    _protect(view)
    _refuse_nonsense()
    _touch(found)
    return None


def _send_to_the_entrance(view: Callable[..., object]) -> ResponseReturnValue:
    if wants_fragment():
        return _not_into_a_part()
    account_id = sessions.find_expired_account_id(request.cookies.get(cookie_name(), ""), now())
    kept = _keep_what_was_typed(view, account_id) if account_id else False
    if request.method == "POST" and keeps_something(view) and not kept and request.form.get("do") != "discard":
        return _show_what_was_typed(view) or redirect(url_for("entrance.log_in", next=_way_back(view)), 303)
    return redirect(url_for("entrance.log_in", next=_way_back(view), kept=1 if kept else None), 303)


def _keep_what_was_typed(view: Callable[..., object], account_id: int) -> bool:
    """Let somebody who may not go on yet find what they just sent in the same form, once they may."""
    if request.method != "POST" or not keeps_something(view):
        return False
    _make_room(view)
    _protect(view)
    if is_stale() or request.form.get("do") == "discard":
        return False
    _refuse_nonsense()
    db.session.rollback()
    try:
        begin_write()
        drafts.keep(account_id, place_of_form(view), what_is_kept(view, typed_fields()), now())
        db.session.commit()
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
        return False
    return True


def _show_what_was_typed(view: Callable[..., object]) -> ResponseReturnValue | None:
    """Show a form that can neither be saved nor kept, so that it can be taken elsewhere; only who sent it sees it."""
    if fields := readable_fields(what_is_kept(view, typed_fields())):
        return render_template("admin/typed.html", status=401, fields=fields, way_back=_way_back(view)), 401
    return None


def _way_back(view: Callable[..., object]) -> str:
    """Return where to go after logging in: the page that was asked for, or the one with the form that was sent."""
    if request.method != "POST":
        return request.full_path.rstrip("?")
    form_at = place_of_form(view)
    is_there = current_app.url_map.bind("").test(form_at.partition("?")[0], "GET")
    return form_at if is_there else url_for("desk.index")


def keep_out_of_sight(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def person() -> CurrentAccount:
    """Return who is logged in."""
    found: CurrentAccount = g.person
    return found


def whoever_is_in() -> CurrentAccount | None:
    """Return who is logged in, for pages that are shown to others too."""
    found: CurrentAccount | None = g.get("person")
    return found


def actor() -> tuple[int, str]:
    """Return who is logged in, as the audit trail takes it."""
    return person().id, person().name


def cookie_name() -> str:
    return "__Secure-staff" if current_settings().is_https else "staff"


def give_cookie(response: Response, token: str) -> None:
    # Longer than any session: whose has ended is known by it, so that what they typed can be kept for them.
    age = int(sessions.RETENTION.total_seconds())
    options = {"path": "/admin", "httponly": True, "samesite": "Lax", "secure": current_settings().is_https}
    response.set_cookie(cookie_name(), token, max_age=age, **options)  # type: ignore[arg-type]


def take_cookie(response: Response) -> None:
    response.delete_cookie(cookie_name(), path="/admin", secure=current_settings().is_https, httponly=True)


def path_of_ours(path: str) -> str:
    """Return where to go after logging in: a path under /admin, whatever was asked for."""
    is_under = path == "/admin" or path.startswith(("/admin/", "/admin?"))
    is_ours = is_under and not any(part in path for part in ("//", "\\", "..")) and path.isprintable()
    return path if is_ours else url_for("desk.index")


def _not_into_a_part() -> ResponseReturnValue:
    """Send the whole page to the entrance, not a part of it to show it; but not a page that is being filled in."""
    if request.method == "POST" or request.endpoint in _WHILE_TYPING:
        abort(401, LOGGED_OUT)
    return "", 401, {"HX-Refresh": "true"}


def _make_room(view: Callable[..., object]) -> None:
    """Raise the limit of this one request where its view takes more than a form, and refuse what goes beyond it."""
    if view not in _TAKEN:
        return
    megabytes, otherwise = _TAKEN[view]
    request.max_content_length = request.max_form_memory_size = megabytes * MEGABYTE + _ROOM_FOR_A_FORM
    if (request.content_length or 0) > request.max_content_length:
        abort(413, otherwise or _too_much())
    db.session.rollback()  # what is large may arrive slowly, and no transaction waits for it


def _protect(view: Callable[..., object]) -> None:
    """Refuse a form without its token. One that can is shown again instead, as it was sent, and does nothing."""
    try:
        csrf.protect()
    except CSRFError:
        if not is_shown_again(view):
            abort(400, STALE_FORM)
        g.is_stale = True
    except RequestEntityTooLarge:
        abort(413, _too_much())


def _refuse_nonsense() -> None:
    """Refuse what no form of ours sends: thousands of rows, names that are none of a field, signs nobody can type.

    The time to read rows grows with their square, and their numbers are trusted where they are read.
    """
    if len(request.form) > drafts.MOST_FIELDS:
        abort(413, TOO_MANY_FIELDS)
    if not all(_FIELD_NAME.fullmatch(name) for name in request.form) or "\0" in "".join(request.form.values()):
        abort(400, NOT_OUR_FORM)


def is_stale() -> bool:
    """Say whether a form came without its token, so that it must not be acted on."""
    return bool(g.get("is_stale"))


def _too_much() -> str:
    most = (request.max_content_length or 0) / MEGABYTE
    size = f"{int(most) or most:g} MB"
    return f"This page takes {size} at once, and more was sent, so nothing was saved. Go back and send less."


def _chore_of(found: CurrentAccount) -> str | None:
    """Return the page that somebody must see before any other."""
    if found.must_change and request.endpoint not in _BEFORE_A_NEW_PASSWORD:
        return "myself.password"
    is_due = current_settings().require_totp and found.role is Role.ADMIN and not found.has_totp
    if is_due and not found.must_change and request.endpoint not in _BEFORE_A_SECOND_FACTOR:
        return "myself.second_factor_page"
    return None


def _touch(found: CurrentAccount) -> None:
    if now() - found.seen_at < sessions.TOUCH_INTERVAL:
        return
    db.session.rollback()
    try:
        begin_write()
        sessions.touch(found, now())
        db.session.commit()
    except errors.OVERLOAD_ERRORS as overload:  # it is noted with the next request instead
        errors.roll_back(overload)
