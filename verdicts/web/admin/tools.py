"""Tools: what they are, and what they cost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Category, Tool
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.catalog.slugs import propose
from verdicts.curation import listing
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.editing import prices as price_editing
from verdicts.curation.editing import tool_names
from verdicts.curation.editing import tools as tool_editing
from verdicts.curation.editing.publication import PublicationState, state_of_tool
from verdicts.curation.editing.saving import SavedRecord, StoredRecord, current_slugs
from verdicts.curation.listing import ListQuery
from verdicts.extensions import db
from verdicts.feedback import price_doubts
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.auth import requires_role, without_login_refresh
from verdicts.web.admin.forms.catalog import PriceForm, ToolForm
from verdicts.web.admin.forms.fields import replace_values
from verdicts.web.admin.forms.record_editor import RecordEditor
from verdicts.web.admin.listing import EDITORS_ORDER, read_query, render_list
from verdicts.web.admin.publishing import STATES, PublishableEditor, PublishingView
from verdicts.web.clock import now, today
from verdicts.web.paging import ID

bp = Blueprint("tools", __name__)

SORTS = {"newest": "Newest", "name": "Name", EDITORS_ORDER: "Editors’ order", "price": "Price checked longest ago"}
NO_CATEGORY = ("", "None")
MAX_OPTIONS = 20


class ToolEditor(PublishableEditor):
    kind, label, nav_section = "tool", "Tool", "tools"
    model, form_class, template = Tool, ToolForm, "admin/tools/edit.html"
    list_endpoint = "admin.tools.index"
    edit_endpoint, add_endpoint = "admin.tools.edit", "admin.tools.add"

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        return tool_editing.find_record(id, lock=lock)

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        return tool_editing.save(id, data, now)

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return previews.render_tool(saved)

    def find_row(self, id: int) -> Any:
        return tool_editing.find_tool(id)

    def delete(self, record: StoredRecord, row: Any) -> Json:
        return tool_editing.delete(row)

    def normalise(self, form: Any) -> None:
        form.category.data = current_slugs(Category).get(form.category.data, form.category.data)
        replace_values([form.status.form.successor], tool_names.find_slugs)

    def prepare_form(self, form: Any, record: StoredRecord | None) -> None:
        """Offer the categories, and a row for each fact of the chosen one. Name the successor."""
        replace_values([form.status.form.successor], tool_names.find_names)
        stored = db.session.scalars(sa.select(Category).order_by(Category.position, Category.id)).all()
        form.category.choices = [NO_CATEGORY, *((each.slug, each.name) for each in stored)]
        category = next((each for each in stored if each.slug == form.category.data), None)
        if form.category.data and category is None:  # it stays chosen, so that nobody removes it without noticing
            form.category.choices.append((form.category.data, f"{form.category.data} (no longer exists)"))
        labels = {fact.key: fact.label for fact in category.facts} if category else {}
        rows = {entry.form.key.data: entry.data for entry in form.facts.entries}
        others = [row for key, row in rows.items() if key not in labels and (row["value"] or row["source"])]
        form.facts.replace_by_key([*(rows.get(key) or {"key": key} for key in labels), *others], "key")
        for entry in form.facts.entries:
            entry.form.value.label.text = labels.get(entry.form.key.data, entry.form.key.data)
        for row in [form.price.form, *(entry.form for entry in [*form.facts.entries, *form.plans.entries])]:
            row.checked_on.data = row.checked_on.data or (today().isoformat() if row.is_blank else "")

    def extra_context(self, record: StoredRecord | None) -> Mapping[str, Any]:
        return {"state": self.state_of(record) if record else None}

    def after_save(self, saved: SavedRecord, button: str) -> str:
        return "saved"  # the tool form has no publish button; the panel form publishes

    def success_url(self, saved: SavedRecord, button: str, message_key: str) -> str:
        if button == "save panel":
            return url_for("admin.panels.edit", id=saved.id)
        return super().success_url(saved, button, message_key)


class PriceEditor(RecordEditor):
    kind, label, nav_section = "price", "Price", "tools"
    model, form_class, template = Tool, PriceForm, "admin/tools/price.html"
    list_endpoint, edit_endpoint = "admin.tools.index", "admin.tools.price"

    def load(self, id: int, *, lock: bool = False) -> StoredRecord | None:
        return price_editing.find_record(id, lock=lock)

    def save(self, id: int | None, data: Json, now: datetime) -> SavedRecord:
        return price_editing.save(cast("int", id), data, now)  # a tool exists before its price

    def preview(self, saved: SavedRecord) -> ResponseReturnValue:
        return previews.render_tool(saved)

    def initial(self, record: StoredRecord | None) -> Json:
        return {**super().initial(record), "checked_on": today().isoformat()}

    def extra_context(self, record: StoredRecord | None) -> Mapping[str, Any]:
        return {"state": state_of_tool(record.id, now()) if record else None}

    def after_save(self, saved: SavedRecord, button: str) -> str:
        """Delete readers' doubts about the price: the editor has just checked it."""
        price_doubts.delete_for(saved.id)
        return "saved"


bp.add_url_rule("/admin/tools/new", view_func=ToolEditor.as_view("add"))
bp.add_url_rule(f"/admin/tools/{ID}", view_func=ToolEditor.as_view("edit"))
bp.add_url_rule(f"/admin/tools/{ID}/price", view_func=PriceEditor.as_view("price"))
bp.add_url_rule(f"/admin/tools/{ID}/publication", view_func=PublishingView.as_view("publishing", ToolEditor))


@bp.get("/admin/tools")
@requires_role(Role.EDITOR)
def index() -> ResponseReturnValue:
    query = read_query(SORTS, state=list(PublicationState), category=None)
    return render_list(
        "admin/tools/index.html",
        query,
        listing.list_tools(query, now()),
        SORTS,
        states=STATES,
        categories=db.session.execute(sa.select(Category.slug, Category.name).order_by(Category.position)).all(),
    )


@bp.get("/admin/tools/options")
@requires_role(Role.EDITOR)
@without_login_refresh
def suggest_tools() -> ResponseReturnValue:
    """Return tools that go on by part of their name, for the autocomplete of a tool field."""
    text = next((value for value in request.args.values() if value), "")[:MAX_QUERY_LENGTH]
    rows, _total = listing.list_tools(ListQuery(text=text, filters={"going_on": "1"}, sort="name"), now())
    return render_template("admin/tools/_options.html", tools=rows[:MAX_OPTIONS])


@bp.get("/admin/tools/slug")
@requires_role(Role.EDITOR)
@without_login_refresh
def propose_slug() -> ResponseReturnValue:
    """Return the slug that a name would get."""
    return render_template("admin/tools/_slug.html", proposal=propose(request.args.get("name", "")[:MAX_QUERY_LENGTH]))
