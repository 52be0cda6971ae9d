"""What became of records that nobody edited one by one: each by its keys, as the forms that edit them write it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from verdicts.catalog.models import Category, Reviewer, Tool
from verdicts.comparisons.models import Comparison
from verdicts.curation.catalog_file import records
from verdicts.curation.catalog_file.records import Json
from verdicts.curation.editing import comparisons, panels, prices, tools
from verdicts.curation.editing.saving import SavedRecord

Parts = Mapping[str, Json]


@dataclass(frozen=True)
class Change(SavedRecord):
    """What became of one record, by what was done to it; `kind` is its name in the trail."""

    kind: str
    action: str


def parts_of(row: Any) -> Parts:
    """Return what each form that edits a row would open, under its kind."""
    return _PARTS[type(row)](row)


def changes_of(row: Any, before: Parts) -> Iterator[Change]:
    """Yield how a row's parts differ from what they were; `before` is empty for a new one."""
    parts, slug = parts_of(row) if before else whole_parts_of(row), slug_of(row)
    for kind, after in parts.items():
        was = before.get(kind, {})
        if was != after:
            yield Change(row.id, slug, was, after, kind, "changed" if was else "added")


def whole_parts_of(row: Any) -> Parts:
    """Return the parts of a row that comes or goes: a tool's price stands in its own record then, as by its forms."""
    if not isinstance(row, Tool):
        return parts_of(row)
    return {"tool": tools.to_full_data(row), "panel": panels.to_data(row.reviews)}


def slug_of(row: Any) -> str:
    slug: str = comparisons.slug_of(row) if isinstance(row, Comparison) else row.slug
    return slug


def _parts_of_tool(row: Tool) -> Parts:
    return {"tool": tools.to_data(row), "panel": panels.to_data(row.reviews), "price": prices.to_data(row)}


_PARTS: dict[type[Any], Callable[[Any], Parts]] = {
    Category: lambda row: {"category": records.category(row, row.facts)},
    Reviewer: lambda row: {"reviewer": records.reviewer(row)},
    Tool: _parts_of_tool,
    Comparison: lambda row: {"comparison": comparisons.to_data(row)},
}
