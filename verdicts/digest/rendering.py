"""Rendering an edition: the whole letter is rendered once and then cut into blocks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from verdicts.catalog import markdown
from verdicts.comparisons.wording import listed, number
from verdicts.digest.blocks import LEAVE_PLACEHOLDER, PREFERENCES_PLACEHOLDER, Block
from verdicts.digest.editions import Edition, EditionIsEmpty
from verdicts.digest.models import BlockKind, ItemKind
from verdicts.digest.news import CHANGE_KINDS, NewsItem
from verdicts.digest.weeks import Week
from verdicts.mailing.rendering import absolute_url, inline_styles, render_part, tidy_text
from verdicts.newsletter.headers import leave_path, preferences_path

CUT_MARK = "<!--cut-->"
NO_CATEGORY_HEADING = "Other tools"
# A category shows at most this many items in full and only names the others: the first week of a catalogue has
# hundreds, and Gmail cuts an email off after 102 KB.
MAX_IN_FULL = {ItemKind.NEW_TOOL: 4, ItemKind.NEW_COMPARISON: 2}
KIND_LABELS = {
    ItemKind.NEW_TOOL: "New here",
    ItemKind.NEW_COMPARISON: "Side by side",
    ItemKind.VERDICT_CHANGE: "Changed their mind",
    ItemKind.PRICE_MOVE: "Prices",
    ItemKind.DISAGREEMENT: "Where you disagree with the panel",
    ItemKind.VOTES: "Votes of the week",
}
MAX_SUBJECT_PARTS = 3
# Singular and plural of the kinds that a subject names, the rarest first.
_SUBJECT_PARTS = (
    (ItemKind.VERDICT_CHANGE, "change of mind", "changes of mind"),
    (ItemKind.PRICE_MOVE, "new price", "new prices"),
    (ItemKind.NEW_COMPARISON, "new comparison", "new comparisons"),
    (ItemKind.NEW_TOOL, "new tool", "new tools"),
)


@dataclass(frozen=True)
class ItemGroup:
    """A section's items of one kind, under one label: first those in full, then those that are only named."""

    kind: ItemKind
    items: tuple[NewsItem, ...]
    named_only: tuple[NewsItem, ...] = ()

    @property
    def label(self) -> str:
        return KIND_LABELS[self.kind]


@dataclass(frozen=True)
class Section:
    """The news of one category or of certain tools, under a heading. Each section is rendered to one block."""

    kind: BlockKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    heading: str
    items: tuple[NewsItem, ...]

    @property
    def groups(self) -> list[ItemGroup]:
        return [_item_group(kind, tuple(items)) for kind, items in groupby(self.items, key=lambda item: item.kind)]

    @property
    def has_verdict_or_price_change(self) -> bool:
        return any(item.kind in CHANGE_KINDS for item in self.items)


def render_blocks(edition: Edition, items: Sequence[NewsItem]) -> list[Block]:
    """Return an edition's blocks: head, one for each category, one for each tool or comparison, foot.

    Raises EditionIsEmpty if no item is included.
    """
    included = [item for item in items if item.is_included]
    if not included:
        raise EditionIsEmpty(edition.name)
    sections = [*category_sections(included), *tool_sections(included)]
    context = _template_context(edition, subject_of(edition, included))
    text_parts = [
        tidy_text(render_part("digest/head.txt", **context)) + "\n",
        *(tidy_text(render_part("digest/section.txt", section=section, **context)) + "\n" for section in sections),
        tidy_text(render_part("digest/foot.txt", **context)),
    ]
    html_parts = inline_styles(render_part("digest/letter.html", sections=sections, **context)).split(CUT_MARK)
    head, *middle, foot = zip(text_parts, map(_without_indents, html_parts), strict=True)
    return [
        Block(BlockKind.HEAD, None, (), False, *head),
        *(
            Block(section.kind, section.category_id, section.tool_ids, section.has_verdict_or_price_change, *rendered)
            for section, rendered in zip(sections, middle, strict=True)
        ),
        Block(BlockKind.FOOT, None, (), False, *foot),
    ]


