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
NOT_DISCARDED_MESSAGE = "These changes were restored already, or discarded more than a month ago."


@bp.post("/admin/drafts")
@auth.requires_role(Role.EDITOR)
@auth.max_upload(MAX_MEGABYTES)
def autosave() -> ResponseReturnValue:
    """Save a form's fields as a draft; a script of the page sends them every ten seconds while somebody types."""
    form_key = _submitted_key()
    key = drafts.autosave(form_key, submitted_fields())
    fragment = render_template("admin/drafts/_saved.html", at=now(), is_beside_another=key != form_key)
    return fragment, {"Draft-Key": key}


@bp.post("/admin/drafts/discard")
@auth.requires_role(Role.EDITOR)
def discard() -> ResponseReturnValue:
    """Discard a draft, and redirect to its form, or to the dashboard."""
    key = _submitted_key()
    drafts.discard(key)
    form_url = key.partition("?tab=")[0]
    return redirect(url_for(auth.DASHBOARD_ENDPOINT) if request.form.get("from") == "dashboard" else form_url, 303)


@bp.post("/admin/drafts/restore")
@auth.requires_role(Role.EDITOR)
def restore() -> ResponseReturnValue:
    """Make a discarded draft one again, and redirect to its form, which shows it."""
    key = drafts.restore(_submitted_key())
    return redirect(key, 303) if key else abort(404, NOT_DISCARDED_MESSAGE)


@bp.post("/admin/markdown")
@auth.requires_role(Role.EDITOR)
def markdown() -> ResponseReturnValue:
    """Return the HTML of the one text that the field `of` names."""
    text = request.form.get(request.form.get("of", ""), "")[:MAX_MARKDOWN_LENGTH]
    return render_template("admin/drafts/_markdown.html", html=render_uncached(text))


def _submitted_key() -> str:
    key = request.form.get("draft_key", "")
    return key if drafts.is_draft_key(key) else abort(400, "No form at this address has drafts.")
