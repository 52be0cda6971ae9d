"""Lists of drafts: on the dashboard, and beside a form those of other tabs and those that were discarded."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app

from verdicts.catalog import queries as catalog
from verdicts.catalog.models import Tool
from verdicts.staff import drafts as stored_drafts
from verdicts.staff.drafts import Draft
from verdicts.web.admin import drafts
from verdicts.web.admin.auth import current_account
from verdicts.web.admin.open_pages import open_page
from verdicts.web.clock import now

MAX_SHOWN_DISCARDED = 3


@dataclass(frozen=True)
class DraftLink:
    """A draft on the dashboard: its form's URL, the kind of form, and the record's name."""

    key: str
    label: str
    name: str
    saved_at: datetime


def list_other_drafts(key: str) -> list[Draft]:
    """Return the other drafts of a form: of other new records, or of the same record in another tab."""
    own_key = drafts.key_of_page(current_account().id, key)
    of_form = stored_drafts.list_of_form(current_account().id, key.partition("?")[0])
    return [draft for draft in of_form if draft.key != own_key]


def list_discarded_drafts(key: str) -> list[Draft]:
    """Return what was discarded of a form within a month, the last first."""
    path = key.partition("?")[0]
    return stored_drafts.list_discarded(current_account().id, now(), path, limit=MAX_SHOWN_DISCARDED)


def form_context(key: str, shown: Draft | None) -> dict[str, Any]:
    """Return what the template of a form with drafts needs of them. `shown` is the draft that it shows, if any."""
    return {
        "draft_key": key,
        "open_page": open_page(shown),
        "discarded_drafts": list_discarded_drafts(key),
        "other_drafts": list_other_drafts(key),
    }


def list_draft_links() -> list[DraftLink]:
    """Return the current account's drafts, newest first, except drafts whose form no longer exists.

    Executes two statements at most.
    """
    return _links_to(stored_drafts.list_open(current_account().id))


def list_discarded_links() -> list[DraftLink]:
    """Return what the current account discarded within a month, the last first. Two statements at most."""
    return _links_to(stored_drafts.list_discarded(current_account().id, now()))


def _links_to(listed: Iterable[Draft]) -> list[DraftLink]:
    routes = [(draft, *drafts.route_of(draft.key)) for draft in listed]
    labelled = [
        (draft, label, 0 if draft.name else _tool_id(endpoint, arguments))
        for draft, endpoint, arguments in routes
        if (label := _label_of(endpoint))
    ]
    ids = {tool_id for _draft, _label, tool_id in labelled if tool_id}
    tools = catalog.links_of(ids) if ids else {}
    return [
        DraftLink(draft.key, label, tools[tool_id].name if tool_id in tools else draft.name, draft.saved_at)
        for draft, label, tool_id in labelled
    ]


def _tool_id(endpoint: str, arguments: Mapping[str, object]) -> int:
    """Return the id of the tool that a form edits, or a part of which it edits; 0 for other forms."""
    view: Any = current_app.view_functions[endpoint]
    return int(str(arguments.get("id", 0))) if drafts.is_record_form(endpoint) and view.view_class.model is Tool else 0


def _label_of(endpoint: str) -> str:
    """Return what the dashboard calls a form, "" if it has no drafts."""
    if drafts.is_record_form(endpoint):
        label: str = current_app.view_functions[endpoint].view_class.label_of(endpoint)  # type: ignore[union-attr]
        return label
    return next((policy.label for policy in drafts.small_form_policies(endpoint)), "")
