"""How imports and merges change records, in the form in which the activity log has what editors change by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verdicts.catalog.models import Tool
from verdicts.curation.editing import panels, prices, tools
from verdicts.curation.editing.saving import Parts, SavedRecord


@dataclass(frozen=True)
class RecordChange(SavedRecord):
    """What an import or a merge did to one record; `kind` is what the activity log calls it."""

    kind: str
    action: str


def tool_parts(row: Tool) -> Parts:
    return {"tool": tools.to_data(row), "panel": panels.to_data(row.reviews), "price": prices.to_data(row)}


def full_tool_parts(row: Tool) -> Parts:
    """Return the parts of a tool that comes or goes: its price is in its own record then, as its forms do it."""
    return {"tool": tools.to_full_data(row), "panel": panels.to_data(row.reviews)}


def changes_between(row: Any, before: Parts, after: Parts) -> Iterator[RecordChange]:
    """Yield how the parts of a row differ from what they were; `before` is empty for a new one."""
    for kind, data in after.items():
        was = before.get(kind, {})
        if was != data:
            yield RecordChange(row.id, row.slug, was, data, kind, "changed" if was else "added")
