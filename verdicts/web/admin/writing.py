"""What helps while one writes: drafts that keep themselves, Markdown as it will look, and the history of a record."""

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.markdown import render_uncached
from verdicts.curation.listing import PAGE_SIZE
from verdicts.extensions import begin_write, db
from verdicts.staff import audit, drafts
from verdicts.staff.models import Role
from verdicts.web.admin import records
from verdicts.web.admin.forms import typed_fields
from verdicts.web.admin.gate import door, needs, person, takes
from verdicts.web.admin.places import is_a_place, what_is_kept_at
from verdicts.web.admin.records import FORM_MEGABYTES, ID
from verdicts.web.clock import now

bp = door("writing")

EDITED_AT = {
    "tool": ("tool_desk.change", "tool_desk.add"),
    "panel": ("panel_desk.panel", None),
    "price": ("tool_desk.price", None),
    "category": ("categories.change", "categories.add"),
    "reviewer": ("reviewers.change", "reviewers.add"),
    "comparison": ("comparison_desk.change", "comparison_desk.add"),
}
LISTED_AT = {
    kind: "tool_desk.index" if kind in {"panel", "price"} else f"{change_at.partition('.')[0]}.index"
    for kind, (change_at, _add_at) in EDITED_AT.items()
}
LONGEST_MARKDOWN = 20_000


@bp.post("/drafts")
@needs(Role.EDITOR)
@takes(FORM_MEGABYTES)
def keep_draft() -> ResponseReturnValue:
    """Keep what stands in a form; a script of the page sends it every ten seconds while somebody types."""
    where = request.form.get("place", "")
    if not is_a_place(where):
        abort(400, "A draft belongs to a form of ours.")
    fields = what_is_kept_at(where, [(name, value) for name, value in typed_fields() if name != "place"])
    db.session.rollback()
    begin_write()
    drafts.keep(person().id, where, fields, now())
    db.session.commit()
    return render_template("admin/_kept.html", at=now())


@bp.post("/drafts/discard")
@needs(Role.EDITOR)
def discard() -> ResponseReturnValue:
    """Drop a draft, and show what is saved; where that is gone, the desk."""
    where = request.form.get("place", "")
    if not is_a_place(where):
        abort(400, "A draft belongs to a form of ours.")
    db.session.rollback()
    begin_write()
    drafts.drop(person().id, where)
    db.session.commit()
    return redirect(url_for("desk.index") if request.form.get("from") == "desk" else where, 303)


@bp.post("/markdown")
@needs(Role.EDITOR)
def markdown() -> ResponseReturnValue:
    """Return the HTML of the one text that the field `of` names."""
    text = request.form.get(request.form.get("of", ""), "")[:LONGEST_MARKDOWN]
    return render_template("admin/_markdown.html", html=render_uncached(text))


@bp.get(f"/history/<kind>/{ID}")
@needs(Role.EDITOR)
def history(kind: str, id: int) -> ResponseReturnValue:
    if kind not in EDITED_AT:
        abort(404, "The trail has no records of this kind.")
    before = request.args.get("before", "")
    if before and not (before.isascii() and before.isdecimal() and len(before) <= 9):
        abort(400, "The history goes on before an entry’s number.")
    entries = audit.history(kind, id, int(before) if before else None)
    older = entries[-1].id if len(entries) == PAGE_SIZE else None
    change_at, add_at = EDITED_AT[kind]
    return render_template(
        "admin/history.html",
        kind=kind,
        id=id,
        record=records.find(kind, id),
        entries=entries,
        older=older,
        change_at=change_at,
        add_at=add_at,
        list_at=LISTED_AT[kind],
    )
