"""The order of an edition: tools whose verdict or price changed lead, whatever their category; the rest follows by
category. A tool stands once, with all its news.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from verdicts.digest.models import BlockKind, ItemKind
from verdicts.digest.news import CHANGE_KINDS, NewsItem

NO_CATEGORY_HEADING = "Other tools"
CHANGES_HEADING = "Changed this week"
# A category shows at most this many tools or comparisons in full, and then names some: the first week of a catalogue
# has hundreds.
MAX_IN_FULL = {ItemKind.NEW_TOOL: 4, ItemKind.NEW_COMPARISON: 2}
MAX_NAMED = 12
# A letter shows at most this many news about one tool, such as the changes of a large panel.
MAX_ITEMS = 8
KIND_LABELS = {
    ItemKind.NEW_TOOL: "New here",
    ItemKind.NEW_COMPARISON: "New comparisons",
    ItemKind.VERDICT_CHANGE: "Changed their mind",
    ItemKind.PRICE_MOVE: "Prices",
    ItemKind.DISAGREEMENT: "You and the panel",
    ItemKind.VOTES: "Votes of the week",
}


@dataclass(frozen=True)
class Entry:
    """All news about one tool, or about one comparison. The first item is the lead."""

    items: tuple[NewsItem, ...]

    @property
    def in_full(self) -> tuple[NewsItem, ...]:
        return self.items[:MAX_ITEMS]

    @property
    def lead(self) -> NewsItem:
        return self.items[0]

    @property
    def kind(self) -> ItemKind:
        return self.lead.kind

    @property
    def name(self) -> str:
        return tools_heading(self.lead)

    @property
    def category(self) -> str:
        return category_heading(self.lead)

    @property
    def has_change(self) -> bool:
        return any(item.kind in CHANGE_KINDS for item in self.items)


@dataclass(frozen=True)
class EntryGroup:
    """A section's entries whose lead is of one kind: first those in full, then the rest, of which letters name some."""

    kind: ItemKind
    entries: tuple[Entry, ...]
    rest: tuple[Entry, ...] = ()

    @property
    def named_only(self) -> tuple[Entry, ...]:
        return self.rest[:MAX_NAMED]

    @property
    def unnamed_count(self) -> int:
        return len(self.rest[MAX_NAMED:])

    @property
    def label(self) -> str:
        return KIND_LABELS[self.kind]


@dataclass(frozen=True)
class Section:
    """News under a heading: tools that changed, one category, or one tool. A letter has one block for each."""

    kind: BlockKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    heading: str
    entries: tuple[Entry, ...]
    is_one_entry: bool = False

    @property
    def items(self) -> tuple[NewsItem, ...]:
        return tuple(item for entry in self.entries for item in entry.items)

    @property
    def groups(self) -> list[EntryGroup]:
        by_kind: dict[ItemKind, list[Entry]] = {}
        for entry in self.entries:
            by_kind.setdefault(entry.kind, []).append(entry)
        return [_entry_group(kind, tuple(entries)) for kind, entries in by_kind.items()]

    @property
    def has_verdict_or_price_change(self) -> bool:
        return any(entry.has_change for entry in self.entries)


def list_entries(items: Iterable[NewsItem]) -> list[Entry]:
    """Return the entries: those with a changed verdict or price first, and in each its change first."""
    by_tools: dict[tuple[int, ...], list[NewsItem]] = {}
    for item in items:  # their categories may differ: a tool's may have changed since the first of them
        by_tools.setdefault(item.tool_ids, []).append(item)
    entries = [Entry(tuple(sorted(each, key=lambda item: item.kind not in CHANGE_KINDS))) for each in by_tools.values()]
    return sorted(entries, key=lambda entry: not entry.has_change)


def page_sections(items: Sequence[NewsItem]) -> list[Section]:
    """Return the sections of an edition's page: all changes together, then each category."""
    entries = list_entries(items)
    changed = tuple(entry for entry in entries if entry.has_change)
    changes = [Section(BlockKind.CATEGORY, None, (), CHANGES_HEADING, changed)] if changed else []
    return changes + _by_category(entries[len(changed) :])


def letter_sections(items: Sequence[NewsItem]) -> list[Section]:
    """Return a section for each block of the letter: for each change, for each category, and for each tool.

    Each entry is in a section of its category, and again in a section of its own tools, for those who follow one of
    them and do not read the category.
    """
    entries = list_entries(items)
    changed = [entry for entry in entries if entry.has_change]
    others = entries[len(changed) :]
    return [
        *(_entry_section(kind, entry) for entry in changed for kind in (BlockKind.CATEGORY, BlockKind.TOOL)),
        *_by_category(others),
        *(_entry_section(BlockKind.TOOL, entry) for entry in others),
    ]


def category_sections(items: Sequence[NewsItem]) -> list[Section]:
    """Return a section for each category in the order of their first items, each item in its own place.

    Editors order and remove items by it.
    """
    return _by_category([Entry((item,)) for item in items])


def category_heading(item: NewsItem) -> str:
    category = item.details["category"]
    return str(category["name"]) if category and item.category_id else NO_CATEGORY_HEADING


def tools_heading(item: NewsItem) -> str:
    details = item.details
    return " vs ".join(details["names"]) if item.kind is ItemKind.NEW_COMPARISON else str(details["tool"]["name"])


def item_title(item: NewsItem) -> str:
    """Return an item's title for editors: "Prices: Alpha"."""
    return f"{KIND_LABELS[item.kind]}: {tools_heading(item)}"


def _by_category(entries: Sequence[Entry]) -> list[Section]:
    by_category: dict[int | None, list[Entry]] = {}
    for entry in entries:
        by_category.setdefault(entry.lead.category_id, []).append(entry)
    return [
        Section(BlockKind.CATEGORY, id, (), members[0].category, tuple(members)) for id, members in by_category.items()
    ]


def _entry_section(kind: BlockKind, entry: Entry) -> Section:
    tool_ids = entry.lead.tool_ids if kind is BlockKind.TOOL else ()
    return Section(kind, entry.lead.category_id, tool_ids, entry.name, (entry,), is_one_entry=True)


def _entry_group(kind: ItemKind, entries: tuple[Entry, ...]) -> EntryGroup:
    in_full = MAX_IN_FULL.get(kind, len(entries))
    return EntryGroup(kind, entries[:in_full], entries[in_full:])
