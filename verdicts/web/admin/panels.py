"""What the panel says of a tool: recorded all at once, listed, and taken away where it was a mistake."""

from typing import Any

import sqlalchemy as sa
from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Reviewer, Tool
from verdicts.curation import listing
from verdicts.curation.editing import panels, tools
from verdicts.curation.editing import publication as publications
from verdicts.curation.editing.publication import PublicationState
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.extensions import begin_write, db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.catalog_forms import BASES, PanelForm
from verdicts.web.admin.editing import Desk
from verdicts.web.admin.gate import actor, door, needs
from verdicts.web.admin.lists import page_of, query, wanted
from verdicts.web.admin.publishing import publish_too
from verdicts.web.admin.records import ID, offer_part, onward_to
from verdicts.web.clock import now, today

bp = door("panel_desk", "/admin/tools")

SORTS = {"newest": "Newest", "oldest": "Oldest", "tool": "Tool"}
NO_REVIEW = "There is no such review. It may have been taken away."


def _publish_too(saved: SavedRecord, do: str) -> str:
    return publish_too("tool", db.session.get_one(Tool, saved.id), saved, do)


def _understand(form: Any) -> None:
    """Put what was typed for a reviewer under the name that they have now."""
    present = panels.present_slugs()
    for entry in form.reviews.entries:
        entry.form.reviewer.data = present.get(entry.form.reviewer.data, entry.form.reviewer.data)


def _fit(form: Any, opened: StoredRecord | None) -> None:
    """Offer a row for everybody who is on the panel, or has spoken of this tool, in the panel's order.

    What was typed for somebody who is there no more stands at the end, so that it is not lost.
    """
    typed = {entry.form.reviewer.data: entry.data for entry in form.reviews.entries}
    filled = {entry.form.reviewer.data: None for entry in form.reviews.kept}
    spoke = opened.data if opened else {}
    people = [each for each in panels.panel() if each.archived_at is None or each.slug in {*spoke, *filled}]
    slugs = [each.slug for each in people]
    gone = [slug for slug in filled if slug not in slugs]
    blank = {"reviewed_on": today().isoformat()}
    form.reviews.fit([{**blank, **typed.get(slug, {}), "reviewer": slug} for slug in slugs + gone], "reviewer")
    form.reviews.entitle({each.slug: each.name for each in people}, "reviewer")


def _start(opened: StoredRecord | None) -> dict[str, Any]:
    return {"reviews": list(opened.data.values()) if opened else []}


def _about(opened: StoredRecord | None) -> dict[str, Any]:
    names = {each.slug: each for each in panels.panel()}
    return {
        "people": names,
        "spoke": opened.data if opened else {},
        "bases": BASES,
        "state": publications.state_of_tool(opened.id, now()) if opened else PublicationState.DRAFT,
    }


DESK = Desk(
    kind="panel",
    template="admin/panel.html",
    form=PanelForm,
    opened=panels.find_record,
    save=panels.save,
    preview=previews.of_tool,
    onward=onward_to("panel_desk.panel"),
    fit=_fit,
    about=_about,
    also=_publish_too,
    start=_start,
    understand=_understand,
)
offer_part(bp, "panel", DESK)


@bp.get("/reviews")
@needs(Role.EDITOR)
def reviews() -> ResponseReturnValue:
    asked = wanted(SORTS, reviewer=None, verdict=["ship", "skip"], age=["old"])
    people = db.session.execute(sa.select(Reviewer.slug, Reviewer.name).order_by(Reviewer.position)).all()
    page = page_of(listing.list_reviews(asked, today()), asked)
    return render_template("admin/reviews.html", page=page, wanted=asked, sorts=SORTS, query=query, people=people)


@bp.route(f"/{ID}/panel/<reviewer>/removal", methods=["GET", "POST"])
@needs(Role.EDITOR)
def removal(id: int, reviewer: str) -> ResponseReturnValue:
    """Take a review away that was recorded by mistake, as long as no reader has seen it."""
    if request.method == "GET":
        return _show_removal(id, reviewer)
    db.session.rollback()
    begin_write()
    try:
        saved = panels.take_away(id, reviewer, now())
    except LookupError:
        abort(404, NO_REVIEW)
    except panels.ReadersSawIt:
        db.session.rollback()
        return _show_removal(id, reviewer), 422
    audit.record("changed", "panel", saved.slug, saved.id, now=now(), actor=actor(), **saved.changes)
    db.session.commit()
    return redirect(url_for(".panel", id=id), 303)


def _show_removal(id: int, reviewer: str) -> str:
    opened, tool = panels.find_record(id), tools.find_tool(id)
    if opened is None or tool is None or reviewer not in opened.data:
        abort(404, NO_REVIEW)
    name = next(each.name for each in panels.panel() if each.slug == reviewer)
    return render_template(
        "admin/review_removal.html",
        tool=opened,
        reviewer=name,
        review=opened.data[reviewer],
        was_seen=panels.was_seen(tool, now()),
    )
