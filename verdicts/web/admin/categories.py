"""Categories, the facts that their tools are compared on, and the picks among them."""

from datetime import datetime
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Category
from verdicts.curation import listing
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import categories as category_editing
from verdicts.curation.editing import tool_names
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.auth import requires_role
from verdicts.web.admin.forms.catalog import CategoryForm
from verdicts.web.admin.forms.fields import replace_values
from verdicts.web.admin.forms.record_editor import RecordEditor
from verdicts.web.admin.listing import EDITORS_ORDER, MoveUpView, read_query, render_list
from verdicts.web.admin.publishing import PublishingView
from verdicts.web.paging import ID

bp = Blueprint("categories", __name__)

SORTS = {EDITORS_ORDER: "Editors’ order", "name": "Name"}


class CategoryEditor(RecordEditor):
    kind, label, nav_section = "category", "Category", "categories"
    model, form_class, template = Category, CategoryForm, "admin/categories/edit.html"
    list_endpoint = "admin.categories.index"
    edit_endpoint, add_endpoint = "admin.categories.edit", "admin.categories.add"

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        return category_editing.find_record(id, lock=lock)

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        return category_editing.save(id, data, now)

    def normalise(self, form: Any) -> None:
        """Replace the names that the boxes show by slugs, as the record has them."""
        replace_values(_tool_fields(form), tool_names.find_slugs)

    def prepare_form(self, form: Any, record: StoredRecord | None) -> None:
        replace_values(_tool_fields(form), tool_names.find_names)

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return previews.render_category(saved)


def _tool_fields(form: Any) -> list[Any]:
    return [field for entry in form.picks.entries for field in (entry.form.tool, entry.form.runner_up)]


bp.add_url_rule("/admin/categories/new", view_func=CategoryEditor.as_view("add"))
bp.add_url_rule(f"/admin/categories/{ID}", view_func=CategoryEditor.as_view("edit"))
bp.add_url_rule(f"/admin/categories/{ID}/publication", view_func=PublishingView.as_view("publishing", CategoryEditor))
bp.add_url_rule(f"/admin/categories/{ID}/up", view_func=MoveUpView.as_view("move_up", CategoryEditor))


@bp.get("/admin/categories")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    query = read_query(SORTS)
    return render_list("admin/categories/index.html", query, listing.list_categories(query), SORTS)
