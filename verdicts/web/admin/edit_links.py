"""The links to the forms of a public page, for somebody who is logged in: a fragment that is never cached.

A public page is the same for everybody. A cookie that scripts can read marks a browser that has logged in; only then
does the page ask for this fragment.
"""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from verdicts.config import current_settings
from verdicts.staff import sessions
from verdicts.staff.models import Role
from verdicts.web.admin.auth import requires_role, without_login_refresh
from verdicts.web.admin.record_pages import find_form_links

bp = Blueprint("edit_links", __name__)

MARKER = "editor"
MAX_PAGE_LENGTH = 600


@bp.get("/admin/edit-links")
@requires_role(Role.EDITOR)
@without_login_refresh
def show() -> ResponseReturnValue:
    page = request.args.get("page", "")[:MAX_PAGE_LENGTH].replace("\0", "")
    links = find_form_links([page]).get(page, [])
    return render_template("admin/_edit_links.html", links=links) if links else ("", 204)


def set_marker(response: Response) -> None:
    """Mark a browser that has logged in. The marker opens nothing: the session decides."""
    age = int(sessions.MAX_AGE.total_seconds())
    response.set_cookie(MARKER, "1", max_age=age, samesite="Lax", secure=current_settings().is_https)


def clear_marker(response: Response) -> None:
    response.delete_cookie(MARKER, samesite="Lax", secure=current_settings().is_https)
