"""Drafts as their writer's desk names them."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from verdicts.catalog import queries as catalog
from verdicts.staff import drafts

FORMS = {
    "tool_desk.add": "A new tool",
    "tool_desk.change": "Tool",
    "tool_desk.price": "Price",
    "panel_desk.panel": "Panel",
    "categories.add": "A new category",
    "categories.change": "Category",
    "reviewers.add": "A new reviewer",
    "reviewers.change": "Reviewer",
    "comparison_desk.add": "A new comparison",
    "comparison_desk.change": "Comparison",
    "digest_desk.edition": "Words of a digest",
    "queues.votes": "Why held ballots are decided",
    "queues.messages": "What came of a message",
}
PARTS_OF_TOOLS = {"tool_desk.price", "panel_desk.panel"}


@dataclass(frozen=True)
class Kept:
    """A draft: its form's address, what kind of form that is, what it is about, and since when it is kept."""

    place: str
    form: str
    about: str
    saved_at: datetime


def listed(account_id: int) -> list[Kept]:
    """Return somebody's drafts, newest first. Two statements at most."""
    found = [(draft, *_form_at(draft.place)) for draft in drafts.listed(account_id)]
    tools = {id for _draft, endpoint, id in found if endpoint in PARTS_OF_TOOLS}
    names = catalog.links_of(tools) if tools else {}
    return [
        Kept(draft.place, FORMS[endpoint], names[id].name if id in names else draft.name, draft.saved_at)
        for draft, endpoint, id in found
    ]


def _form_at(place: str) -> tuple[str, int]:
    """Return the endpoint of a draft's form and the id in its address, 0 where it has none."""
    endpoint, arguments = current_app.url_map.bind("").match(place.partition("?")[0], "GET")
    return endpoint, arguments.get("id", 0)
