"""Comparisons that editors write about."""

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue

from verdicts.comparisons.address import MAX_TOOLS, MIN_TOOLS
from verdicts.comparisons.models import Comparison
from verdicts.curation import listing
from verdicts.curation.editing import comparisons
from verdicts.curation.editing import publication as publications
from verdicts.curation.editing.publication import PublicationState
from verdicts.curation.editing.saving import SavedRecord, StoredRecord, find_row
from verdicts.extensions import db
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.catalog_forms import ComparisonForm
from verdicts.web.admin.editing import Desk
from verdicts.web.admin.gate import door, needs
from verdicts.web.admin.lists import page_of, query, wanted
from verdicts.web.admin.publishing import publish_too
from verdicts.web.admin.records import offer, offer_order, onward_to
from verdicts.web.clock import now

bp = door("comparison_desk", "/admin/comparisons")

STATES = [(state.value, state.capitalize()) for state in PublicationState]
SORTS = {"shelf": "Editors’ order", "newest": "Newest"}


def _publish_too(saved: SavedRecord, do: str) -> str:
    return publish_too("comparison", db.session.get_one(Comparison, saved.id), saved, do)


def _fit(form: Any, _opened: StoredRecord | None) -> None:
    while len(form.tools.entries) < MAX_TOOLS:
        form.tools.append_entry("")
    for number, entry in enumerate(form.tools.entries, start=1):
        entry.label.text = f"Tool {number}" if number <= MIN_TOOLS else f"Tool {number}, if any"


def _about(opened: StoredRecord | None) -> dict[str, Any]:
    row = db.session.get(Comparison, opened.id) if opened else None
    return {
        "state": publications.state_of(row.published_at, row.archived_at, now()) if row else PublicationState.DRAFT,
        "is_draft": row is None or (row.published_at is None and row.archived_at is None),
    }


DESK = Desk(
    kind="comparison",
    template="admin/comparison.html",
    form=ComparisonForm,
    opened=comparisons.find_record,
    save=comparisons.save,
    preview=previews.of_comparison,
    onward=onward_to("comparison_desk.change"),
    fit=_fit,
    about=_about,
    also=_publish_too,
)
offer(bp, DESK, lambda id: find_row(Comparison, id))
offer_order(bp, DESK, Comparison)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    asked = wanted(SORTS, state=list(PublicationState), words=["none"])
    page = page_of(listing.list_comparisons(asked, now()), asked)
    return render_template("admin/comparisons.html", page=page, wanted=asked, sorts=SORTS, query=query, states=STATES)
