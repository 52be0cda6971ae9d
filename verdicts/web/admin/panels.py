"""Edit, list and remove a tool's reviews."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Reviewer, Tool
from verdicts.curation import listing
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import panels as panel_editing
from verdicts.curation.editing import publication
from verdicts.curation.editing import tools as tool_editing
from verdicts.curation.editing.publication import PublicationState, state_of_tool
from verdicts.curation.editing.saving import SavedRecord, StoredRecord, current_slugs
from verdicts.extensions import begin_write_after_read, db
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.auth import log_activity, requires_role
from verdicts.web.admin.forms.catalog import PanelForm
from verdicts.web.admin.forms.record_editor import RecordEditor
from verdicts.web.admin.listing import read_query, render_list
from verdicts.web.admin.publishing import publish_if_requested
from verdicts.web.clock import now, today
from verdicts.web.paging import ID

bp = Blueprint("panels", __name__)

SORTS = {"newest": "Newest", "oldest": "Oldest", "tool": "Tool"}
NO_REVIEW_MESSAGE = "There is no such review. It may have been removed."


class PanelEditor(RecordEditor):
    kind, label, nav_section = "panel", "Panel", "tools"
    model, form_class, template = Tool, PanelForm, "admin/panels/edit.html"
    list_endpoint, edit_endpoint = "admin.tools.index", "admin.panels.edit"

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        return panel_editing.find_record(id, lock=lock)

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        return panel_editing.save(cast("int", id), data, now)  # a tool exists before its panel

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return previews.render_tool(saved)

    def form_data(self, data: Json) -> Json:
        return {"reviews": list(data.values())}

    def normalise(self, form: Any) -> None:
        slugs = current_slugs(Reviewer)
        for entry in form.reviews.entries:
            entry.form.reviewer.data = slugs.get(entry.form.reviewer.data, entry.form.reviewer.data)

    def prepare_form(self, form: Any, record: StoredRecord | None) -> None:
        """Offer a row for each reviewer who is on the panel or has reviewed this tool, in the panel's order.

        Input for a deleted reviewer is at the end, so that it is not lost.
        """
        rows = {entry.form.reviewer.data: entry.data for entry in form.reviews.entries}
        filled = {entry.form.reviewer.data for entry in form.reviews.filled}
        stored_reviews = record.data if record else {}
        reviewers = [
            each
            for each in panel_editing.list_panel()
            if not each.archived_at or each.slug in {*stored_reviews, *filled}
        ]
        slugs = [each.slug for each in reviewers]
        deleted = [slug for slug in rows if slug in filled and slug not in slugs]
        defaults = {"reviewed_on": today().isoformat()}
        data = [{**defaults, **rows.get(slug, {}), "reviewer": slug} for slug in slugs + deleted]
        form.reviews.replace_by_key(data, "reviewer")
        form.reviews.set_labels({each.slug: each.name for each in reviewers}, "reviewer")

    def extra_context(self, record: StoredRecord | None) -> Mapping[str, Any]:
        return {
            "reviewers": {each.slug: each for each in panel_editing.list_panel()},
            "stored_reviews": record.data if record else {},
            "state": state_of_tool(record.id, now()) if record else PublicationState.DRAFT,
        }

    def after_save(self, saved: SavedRecord, button: str) -> str:
        return publish_if_requested("tool", db.session.get_one(Tool, saved.id), saved, button)


bp.add_url_rule(f"/admin/tools/{ID}/panel", view_func=PanelEditor.as_view("edit"))


@bp.get("/admin/tools/reviews")
@requires_role(Role.EDITOR)
def reviews() -> ResponseReturnValue:
    query = read_query(SORTS, reviewer=None, verdict=["ship", "skip"], age=["old"])
    return render_list(
        "admin/panels/reviews.html",
        query,
        listing.list_reviews(query, today()),
        SORTS,
        reviewers=db.session.execute(sa.select(Reviewer.slug, Reviewer.name).order_by(Reviewer.position)).all(),
    )


@bp.route(f"/admin/tools/{ID}/panel/<reviewer>/removal", methods=["GET", "POST"])
@requires_role(Role.EDITOR)
def remove_review(id: int, reviewer: str) -> ResponseReturnValue:
    """Remove a review that was recorded by mistake, as long as no reader has seen it."""
    if request.method == "GET":
        return _render_removal(id, reviewer)
    begin_write_after_read()
    try:
        saved = panel_editing.remove_review(id, reviewer, now())
    except LookupError:
        abort(404, NO_REVIEW_MESSAGE)
    except panel_editing.ReviewWasPublic:
        db.session.rollback()
        return _render_removal(id, reviewer), 422
    log_activity("changed", "panel", saved.slug, saved.id, **saved.changes)
    db.session.commit()
    return redirect(url_for(".edit", id=id), 303)


def _render_removal(id: int, reviewer: str) -> str:
    record, tool = panel_editing.find_record(id), tool_editing.find_tool(id)
    if record is None or tool is None or reviewer not in record.data:
        abort(404, NO_REVIEW_MESSAGE)
    return render_template(
        "admin/panels/removal.html",
        record=record,
        reviewer=next(each.name for each in panel_editing.list_panel() if each.slug == reviewer),
        review=record.data[reviewer],
        was_public=publication.was_public(tool, now()),
    )
