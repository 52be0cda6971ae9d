"""Comparisons that editors write about."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from verdicts.comparisons.address import MAX_TOOLS, MIN_TOOLS
from verdicts.comparisons.models import Comparison
from verdicts.curation import listing
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import comparisons as comparison_editing
from verdicts.curation.editing import three_way, tool_names
from verdicts.curation.editing.publication import PublicationState
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.auth import requires_role
from verdicts.web.admin.forms.catalog import ComparisonForm
from verdicts.web.admin.forms.fields import replace_values
from verdicts.web.admin.listing import EDITORS_ORDER, MoveUpView, read_query, render_list
from verdicts.web.admin.publishing import STATES, PublishableEditor, PublishingView
from verdicts.web.clock import now
from verdicts.web.paging import ID

bp = Blueprint("comparisons", __name__)

SORTS = {EDITORS_ORDER: "Editors’ order", "newest": "Newest"}


class ComparisonEditor(PublishableEditor):
    kind, label, nav_section = "comparison", "Comparison", "comparisons"
    model, form_class, template = Comparison, ComparisonForm, "admin/comparisons/edit.html"
    list_endpoint = "admin.comparisons.index"
    edit_endpoint, add_endpoint = "admin.comparisons.edit", "admin.comparisons.add"

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        return comparison_editing.find_record(id, lock=lock)

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        return comparison_editing.save(id, data, now)

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return previews.render_comparison(saved)

    def normalise(self, form: Any) -> None:
        """Replace the names that the boxes show by slugs, as the record has them."""
        self._replace_tools(form, tool_names.find_slugs)

    @staticmethod
    def _replace_tools(form: Any, find: Callable[[list[str]], dict[str, str]]) -> None:
        boxes = [*form.tools.entries, *(entry.form.tool for entry in form.choose_if.entries)]
        replace_values(boxes, find)

    def prepare_form(self, form: Any, record: StoredRecord | None) -> None:
        self._replace_tools(form, tool_names.find_names)
        while len(form.tools.entries) < MAX_TOOLS:
            form.tools.append_entry("")
        for number, entry in enumerate(form.tools.entries, start=1):
            entry.label.text = f"Tool {number}" if number <= MIN_TOOLS else f"Tool {number} (optional)"

    def named(self, conflict: three_way.Conflict) -> three_way.Conflict:
        sides = (conflict.stored, conflict.submitted)
        names = tool_names.find_names([*conflict.path[1:2], *(slug for side in sides for slug in _slugs(side))])
        path = tuple(names.get(step, step) if index == 1 else step for index, step in enumerate(conflict.path))
        return three_way.Conflict(path, *(_with_names(side, names) for side in sides))

    def extra_context(self, record: StoredRecord | None) -> Mapping[str, Any]:
        return {"state": self.state_of(record) if record else PublicationState.DRAFT}


def _slugs(value: Any) -> list[str]:
    """Return the slugs in a list of tools, and that of a line about one."""
    return [value["tool"]] if isinstance(value, dict) else value if isinstance(value, list) else []


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {**value, "tool": names.get(value["tool"], value["tool"])}
    return [names.get(slug, slug) for slug in value] if isinstance(value, list) else value


bp.add_url_rule("/admin/comparisons/new", view_func=ComparisonEditor.as_view("add"))
bp.add_url_rule(f"/admin/comparisons/{ID}", view_func=ComparisonEditor.as_view("edit"))
bp.add_url_rule(
    f"/admin/comparisons/{ID}/publication", view_func=PublishingView.as_view("publishing", ComparisonEditor)
)
bp.add_url_rule(f"/admin/comparisons/{ID}/up", view_func=MoveUpView.as_view("move_up", ComparisonEditor))


@bp.get("/admin/comparisons")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    query = read_query(SORTS, state=list(PublicationState), words=["none"])
    result = listing.list_comparisons(query, now())
    return render_list("admin/comparisons/index.html", query, result, SORTS, states=STATES)
