"""Tools: what they are, and what they cost."""

from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.models import Category
from verdicts.catalog.search import MAX_QUERY_LENGTH
from verdicts.catalog.slugs import propose
from verdicts.curation import listing
from verdicts.curation.editing import categories, prices, tools
from verdicts.curation.editing import publication as publications
from verdicts.curation.editing.publication import PublicationState
from verdicts.curation.editing.saving import SavedRecord, StoredRecord
from verdicts.curation.listing import ListQuery
from verdicts.extensions import db
from verdicts.feedback import doubts
from verdicts.staff.models import Role
from verdicts.web.admin import previews
from verdicts.web.admin.catalog_forms import PriceForm, ToolForm
from verdicts.web.admin.editing import Desk
from verdicts.web.admin.gate import door, needs
from verdicts.web.admin.lists import page_of, query, wanted
from verdicts.web.admin.records import offer, offer_part, onward_to
from verdicts.web.clock import now, today

bp = door("tool_desk", "/admin/tools")

STATES = [(state.value, state.capitalize()) for state in PublicationState]
SORTS = {"newest": "Newest", "name": "Name", "shelf": "Editors’ order", "price": "Price checked longest ago"}
NO_CATEGORY = ("", "None yet")
MOST_OPTIONS = 20


def _onward_from_tool(saved: SavedRecord, do: str, said: str) -> str:
    if do == "save panel":
        return url_for("panel_desk.panel", id=saved.id)
    return url_for("tool_desk.change", id=saved.id, said=said)


def _understand_tool(form: Any) -> None:
    """Put the category that was chosen under the name that it has now."""
    form.category.data = categories.present_slugs().get(form.category.data, form.category.data)


def _fit_tool(form: Any, _opened: StoredRecord | None) -> None:
    """Offer the categories, and a row for each fact that the chosen one asks for."""
    found = db.session.scalars(sa.select(Category).order_by(Category.position, Category.id)).all()
    form.category.choices = [NO_CATEGORY, *((each.slug, each.name) for each in found)]
    chosen = next((each for each in found if each.slug == form.category.data), None)
    if form.category.data and chosen is None:  # it stays chosen, so that it is not taken off unseen
        form.category.choices.append((form.category.data, f"{form.category.data} (is there no more)"))
    asked_for = {fact.key: fact.label for fact in chosen.facts} if chosen else {}
    typed = {entry.form.key.data: entry.data for entry in form.facts.entries}
    others = [row for key, row in typed.items() if key not in asked_for and (row["value"] or row["source"])]
    form.facts.fit([*(typed.get(key) or {"key": key} for key in asked_for), *others], "key")
    for entry in form.facts.entries:
        entry.form.value.label.text = asked_for.get(entry.form.key.data, entry.form.key.data)
    for row in [form.price.form, *(entry.form for entry in [*form.facts.entries, *form.plans.entries])]:
        row.checked_on.data = row.checked_on.data or (today().isoformat() if row.is_blank else "")


def _about_tool(opened: StoredRecord | None) -> dict[str, Any]:
    return {"state": publications.state_of_tool(opened.id, now()) if opened else None}


def _start_price(opened: StoredRecord | None) -> dict[str, Any]:
    return {**(opened.data if opened else {}), "checked_on": today().isoformat()}


def _answer_doubts(saved: SavedRecord, _do: str) -> str:
    """Forget who doubted the price: whoever saves it has looked."""
    doubts.settle(saved.id)
    return "saved"


DESK = Desk(
    kind="tool",
    template="admin/tool.html",
    form=ToolForm,
    opened=tools.find_record,
    save=tools.save,
    preview=previews.of_tool,
    onward=_onward_from_tool,
    fit=_fit_tool,
    understand=_understand_tool,
    about=_about_tool,
)
PRICE_DESK = Desk(
    kind="price",
    template="admin/price.html",
    form=PriceForm,
    opened=prices.find_record,
    save=prices.save,
    preview=previews.of_tool,
    onward=onward_to("tool_desk.price"),
    about=_about_tool,
    start=_start_price,
    also=_answer_doubts,
)
offer(bp, DESK, tools.find_tool)
offer_part(bp, "price", PRICE_DESK)


@bp.get("")
@needs(Role.EDITOR)
def index() -> ResponseReturnValue:
    asked = wanted(SORTS, state=list(PublicationState), category=None)
    page = page_of(listing.list_tools(asked, now()), asked)
    categories = db.session.execute(sa.select(Category.slug, Category.name).order_by(Category.position)).all()
    return render_template(
        "admin/tools.html", page=page, wanted=asked, sorts=SORTS, query=query, states=STATES, categories=categories
    )


@bp.get("/options")
@needs(Role.EDITOR)
def options() -> ResponseReturnValue:
    """Return tools by part of their name, for a box that takes one."""
    typed = next((value for value in request.args.values() if value), "")[:MAX_QUERY_LENGTH]
    found = listing.list_tools(ListQuery(text=typed, sort="name"), now())[0][:MOST_OPTIONS]
    return render_template("admin/_options.html", tools=found)


@bp.get("/slug")
@needs(Role.EDITOR)
def slug() -> ResponseReturnValue:
    """Return the slug that a name would get."""
    return render_template("admin/_slug.html", proposal=propose(request.args.get("name", "")[:MAX_QUERY_LENGTH]))
