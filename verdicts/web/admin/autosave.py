"""Requests of a form while somebody types: saving the input as a draft, and a preview of its Markdown."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.markdown import render_uncached
from verdicts.staff.models import Role
from verdicts.web.admin import auth, drafts
from verdicts.web.admin.forms.base import submitted_fields
from verdicts.web.admin.forms.record_editor import MAX_MEGABYTES
from verdicts.web.clock import now

bp = Blueprint("autosave", __name__)

MAX_MARKDOWN_LENGTH = 20_000


@bp.post("/admin/drafts")
@auth.requires_role(Role.EDITOR)
@auth.max_upload(MAX_MEGABYTES)
def autosave() -> ResponseReturnValue:
    """Save a form's fields as a draft; a script of the page sends them every ten seconds while somebody types."""
    drafts.autosave(_submitted_key(), submitted_fields())
    return render_template("admin/drafts/_saved.html", at=now())


@bp.post("/admin/drafts/discard")
@auth.requires_role(Role.EDITOR)
def discard() -> ResponseReturnValue:
    """Delete a draft, and redirect to its form, or to the dashboard."""
    key = _submitted_key()
    drafts.discard(key)
    return redirect(url_for(auth.DASHBOARD_ENDPOINT) if request.form.get("from") == "dashboard" else key, 303)


@bp.post("/admin/markdown")
@auth.requires_role(Role.EDITOR)
def markdown() -> ResponseReturnValue:
    """Return the HTML of the one text that the field `of` names."""
    text = request.form.get(request.form.get("of", ""), "")[:MAX_MARKDOWN_LENGTH]
    return render_template("admin/drafts/_markdown.html", html=render_uncached(text))


def _submitted_key() -> str:
    key = request.form.get("draft_key", "")
    return key if drafts.is_draft_key(key) else abort(400, "No form at this address has drafts.")
