"""Authentication for the admin pages: who is logged in, the role that a view requires, and each form's token.

One check runs before every admin view. The request body is read last: a client that may not act cannot make the site
read one.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Response, abort, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf, validate_csrf
from werkzeug.exceptions import RequestEntityTooLarge
from wtforms import ValidationError

from verdicts.config import current_settings
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff import audit, refusals, sessions
from verdicts.staff.models import Role
from verdicts.staff.sessions import CurrentAccount
from verdicts.web import errors
from verdicts.web.admin.forms.base import MAX_FIELDS
from verdicts.web.admin.notices import announce_activity
from verdicts.web.clock import now
from verdicts.web.htmx import wants_fragment
from verdicts.web.origin import SAFE_METHODS

ViewFunction = Callable[..., Any]
F = TypeVar("F", bound=ViewFunction)

MEGABYTE = 1024 * 1024
LOGIN_ENDPOINT, DASHBOARD_ENDPOINT = "admin.login.log_in", "admin.dashboard.index"
STALE_FORM_MESSAGE = (
    "This form is from an earlier session, so nothing was done. Go back, reload the page and send it again."
)
LOGGED_OUT_MESSAGE = (
    "You are logged out, so nothing was done. Log in in another tab, then try again here: nothing is lost."
)
TOO_MANY_FIELDS_MESSAGE = (
    f"The form has more than {MAX_FIELDS:,} fields, so nothing was saved. Go back and remove some rows."
)
INVALID_FORM_MESSAGE = "This form is not one of ours, so nothing was done. Go back, reload the page and try again."
ADMINS_ONLY_MESSAGE = "Only admins may do this. Ask an admin, or go back to the dashboard."

_OPEN_PAGES = "open_pages"  # the name that the token of pages without a log-in has in the signed session
_FORM_OVERHEAD = 64 * 1024  # around a file: the token, the names of fields, the boundaries between them
_FIELD_NAME = re.compile(r"[a-z_]{1,40}(-[0-9]{1,4}-[a-z_]{1,40}|-[0-9]{1,4}|-[a-z_]{1,40})?")
_ALLOWED_BEFORE_PASSWORD_CHANGE = {"admin.account.password", "admin.login.log_out"}
_ALLOWED_BEFORE_TWO_FACTOR = {
    *_ALLOWED_BEFORE_PASSWORD_CHANGE,
    "admin.account.two_factor",
    "admin.account.enable_two_factor",
}

_required_roles: dict[ViewFunction, Role | None] = {}
_upload_limits: dict[ViewFunction, tuple[int, str]] = {}
_handling_csrf_failure: set[ViewFunction] = set()
_without_login_refresh: set[ViewFunction] = set()


class OtherPageRequired(Exception):
    """Another page comes first: the log-in, a new password, or two-factor authentication.

    `endpoint` is that page. `account_id` is the account of the current or expired session; None if unknown.
    """

    def __init__(self, endpoint: str, account_id: int | None) -> None:
        self.endpoint = endpoint
        self.account_id = account_id
        super().__init__(endpoint)


def requires_role(role: Role) -> Callable[[F], F]:
    """Require this role, or a higher one, for a view."""

    def mark(view: F) -> F:
        _required_roles[view] = role
        return view

    return mark


def login_not_required(view: F) -> F:
    _required_roles[view] = None
    return view


def max_upload(megabytes: int, message: str = "") -> Callable[[F], F]:
    """Let a view read up to this many megabytes; `message` is the error for a larger body."""

    def mark(view: F) -> F:
        _upload_limits[view] = megabytes, message
        return view

    return mark


def handles_csrf_failure(view: F) -> F:
    """Mark a view that handles an invalid CSRF token itself, by showing its form again; see csrf_failed()."""
    _handling_csrf_failure.add(view)
    return view


def without_login_refresh(view: F) -> F:
    """Mark a view whose fragments go into a form that somebody is filling in: that page must not be reloaded."""
    _without_login_refresh.add(view)
    return view


def required_role(view: ViewFunction) -> Role | None:
    """Return the role that a view requires, None if it needs no log-in. Raises KeyError if it states nothing."""
    return _required_roles[view]


def current_view() -> ViewFunction:
    return current_app.view_functions[request.endpoint or ""]


def check_access() -> ResponseReturnValue | None:
    """Refuse, or redirect, a request that may not reach its view; after this check current_account() is set.

    Raises OtherPageRequired if another page comes first.
    """
    view = current_view()
    role = required_role(view)
    if role is not None:
        token = request.cookies.get(session_cookie_name(), "")
        account = sessions.find_account(token, now())
        if account is None and wants_fragment():
            return _refuse_fragment(view)
        if account is None:
            raise OtherPageRequired(LOGIN_ENDPOINT, sessions.find_expired_account_id(token, now()))
        g.account = account
        if not account.has_role(role):
            _log_refused_role(account)
            abort(403, ADMINS_ONLY_MESSAGE)
        if page := _required_page(account):
            raise OtherPageRequired(page, account.id)
    check_body(view)
    if role is not None:
        _touch_session(current_account())
    return None


def check_body(view: ViewFunction) -> None:
    """Read the request body. Refuse it if it is too large, has no valid token, or is not one of our forms."""
    _limit_size(view)
    _check_token(view)
    _check_fields()


def set_admin_headers(response: Response) -> Response:
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response


def current_account() -> CurrentAccount:
    """Return the account that is logged in. Only views that require a role may call this."""
    account: CurrentAccount = g.account
    return account


def find_current_account() -> CurrentAccount | None:
    """Return the account that is logged in, None if there is none."""
    account: CurrentAccount | None = g.get("account")
    return account


def find_account_for_error_page(status: int) -> CurrentAccount | None:
    """Return the account whose navigation an error page under /admin shows; None where the database may be away."""
    is_known = "account" in g or status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if not is_known and request.path.startswith("/admin"):
        with suppress(*errors.OVERLOAD_ERRORS):
            g.account = sessions.find_account(request.cookies.get(session_cookie_name(), ""), now())
    return find_current_account()


def actor() -> tuple[int, str]:
    """Return the account that is logged in, in the audit log's format."""
    return current_account().id, current_account().name


