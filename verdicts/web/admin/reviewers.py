"""Reviewers: who is on the panel."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Reviewer
from verdicts.curation import listing
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import reviewers as reviewer_editing
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.staff.models import Role
from verdicts.web.admin.auth import requires_role
from verdicts.web.admin.forms.catalog import ReviewerForm
from verdicts.web.admin.forms.record_editor import RecordEditor, StateAction
from verdicts.web.admin.listing import EDITORS_ORDER, MoveUpView, read_query, render_list
from verdicts.web.admin.publishing import PublishingView
from verdicts.web.paging import ID

bp = Blueprint("reviewers", __name__)

SORTS = {EDITORS_ORDER: "Panel order", "name": "Name"}


class ReviewerEditor(RecordEditor):
    kind, label, nav_section = "reviewer", "Reviewer", "reviewers"
    model, form_class, template = Reviewer, ReviewerForm, "admin/reviewers/edit.html"
    list_endpoint = "admin.reviewers.index"
    edit_endpoint, add_endpoint = "admin.reviewers.edit", "admin.reviewers.add"
    state_actions: ClassVar[Mapping[str, StateAction]] = {
        "leave": StateAction("retired", reviewer_editing.leave_panel),
        "return": StateAction("reinstated", reviewer_editing.return_to_panel),
    }

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        return reviewer_editing.find_record(id, lock=lock)

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        return reviewer_editing.save(id, data, now)

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return render_template("admin/reviewers/preview.html", reviewer=saved.after)

    def describe_state(self, row: Any) -> str:
        return "retired" if row.archived_at else "on the panel"


bp.add_url_rule("/admin/reviewers/new", view_func=ReviewerEditor.as_view("add"))
bp.add_url_rule(f"/admin/reviewers/{ID}", view_func=ReviewerEditor.as_view("edit"))
bp.add_url_rule(f"/admin/reviewers/{ID}/publication", view_func=PublishingView.as_view("publishing", ReviewerEditor))
bp.add_url_rule(f"/admin/reviewers/{ID}/up", view_func=MoveUpView.as_view("move_up", ReviewerEditor))


@bp.get("/admin/reviewers")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    query = read_query(SORTS)
    return render_list("admin/reviewers/index.html", query, listing.list_reviewers(query), SORTS)
