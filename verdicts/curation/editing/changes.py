"""What became of records that nobody edited one by one: each by its keys, as the forms that edit them show it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verdicts.catalog.models import Tool
from verdicts.curation.editing import panels, prices, tools
from verdicts.curation.editing.saving import Parts, SavedRecord


@dataclass(frozen=True)
class Change(SavedRecord):
    """What became of one record, by what was done to it; `kind` is its name in the activity log."""

    kind: str
    action: str


def tool_parts(row: Tool) -> Parts:
    return {"tool": tools.to_data(row), "panel": panels.to_data(row.reviews), "price": prices.to_data(row)}


def full_tool_parts(row: Tool) -> Parts:
    """Return the parts of a tool that comes or goes: its price is in its own record then, as its forms do it."""
    return {"tool": tools.to_full_data(row), "panel": panels.to_data(row.reviews)}


def changes_between(row: Any, before: Parts, after: Parts) -> Iterator[Change]:
    """Yield how the parts of a row differ from what they were; `before` is empty for a new one."""
    for kind, data in after.items():
        was = before.get(kind, {})
        if was != data:
            yield Change(row.id, row.slug, was, data, kind, "changed" if was else "added")
