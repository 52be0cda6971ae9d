"""Authentication for the admin pages: who is logged in, the role that a view requires, and each form's token.

One check runs before every admin view. It reads what was sent last of all: nobody who may not act can make the site
read a body.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, abort, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import RequestEntityTooLarge

from verdicts.config import current_settings
from verdicts.extensions import begin_write, csrf, db
from verdicts.staff import audit, sessions
from verdicts.staff.models import Role
from verdicts.staff.sessions import CurrentAccount
from verdicts.web import errors
from verdicts.web.admin.forms.base import MAX_FIELDS
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment

AnyView = Callable[..., Any]
View = TypeVar("View", bound=AnyView)

MEGABYTE = 1024 * 1024
LOG_IN, DASHBOARD = "admin.login.log_in", "admin.dashboard.index"
STALE_FORM = "This form is from an earlier session, so nothing was done. Go back, reload the page and send it again."
LOGGED_OUT = "You are logged out, so nothing was done. Log in in another tab, then try again here: nothing is lost."
TOO_MANY_FIELDS = f"The form has more than {MAX_FIELDS:,} fields, so nothing was saved. Go back and remove some rows."
INVALID_FORM = "This form is not one of ours, so nothing was done. Go back, reload the page and try again."
ADMINS_ONLY = "Only admins may do this. Ask an admin, or go back to the dashboard."

_FORM_OVERHEAD = 64 * 1024  # around a file: the token, the names of fields, the boundaries between them
_FIELD_NAME = re.compile(r"[a-z_]{1,40}(-[0-9]{1,4}-[a-z_]{1,40}|-[0-9]{1,4}|-[a-z_]{1,40})?")
_WITHOUT_NEW_PASSWORD = {"admin.account.password", "admin.login.log_out"}
_WITHOUT_TWO_FACTOR = {*_WITHOUT_NEW_PASSWORD, "admin.account.two_factor", "admin.account.enable_two_factor"}

_required_roles: dict[AnyView, Role | None] = {}
_upload_limits: dict[AnyView, tuple[int, str]] = {}
_redisplaying: set[AnyView] = set()
_called_while_typing: set[AnyView] = set()


class StepRequired(Exception):
    """Another page comes first: the log-in, a new password, or two-factor authentication.

    `endpoint` is that page. `account_id` is whose request this is, or whose session has just ended; None if unknown.
    """

    def __init__(self, endpoint: str, account_id: int | None) -> None:
        self.endpoint = endpoint
        self.account_id = account_id
        super().__init__(endpoint)


def requires(role: Role) -> Callable[[View], View]:
    """Require this role, or a higher one, for a view."""

    def mark(view: View) -> View:
        _required_roles[view] = role
        return view

    return mark


def login_not_required(view: View) -> View:
    _required_roles[view] = None
    return view


def max_upload(megabytes: int, message: str = "") -> Callable[[View], View]:
    """Let a view read up to so many megabytes; `message` is what more than that is refused with."""

    def mark(view: View) -> View:
        _upload_limits[view] = megabytes, message
        return view

    return mark


def redisplays(view: View) -> View:
    """Mark a view that shows its form again where that comes without a valid token; `is_stale` tells it so."""
    _redisplaying.add(view)
    return view


def called_while_typing(view: View) -> View:
    """Mark a view whose fragments go into a form that somebody is filling in: that page must not be reloaded."""
    _called_while_typing.add(view)
    return view


def required_role(view: AnyView) -> Role | None:
    """Return the role that a view requires, None where it needs no log-in. Raises KeyError where it states nothing."""
    return _required_roles[view]


def current_view() -> AnyView:
    return current_app.view_functions[request.endpoint or ""]


def check_access() -> ResponseReturnValue | None:
    """Refuse, or redirect, a request that may not reach its view; behind this check current_account() is set.

    Raises StepRequired where another page comes first.
    """
    view = current_view()
    role = required_role(view)
    if role is not None:
        token = request.cookies.get(session_cookie_name(), "")
        account = sessions.find_account(token, now())
        if account is None and wants_fragment():
            return _refuse_fragment(view)
        if account is None:
            raise StepRequired(LOG_IN, sessions.find_expired_account_id(token, now()))
        g.account = account
        if not account.has_role(role):
            abort(403, ADMINS_ONLY)
        if step := _step_before(account):
            raise StepRequired(step, account.id)
    check_form(view)
    if role is not None:
        _note_activity(current_account())
    return None


def check_form(view: AnyView) -> None:
    """Read what was sent and refuse what is too large, has no token, or is none of our forms."""
    _limit_size(view)
    _check_token(view)
    _check_fields()


def never_cache(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def current_account() -> CurrentAccount:
    """Return who is logged in. Only views that require a role may ask."""
    account: CurrentAccount = g.account
    return account


def find_current_account() -> CurrentAccount | None:
    """Return who is logged in, for pages that are shown to others too."""
    account: CurrentAccount | None = g.get("account")
    return account


def actor() -> tuple[int, str]:
    """Return who is logged in, as the audit log takes it."""
    return current_account().id, current_account().name


def log_activity(action: str, kind: str, name: str, id: int | None = None, /, **changes: tuple[Any, Any]) -> None:
    """Write into the audit log what the current account does, in the caller's transaction."""
    audit.record(action, kind, name, id, now=now(), actor=actor(), **changes)


