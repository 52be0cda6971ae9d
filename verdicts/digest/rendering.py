"""An edition is rendered once, whole, and then cut into blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from verdicts.catalog import markdown
from verdicts.digest import wording
from verdicts.digest.blocks import LEAVE_TOKEN, PREFERENCES_TOKEN, Block
from verdicts.digest.editions import Edition, NothingToSay
from verdicts.digest.models import BlockKind, ItemKind
from verdicts.digest.news import CHANGES, Item
from verdicts.digest.weeks import Week
from verdicts.mailing.letters import absolute_url, inline_styles, render_part, tidy_text
from verdicts.newsletter.headers import leave_path, preferences_path

CUT = "<!--cut-->"
WITHOUT_CATEGORY = "Other tools"
# So many of a category are told of one by one, the others only named: a catalogue's first week has hundreds, and
# Gmail cuts a letter off after 102 KB.
MOST_IN_FULL = {ItemKind.NEW_TOOL: 4, ItemKind.NEW_COMPARISON: 2}
LABELS = {
    ItemKind.NEW_TOOL: "New here",
    ItemKind.NEW_COMPARISON: "Side by side",
    ItemKind.VERDICT_CHANGE: "Changed their mind",
    ItemKind.PRICE_MOVE: "Prices",
    ItemKind.DISAGREEMENT: "Where you disagree with the panel",
    ItemKind.VOTES: "Votes of the week",
}


@dataclass(frozen=True)
class Group:
    """Items of one kind under their label; `rest` are those that are only named."""

    kind: ItemKind
    items: tuple[Item, ...]
    rest: tuple[Item, ...] = ()

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@dataclass(frozen=True)
class Section:
    """What a block is made of: a heading and its news."""

    kind: BlockKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    heading: str
    items: tuple[Item, ...]

    @property
    def groups(self) -> list[Group]:
        found = ((kind, tuple(items)) for kind, items in groupby(self.items, key=_kind))
        return [_group(kind, items) for kind, items in found]

    @property
    def has_change(self) -> bool:
        return any(item.kind in CHANGES for item in self.items)


def render(edition: Edition, items: Sequence[Item]) -> list[Block]:
    """Return an edition's blocks: head, a block for each category, one for each tool or comparison, foot.

    Raises NothingToSay where no item is told.
    """
    kept = [item for item in items if item.is_told]
    if not kept:
        raise NothingToSay(edition.name)
    sections = [*category_sections(kept), *tool_sections(kept)]
    context = _context(edition, subject_of(edition, kept))
    texts = [
        tidy_text(render_part("digest/head.txt", **context)) + "\n",
        *(tidy_text(render_part("digest/section.txt", section=section, **context)) + "\n" for section in sections),
        tidy_text(render_part("digest/foot.txt", **context)),
    ]
    pages = inline_styles(render_part("digest/letter.html", sections=sections, **context)).split(CUT)
    head, *middle, foot = zip(texts, map(_without_indents, pages), strict=True)
    return [
        Block(BlockKind.HEAD, None, (), False, *head),
        *(
            Block(section.kind, section.category_id, section.tool_ids, section.has_change, *rendered)
            for section, rendered in zip(sections, middle, strict=True)
        ),
        Block(BlockKind.FOOT, None, (), False, *foot),
    ]


def subject_of(edition: Edition, items: Sequence[Item]) -> str:
    """Return the subject an editor gave, or else one that says what is in the edition."""
    return edition.subject or wording.subject([item.kind for item in items if item.is_told])


def category_sections(items: Sequence[Item]) -> list[Section]:
    """Return a section for each category, in the order of their first items."""
    by_category: dict[int | None, list[Item]] = {}
    for item in items:
        by_category.setdefault(item.category_id, []).append(item)
    return [
        Section(BlockKind.CATEGORY, id, (), _category_name(found[0]), tuple(found)) for id, found in by_category.items()
    ]


def tool_sections(items: Sequence[Item]) -> list[Section]:
    """Return a section for each tool with news of its own, and for each comparison."""
    by_tools: dict[tuple[int | None, tuple[int, ...]], list[Item]] = {}
    for item in items:
        by_tools.setdefault((item.category_id, item.tool_ids), []).append(item)
    return [
        Section(BlockKind.TOOL, category_id, ids, _tools_name(found[0]), tuple(found))
        for (category_id, ids), found in by_tools.items()
    ]


def title_of(item: Item) -> str:
    """Return what an editor calls an item: "Prices: Alpha"."""
    return f"{LABELS[item.kind]}: {_tools_name(item)}"


def week_in_words(week: Week) -> str:
    """Return the days of a week: "16 to 22 November 2026"."""
    first, last = week.monday, week.sunday
    start = f"{first.day} {first:%B} {first.year}" if first.year != last.year else f"{first.day} {first:%B}"
    return f"{first.day if first.month == last.month else start} to {last.day} {last:%B} {last.year}"


def short_day(on: str) -> str:
    """Return the day of an item's facts as letters print it: "19 Nov"."""
    told = date.fromisoformat(on)
    return f"{told.day} {told:%b}"


def _context(edition: Edition, subject: str) -> dict[str, object]:
    return {
        "edition": edition,
        "subject": subject,
        "days": week_in_words(edition.week),
        "note_html": markdown.render(edition.note),
        "leave": absolute_url(leave_path(LEAVE_TOKEN)),
        "preferences": absolute_url(preferences_path(PREFERENCES_TOKEN)),
        "on_the_web": absolute_url(f"/digest/{edition.name}"),
        "short_day": short_day,
    }


def _without_indents(html: str) -> str:
    return "".join(f"{line.strip()}\n" for line in html.splitlines() if line.strip())


def _kind(item: Item) -> ItemKind:
    return item.kind


def _group(kind: ItemKind, items: tuple[Item, ...]) -> Group:
    most = MOST_IN_FULL.get(kind, len(items))
    return Group(kind, items[:most], items[most:])


def _category_name(item: Item) -> str:
    category = item.facts["category"]
    return str(category["name"]) if category and item.category_id else WITHOUT_CATEGORY


def _tools_name(item: Item) -> str:
    return " vs ".join(item.facts["names"]) if item.kind is ItemKind.NEW_COMPARISON else str(item.facts["tool"]["name"])