def subject_of(edition: Edition, items: Sequence[NewsItem]) -> str:
    """Return the editor's subject; without one, "Two changes of mind and one new tool", made from the items."""
    return edition.subject or _generated_subject([item.kind for item in items if item.is_included])


def category_sections(items: Sequence[NewsItem]) -> list[Section]:
    """Return a section for each category, in the order of their first items."""
    by_category: dict[int | None, list[NewsItem]] = {}
    for item in items:
        by_category.setdefault(item.category_id, []).append(item)
    return [
        Section(BlockKind.CATEGORY, id, (), _category_heading(members[0]), tuple(members))
        for id, members in by_category.items()
    ]


def tool_sections(items: Sequence[NewsItem]) -> list[Section]:
    """Return a section for each tool with news of its own, and for each comparison."""
    by_tools: dict[tuple[int | None, tuple[int, ...]], list[NewsItem]] = {}
    for item in items:
        by_tools.setdefault((item.category_id, item.tool_ids), []).append(item)
    return [
        Section(BlockKind.TOOL, category_id, ids, _tools_heading(members[0]), tuple(members))
        for (category_id, ids), members in by_tools.items()
    ]


def item_title(item: NewsItem) -> str:
    """Return an item's title for editors: "Prices: Alpha"."""
    return f"{KIND_LABELS[item.kind]}: {_tools_heading(item)}"


def format_week(week: Week) -> str:
    """Return the days of a week: "16 to 22 November 2026"."""
    first_day, last_day = week.monday, week.sunday
    year = f" {first_day.year}" if first_day.year != last_day.year else ""
    month = f" {first_day:%B}{year}" if first_day.month != last_day.month else ""
    return f"{first_day.day}{month} to {last_day.day} {last_day:%B} {last_day.year}"


def short_day(iso_date: str) -> str:
    """Return a date in an item's details as the letter shows it: "19 Nov"."""
    day = date.fromisoformat(iso_date)
    return f"{day.day} {day:%b}"


def _generated_subject(kinds: Sequence[ItemKind]) -> str:
    counts = Counter(kinds)
    parts = [
        f"{number(counts[kind])} {one if counts[kind] == 1 else many}"
        for kind, one, many in _SUBJECT_PARTS
        if counts[kind]
    ]
    if parts:
        subject = listed(parts[:MAX_SUBJECT_PARTS])
        return subject[:1].upper() + subject[1:]
    return "Where you part from the panel" if counts[ItemKind.DISAGREEMENT] else "How you voted this week"


def _template_context(edition: Edition, subject: str) -> dict[str, object]:
    return {
        "edition": edition,
        "subject": subject,
        "week_dates": format_week(edition.week),
        "intro_html": markdown.render(edition.intro),
        "leave": absolute_url(leave_path(LEAVE_PLACEHOLDER)),
        "preferences": absolute_url(preferences_path(PREFERENCES_PLACEHOLDER)),
        "on_the_web": absolute_url(f"/digest/{edition.name}"),
        "short_day": short_day,
    }


def _without_indents(html: str) -> str:
    return "".join(f"{line.strip()}\n" for line in html.splitlines() if line.strip())


def _item_group(kind: ItemKind, items: tuple[NewsItem, ...]) -> ItemGroup:
    in_full = MAX_IN_FULL.get(kind, len(items))
    return ItemGroup(kind, items[:in_full], items[in_full:])


def _category_heading(item: NewsItem) -> str:
    category = item.details["category"]
    return str(category["name"]) if category and item.category_id else NO_CATEGORY_HEADING


def _tools_heading(item: NewsItem) -> str:
    details = item.details
    return " vs ".join(details["names"]) if item.kind is ItemKind.NEW_COMPARISON else str(details["tool"]["name"])
