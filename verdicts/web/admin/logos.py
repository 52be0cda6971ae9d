"""A tool's logo: shown, changed, taken off; for editors."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField

from verdicts.catalog import logos
from verdicts.catalog.logos import LogoOfTool, PictureFault
from verdicts.catalog.publishing import bump_content_version
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin.forms import AdminForm
from verdicts.web.admin.gate import actor, door, needs, takes
from verdicts.web.clock import now

bp = door("logos", "/admin/tools/<int(max=2147483647):id>/logo")

MORE_THAN_A_LOGO = 3  # megabytes: what is a little too large is refused in words, beside the field
DONE = {
    "saved": "The logo is saved.",
    "off": "The logo is taken off.",
}


class LogoForm(AdminForm):
    logo = FileField("Picture")


@bp.get("")
@needs(Role.EDITOR)
def show(id: int) -> ResponseReturnValue:
    return _page(_tool(id), LogoForm(), done=DONE.get(request.args.get("done", ""), ""))


@bp.post("")
@needs(Role.EDITOR)
@takes(megabytes=MORE_THAN_A_LOGO)
def save(id: int) -> ResponseReturnValue:
    form = LogoForm()
    tool = _tool(id)
    db.session.rollback()
    try:
        picture = logos.read(form.logo.data.read() if form.logo.data else b"")
    except PictureFault as fault:
        form.blame("logo", str(fault))
        return _page(tool, form), 422
    begin_write()
    _change(_tool(id), logos.store(picture))
    db.session.commit()
    return redirect(url_for(".show", id=id, done="saved"), 303)


@bp.post("/off")
@needs(Role.EDITOR)
def take_off(id: int) -> ResponseReturnValue:
    db.session.rollback()
    begin_write()
    _change(_tool(id), None)
    db.session.commit()
    return redirect(url_for(".show", id=id, done="off"), 303)


def _tool(id: int) -> LogoOfTool:
    return logos.find_tool(id) or abort(404, "There is no tool of this number.")


def _change(tool: LogoOfTool, digest: str | None) -> None:
    if digest == tool.digest:
        return
    logos.set_logo(tool.tool_id, digest)
    change = (_in_short(tool.digest), _in_short(digest))
    audit.record("changed the logo of", "tool", tool.name, tool.tool_id, now=now(), actor=actor(), logo=change)
    bump_content_version()


def _in_short(digest: str | None) -> str | None:
    return digest[:12] if digest else None


def _page(tool: LogoOfTool, form: LogoForm, done: str = "") -> str:
    return render_template("admin/logo.html", tool=tool, form=form, done=done)
