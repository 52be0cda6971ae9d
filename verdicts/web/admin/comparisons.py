"""Comparisons that editors write about."""

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.comparisons.models import Comparison
from verdicts.curation import publication as publications
from verdicts.curation import shelves
from verdicts.curation.editing import comparisons
from verdicts.curation.editing.saving import Opened, Saved, get_row
from verdicts.curation.publication import Publication
from verdicts.extensions import db
from verdicts.staff import audit
from verdicts.staff.models import Role
from verdicts.web.admin import previews, publishing
from verdicts.web.admin.catalog_forms import ComparisonForm
from verdicts.web.admin.editing import Desk, edit
from verdicts.web.admin.gate import actor, door, keeps_what_is_typed, needs, takes
from verdicts.web.admin.lists import query, wanted
from verdicts.web.admin.publishing import Subject
from verdicts.web.admin.records import FORM_MEGABYTES, ID, move_up
from verdicts.web.clock import now

bp = door("comparison_desk", "/admin/comparisons")

STATES = [(state.value, state.capitalize()) for state in Publication]
SORTS = {"shelf": "Editors’ order", "newest": "Newest"}
FEWEST_BOXES, MOST_BOXES = 2, 4


def _onward(saved: Saved, do: str) -> str:
    return url_for("comparison_desk.change", id=saved.id, said="published" if do == "save publish" else "saved")


def _publish_too(saved: Saved, do: str) -> None:
    row = db.session.get_one(Comparison, saved.id)
    if do == "save publish" and publications.standing(row.published_at, row.archived_at, now()) == Publication.DRAFT:
        publications.publish(row, now())
        change = {"publication": (str(Publication.DRAFT), str(Publication.PUBLISHED))}
        audit.record("published", "comparison", saved.slug, saved.id, now=now(), actor=actor(), **change)


def _fit(form: Any, _opened: Opened | None) -> None:
    while len(form.tools.entries) < MOST_BOXES:
        form.tools.append_entry("")
    for number, entry in enumerate(form.tools.entries, start=1):
        entry.label.text = f"Tool {number}" if number <= FEWEST_BOXES else f"Tool {number}, if any"


def _about(opened: Opened | None) -> dict[str, Any]:
    row = db.session.get(Comparison, opened.id) if opened else None
    return {
        "state": publications.standing(row.published_at, row.archived_at, now()) if row else Publication.DRAFT,
        "is_draft": row is None or (row.published_at is None and row.archived_at is None),
    }


DESK = Desk(
    kind="comparison",
    template="admin/comparison.html",
    form=ComparisonForm,
    opened=comparisons.opened,
    save=comparisons.save,
    preview=previews.of_comparison,
    onward=_onward,
    fit=_fit,
    about=_about,
    also=_publish_too,
)
SUBJECT = Subject(
    kind="comparison",
    find=comparisons.opened,
    get=lambda id: get_row(Comparison, id),
    edit_at=lambda id: url_for("comparison_desk.change", id=id),
    list_at=lambda: url_for("comparison_desk.index"),
)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    shelf = shelves.comparisons(wanted(SORTS, state=list(Publication), words=["none"]), now())
    return render_template("admin/comparisons.html", shelf=shelf, sorts=SORTS, query=query, states=STATES)


@bp.route("/new", methods=["GET", "POST"])
@needs(Role.EDITOR)
@takes(FORM_MEGABYTES)
@keeps_what_is_typed
def add() -> ResponseReturnValue:
    return edit(DESK)


@bp.route(f"/{ID}", methods=["GET", "POST"])
@needs(Role.EDITOR)
@takes(FORM_MEGABYTES)
@keeps_what_is_typed
def change(id: int) -> ResponseReturnValue:
    return edit(DESK, id)


@bp.route(f"/{ID}/publication", methods=["GET", "POST"])
@needs(Role.EDITOR)
def publication(id: int) -> ResponseReturnValue:
    return publishing.answer(SUBJECT, id)


@bp.post(f"/{ID}/up")
@needs(Role.EDITOR)
def up(id: int) -> ResponseReturnValue:
    return move_up(Comparison, id, url_for("comparison_desk.index"))