def log_activity(action: str, kind: str, name: str, id: int | None = None, /, **changes: tuple[Any, Any]) -> None:
    """Write into the audit log what the current account does, in the caller's transaction."""
    audit.record(action, kind, name, id, now=now(), actor=actor(), **changes)
    announce_activity(action, name)


def csrf_failed() -> bool:
    """Return whether the form came without a valid token: then the view must not act on it."""
    return bool(g.get("csrf_failed"))


def form_token() -> str:
    """Return the token of the forms of this page; it is valid in one session alone, or only for logging in."""
    token: str = generate_csrf(token_key=_session_token_key() if find_current_account() else _OPEN_PAGES)
    return token


def session_cookie_name() -> str:
    return cookie_name("staff")


def set_session_cookie(response: Response, token: str) -> None:
    # It outlives the session a little, so that unsaved input can still be stored for its account.
    set_cookie(response, session_cookie_name(), token, sessions.MAX_AGE + sessions.DRAFT_GRACE)


def clear_session_cookie(response: Response) -> None:
    path, secure = current_settings().admin_cookie_path, current_settings().is_https
    response.delete_cookie(session_cookie_name(), path=path, secure=secure, httponly=True, samesite="Lax")


def cookie_name(name: str) -> str:
    """Return a cookie's name: over https with the prefix by which browsers take it from this host alone."""
    return f"{current_settings().host_cookie_prefix}{name}"


def set_cookie(response: Response, name: str, value: str, max_age: timedelta) -> None:
    """Set a cookie of the admin pages, which scripts cannot read."""
    path, secure = current_settings().admin_cookie_path, current_settings().is_https
    age = int(max_age.total_seconds())
    response.set_cookie(name, value, max_age=age, path=path, secure=secure, httponly=True, samesite="Lax")


def safe_next_path(path: str) -> str:
    """Return where to go after logging in: the path if it is one under /admin, else the dashboard's."""
    is_admin_path = path == "/admin" or path.startswith(("/admin/", "/admin?"))
    is_safe = is_admin_path and not any(part in path for part in ("//", "\\", "..")) and path.isprintable()
    return path if is_safe else url_for(DASHBOARD_ENDPOINT)