def is_stale() -> bool:
    """Say whether the form came without a valid token, so that the view must not act on it."""
    return bool(g.get("is_stale"))


def session_cookie_name() -> str:
    return "__Secure-staff" if current_settings().is_https else "staff"


def set_session_cookie(response: Response, token: str) -> None:
    # It outlives every session: whose session has ended is known by it, so that their input can be saved for them.
    age = int(sessions.RETENTION.total_seconds())
    options = {"path": "/admin", "httponly": True, "samesite": "Lax", "secure": current_settings().is_https}
    response.set_cookie(session_cookie_name(), token, max_age=age, **options)  # type: ignore[arg-type]


def clear_session_cookie(response: Response) -> None:
    response.delete_cookie(session_cookie_name(), path="/admin", secure=current_settings().is_https, httponly=True)


def safe_next_path(path: str) -> str:
    """Return where to go after logging in: the path if it is one under /admin, else the dashboard's."""
    is_admin_path = path == "/admin" or path.startswith(("/admin/", "/admin?"))
    is_safe = is_admin_path and not any(part in path for part in ("//", "\\", "..")) and path.isprintable()
    return path if is_safe else url_for(DASHBOARD)


def _refuse_fragment(view: AnyView) -> ResponseReturnValue:
    """Have htmx reload the page, which then leads to the log-in; but not a page that somebody is filling in."""
    if request.method == "POST" or view in _called_while_typing:
        abort(401, LOGGED_OUT)
    return "", 401, {"HX-Refresh": "true"}


def _step_before(account: CurrentAccount) -> str | None:
    """Return the page that an account must see before any other."""
    if account.must_change and request.endpoint not in _WITHOUT_NEW_PASSWORD:
        return "admin.account.password"
    is_due = current_settings().require_totp and account.role is Role.ADMIN and not account.has_totp
    if is_due and not account.must_change and request.endpoint not in _WITHOUT_TWO_FACTOR:
        return "admin.account.two_factor"
    return None


def _limit_size(view: AnyView) -> None:
    """Raise the size limit of this one request where its view takes more than a form, and refuse what exceeds it."""
    if view not in _upload_limits:
        return
    megabytes, message = _upload_limits[view]
    request.max_content_length = request.max_form_memory_size = megabytes * MEGABYTE + _FORM_OVERHEAD
    if (request.content_length or 0) > request.max_content_length:
        abort(413, message or _too_large())
    db.session.rollback()  # a large body may arrive slowly, and no transaction waits for it


def _check_token(view: AnyView) -> None:
    """Refuse a form without a valid token. A view that redisplays its form shows it again instead, and does nothing."""
    try:
        csrf.protect()
    except CSRFError:
        if view not in _redisplaying:
            abort(400, STALE_FORM)
        g.is_stale = True
    except RequestEntityTooLarge:
        abort(413, _too_large())


def _check_fields() -> None:
    """Refuse what none of our forms sends: thousands of rows, unknown field names, NUL characters.

    The time to read rows grows with their square, and their numbers are trusted where they are read.
    """
    if len(request.form) > MAX_FIELDS:
        abort(413, TOO_MANY_FIELDS)
    if not all(_FIELD_NAME.fullmatch(name) for name in request.form) or "\0" in "".join(request.form.values()):
        abort(400, INVALID_FORM)


def _too_large() -> str:
    megabytes = (request.max_content_length or 0) / MEGABYTE
    size = f"{int(megabytes) or megabytes:g} MB"
    return f"This page accepts {size} at most, and more was sent, so nothing was saved. Go back and send less."


def _note_activity(account: CurrentAccount) -> None:
    if now() - account.seen_at < sessions.TOUCH_INTERVAL:
        return
    db.session.rollback()
    try:
        begin_write()
        sessions.touch(account, now())
        db.session.commit()
    except errors.OVERLOAD_ERRORS as overload:  # the next request notes it instead
        errors.roll_back(overload)
