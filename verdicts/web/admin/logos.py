"""A tool's logo: showing, changing and removing it."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField

from verdicts.catalog import logos
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.logos import PictureFault, ToolLogo
from verdicts.curation.editing import tools as tool_editing
from verdicts.extensions import begin_write, begin_write_after_read, db
from verdicts.staff.models import Role
from verdicts.web.admin.auth import log_activity, max_upload, requires_role
from verdicts.web.admin.forms.base import AdminForm
from verdicts.web.paging import ID

bp = Blueprint("logos", __name__)

MAX_MEGABYTES = 3  # more than the maximum of a logo: a file that is a little too large gets an error beside the field
NO_TOOL_MESSAGE = "There is no such tool. It may have been deleted."
SUCCESS_MESSAGES = {
    "saved": "Logo saved.",
    "off": "Logo removed.",
}


class LogoForm(AdminForm):
    logo = FileField("Image file")


@bp.get(f"/admin/tools/{ID}/logo")
@requires_role(Role.EDITOR)
def edit(id: int) -> ResponseReturnValue:
    return _page(_get_tool(id), LogoForm(), done=SUCCESS_MESSAGES.get(request.args.get("done", ""), ""))


@bp.post(f"/admin/tools/{ID}/logo")
@requires_role(Role.EDITOR)
@max_upload(MAX_MEGABYTES)
def save(id: int) -> ResponseReturnValue:
    form = LogoForm()
    tool = _get_tool(id)
    db.session.rollback()
    try:
        picture = logos.reencode(form.logo.data.read() if form.logo.data else b"")
    except PictureFault as fault:
        form.add_error("logo", str(fault))
        return _page(tool, form), 422
    begin_write()
    _change(_get_tool(id), logos.store(picture))
    db.session.commit()
    return redirect(url_for(".edit", id=id, done="saved"), 303)


@bp.post(f"/admin/tools/{ID}/logo/off")
@requires_role(Role.EDITOR)
def remove(id: int) -> ResponseReturnValue:
    begin_write_after_read()
    _change(_get_tool(id), None)
    db.session.commit()
    return redirect(url_for(".edit", id=id, done="off"), 303)


def _get_tool(id: int) -> ToolLogo:
    return logos.find_tool(id) or abort(404, NO_TOOL_MESSAGE)


def _change(tool: ToolLogo, digest: str | None) -> None:
    if digest == tool.digest:
        return
    logos.set_logo(tool.tool_id, digest)
    log_activity("changed the logo of", "tool", tool.name, tool.tool_id, logo=(_short(tool.digest), _short(digest)))
    bump_content_version()


def _short(digest: str | None) -> str | None:
    return digest[:12] if digest else None


def _page(tool: ToolLogo, form: LogoForm, done: str = "") -> str:
    record = tool_editing.find_record(tool.tool_id) or abort(404, NO_TOOL_MESSAGE)
    return render_template("admin/logos/edit.html", tool=tool, record=record, form=form, done=done)