def _refuse_fragment(view: ViewFunction) -> ResponseReturnValue:
    """Have htmx reload the page, which then leads to the log-in; except a page that somebody is filling in."""
    if request.method == "POST" or view in _without_login_refresh:
        abort(401, LOGGED_OUT_MESSAGE)
    return "", 401, {"HX-Refresh": "true"}


def _required_page(account: CurrentAccount) -> str | None:
    """Return the page that an account must see before any other."""
    if account.must_change and request.endpoint not in _ALLOWED_BEFORE_PASSWORD_CHANGE:
        return "admin.account.password"
    needs_two_factor = current_settings().require_totp and account.role is Role.ADMIN and not account.has_totp
    if needs_two_factor and not account.must_change and request.endpoint not in _ALLOWED_BEFORE_TWO_FACTOR:
        return "admin.account.two_factor"
    return None


def _limit_size(view: ViewFunction) -> None:
    """Increase the size limit of this one request if its view takes more than a form; refuse a larger body."""
    if view not in _upload_limits:
        return
    megabytes, message = _upload_limits[view]
    request.max_content_length = request.max_form_memory_size = megabytes * MEGABYTE + _FORM_OVERHEAD
    if (request.content_length or 0) > request.max_content_length:
        abort(413, message or _too_large())
    db.session.rollback()  # a large body may arrive slowly, and no transaction waits for it


def _check_token(view: ViewFunction) -> None:
    """Refuse a form without a valid token, except for a view that handles the failure itself."""
    if request.method in SAFE_METHODS:
        return
    try:
        is_valid = _has_valid_token(_session_token_key()) or (
            required_role(view) is None and _has_valid_token(_OPEN_PAGES)
        )
    except RequestEntityTooLarge:
        abort(413, _too_large())
    if not is_valid and view not in _handling_csrf_failure:
        abort(400, STALE_FORM_MESSAGE)
    g.csrf_failed = not is_valid


def _has_valid_token(token_key: str) -> bool:
    """Return whether the form's token is one of ours; a form stays good while SECRET_KEY is replaced."""
    settings = current_settings()
    for secret_key in (settings.secret_key, *settings.secret_key_fallbacks):
        with suppress(ValidationError):
            validate_csrf(request.form.get("csrf_token"), secret_key, token_key=token_key)
            return True
    return False


def _session_token_key() -> str:
    """Return the name that the token of this browser's log-in has in the signed session.

    So a token of the log-in page, or of another account, does nothing in a session, even where that has expired.
    """
    return f"token_{sessions.hash_token(request.cookies.get(session_cookie_name(), ''))[:16]}"


def _check_fields() -> None:
    """Refuse what none of our forms sends: thousands of rows, unknown field names, NUL characters.

    Parsing rows takes quadratic time, and row numbers are not checked again.
    """
    if len(request.form) > MAX_FIELDS:
        abort(413, TOO_MANY_FIELDS_MESSAGE)
    if not all(_FIELD_NAME.fullmatch(name) for name in request.form) or "\0" in "".join(request.form.values()):
        abort(400, INVALID_FORM_MESSAGE)


def _too_large() -> str:
    megabytes = (request.max_content_length or 0) / MEGABYTE
    size = f"{int(megabytes) or megabytes:g} MB"
    return f"This page accepts {size} at most, and more was sent, so nothing was saved. Go back and send less."


def _touch_session(account: CurrentAccount) -> None:
    if now() - account.seen_at >= sessions.TOUCH_INTERVAL:
        _write_if_possible(lambda: sessions.touch(account, now()))


def _log_refused_role(account: CurrentAccount) -> None:
    page = {"kind": "page", "counted_for": account.name}
    by = (account.id, account.name)
    _write_if_possible(lambda: refusals.record("was not allowed", request.path, now(), by, **page))


def _write_if_possible(step: Callable[[], None]) -> None:
    """Write in a transaction of its own; write nothing while the database is busy."""
    try:
        begin_write_after_read()
        step()
        db.session.commit()
    except errors.OVERLOAD_ERRORS as overload:
        errors.roll_back(overload)
