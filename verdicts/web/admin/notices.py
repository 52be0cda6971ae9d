"""What was just done, said once on the next admin page: after a redirect that does not say it by itself."""

from flask import Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

from verdicts.config import current_settings

COOKIE = "notice"
MAX_AGE_SECONDS = 60
MAX_LENGTH = 300


def announce(words: str) -> None:
    """Have the next page say this, in place of what the activity log says."""
    g.announcement = words


def announce_activity(action: str, name: str) -> None:
    """Have the next page say what was written into the activity log, unless something else was announced."""
    if "announcement" not in g:
        g.announcement = f"You {action} {name}."


def take_notice() -> str:
    """Return what the request before this one announced, "" if nothing; the response then forgets it."""
    if COOKIE not in request.cookies:
        return ""
    g.notice_was_shown = True
    try:
        return str(_serializer().loads(request.cookies[COOKIE]))
    except BadSignature:
        return ""


def set_notice_cookie(response: Response) -> Response:
    """Pass an announcement on to the page that a redirect leads to, and forget one that was shown."""
    options = {"path": "/admin", "secure": current_settings().is_https, "httponly": True, "samesite": "Lax"}
    announcement = g.get("announcement", "")
    says_it_itself = "done=" in response.headers.get("Location", "")
    if announcement and response.status_code == 303 and not says_it_itself:
        value = _serializer().dumps(announcement[:MAX_LENGTH])
        response.set_cookie(COOKIE, value, max_age=MAX_AGE_SECONDS, **options)  # type: ignore[arg-type]
    elif g.get("notice_was_shown"):
        response.delete_cookie(COOKIE, **options)  # type: ignore[arg-type]
    return response


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="admin-notice")
