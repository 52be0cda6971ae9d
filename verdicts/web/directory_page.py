"""The directory's page: what its address asks for, the addresses of its links, and what it is rendered from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog.directory import CategoryCount
from verdicts.catalog.kinds import PriceModel
from verdicts.catalog.queries import list_published_links
from verdicts.catalog.reviews import OLD_AFTER
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.catalog.summaries import ToolLink
from verdicts.comparisons import address, finder, tool_table
from verdicts.comparisons.finder import FoundTools, FreshPart, PanelSplit, ToolQuery
from verdicts.comparisons.tool_orders import Sort
from verdicts.texts import without_bidi_controls
from verdicts.web.clock import now
from verdicts.web.paging import page_number

T = TypeVar("T", bound=StrEnum)

ARGUMENTS = ("q", "category", "price", "panel", "license", "open", "fresh", "sort", "page", "after", "tool")
MAX_TICKED = 2 * address.MAX_TOOLS  # of more than a comparison holds the tray still names which
FORMER_SORTS = {"shelf": Sort.RECOMMENDED}  # what links of former versions say
SORTS = {
    Sort.RELEVANCE: "Best match",
    Sort.RECOMMENDED: "Editors’ order",
    Sort.PANEL: "Panel",
    Sort.READERS: "Readers",
    Sort.PRICE: "Price",
    Sort.NAME: "Name",
    Sort.NEWEST: "Newly listed",
}
# What an order means, where its name does not say all.
SORT_NOTES = {
    Sort.PANEL: "Those that most of the panel ship come first.",
    Sort.READERS: "By the lower end of the readers’ interval: few votes count for little. Tools without one come last.",
    Sort.PRICE: "Free first, then by price a month; each currency stands by itself.",
}
PRICES = {
    PriceModel.FREE: "Free",
    PriceModel.FREEMIUM: "Free to start",
    PriceModel.PAID: "Paid",
    PriceModel.CONTACT: "Ask for a price",
    PriceModel.UNKNOWN: "Not known",
}
PANELS = {
    PanelSplit.ALL_SHIP: "All ship",
    PanelSplit.SPLIT: "Split",
    PanelSplit.ALL_SKIP: "All skip",
    PanelSplit.NOT_REVIEWED: "Not reviewed",
}
FRESH = {FreshPart.PRICE: "Price checked lately", FreshPart.REVIEWS: f"Reviews under {OLD_AFTER.days} days"}
OPEN = "Open weights or source"


@dataclass(frozen=True)
class AppliedFilter:
    """A filter that is on, and the path of the directory without it."""

    label: str
    path: str


@dataclass(frozen=True)
class TickedTool:
    """A tool that was ticked, whether it stands on this page, and the path of this page without the tick."""

    tool: ToolLink
    is_listed: bool
    path: str


@dataclass(frozen=True)
class PageLink:
    number: int
    path: str


def read_query() -> ToolQuery:
    """Return what the address asks the directory for. Answers 400 for a value that does not exist."""
    text = " ".join(without_bidi_controls(_argument("q")).split())[:MAX_QUERY_LENGTH]
    sort = FORMER_SORTS.get(_argument("sort")) or _member(Sort, "sort", _argument("sort"))
    is_default = sort is None or (sort is Sort.RELEVANCE and not text)
    page, after = page_number(_argument("page")), _argument("after")[:MAX_QUERY_LENGTH]
    if page > finder.MAX_NUMBERED_PAGE and not after:
        abort(404, f"Pages are numbered up to {finder.MAX_NUMBERED_PAGE}. Search, filter, or go on from the last one.")
    return ToolQuery(
        text=text,
        category=_argument("category")[:MAX_QUERY_LENGTH],
        prices=_members(PriceModel, "price"),
        panel=_member(PanelSplit, "panel", _argument("panel")),
        license=_argument("license")[:MAX_QUERY_LENGTH],
        is_open=_argument("open") == "1",
        fresh=_members(FreshPart, "fresh"),
        sort=_default_sort(text) if is_default else sort or Sort.RECOMMENDED,
        page=page,
        after=after,
    )


def read_ticked() -> list[ToolLink]:
    """Return the published tools that the address names as ticked, in its order. One statement where it names any."""
    slugs = dict.fromkeys(slug.lower() for slug in request.args.getlist("tool") if slug)
    return list_published_links(list(slugs)[:MAX_TICKED], now())


def path_of(query: ToolQuery, ticked: Sequence[ToolLink] = ()) -> str:
    """Return the directory's path with a query's values, without those that need not be said."""
    return url_for(
        "catalog.index",
        q=query.text or None,
        category=query.category or None,
        price=list(query.prices),
        panel=query.panel,
        license=query.license or None,
        open=1 if query.is_open else None,
        fresh=list(query.fresh),
        sort=query.sort if query.sort is not _default_sort(query.text) else None,
        page=query.page if query.page > 1 else None,
        after=query.after or None,
        tool=[tool.slug for tool in ticked],
    )


def render(
    query: ToolQuery,
    found: FoundTools,
    ticked: list[ToolLink],
    pair: tuple[ToolLink, ToolLink] | None,
    categories: Sequence[CategoryCount],
) -> ResponseReturnValue:
    """Return the page. Six statements."""
    shown = replace(query, text=found.corrected or query.text)
    page = render_template(
        "catalog/directory.html",
        query=query,
        found=found,
        pair=pair,
        pair_address=address.canonical(tool.slug for tool in pair) if pair else "",
        table=tool_table.load(found.tools),
        categories=categories,
        category=next((each for each in categories if each.slug == query.category), None),
        licenses=_with(query.license, finder.list_licenses(now())),
        has_open_fact=query.is_open or finder.asks_for_open(query.category),
        applied=_applied(query, ticked, categories),
        ticked=_ticked(query, ticked, found),
        corrected_path=path_of(_first_page(shown), ticked),
        all_path=path_of(ToolQuery(), ticked),
        unticked_path=path_of(query),
        pages=_page_links(shown, found, ticked),
        next_path=path_of(_after(shown, found.next_after), ticked) if found.next_after else "",
        canonical_path=path_of(ToolQuery(category=query.category, page=query.page, after=_lasting(query))),
        is_indexable=path_of(replace(query, page=1, after="")) == path_of(ToolQuery(category=query.category))
        and not ticked,
        default_sort=_default_sort(query.text),
        sorts={sort: label for sort, label in SORTS.items() if sort is not Sort.RELEVANCE or query.text},
        sort_note=SORT_NOTES.get(query.sort, ""),
        prices=PRICES,
        panels=PANELS,
        fresh_parts=FRESH,
        open_label=OPEN,
    )
    response = make_response(page)
    response.headers["HX-Replace-Url"] = path_of(query, ticked)  # a form also sends what is empty
    return response


def _argument(name: str) -> str:
    return request.args.get(name, "")


def _member(kind: type[T], name: str, value: str) -> T | None:
    if not value:
        return None
    if value not in set(kind):
        abort(400, f"“{value[:40]}” is no value of “{name}” here. It takes {', '.join(sorted(kind))}.")
    return kind(value)


def _members(kind: type[T], name: str) -> tuple[T, ...]:
    chosen = {_member(kind, name, value) for value in request.args.getlist(name)}
    return tuple(member for member in kind if member in chosen)


def _default_sort(text: str) -> Sort:
    return Sort.RELEVANCE if text else Sort.RECOMMENDED


def _first_page(query: ToolQuery) -> ToolQuery:
    return replace(query, page=1, after="")


def _after(query: ToolQuery, slug: str) -> ToolQuery:
    """Return the query of the next page. Behind a slug alone, nobody knows which number it has."""
    is_numbered = query.page > 1 or not query.after
    return replace(query, page=query.page + 1 if is_numbered else 1, after=slug)


def _lasting(query: ToolQuery) -> str:
    """Return what a canonical address says that the page begins after: numbers say it where they reach."""
    return query.after if not 1 < query.page <= finder.MAX_NUMBERED_PAGE else ""


def _with(chosen: str, licenses: list[str]) -> list[str]:
    return licenses if not chosen or chosen in licenses else [*licenses, chosen]


def _applied(query: ToolQuery, ticked: list[ToolLink], categories: Sequence[CategoryCount]) -> list[AppliedFilter]:
    query = _first_page(query)
    names = {category.slug: category.name for category in categories}
    applied = [(names[query.category], replace(query, category=""))] if query.category else []
    applied += [(PRICES[each], replace(query, prices=_without(query.prices, each))) for each in query.prices]
    applied += [(f"Panel: {PANELS[query.panel]}", replace(query, panel=None))] if query.panel else []
    applied += [(query.license, replace(query, license=""))] if query.license else []
    applied += [(OPEN, replace(query, is_open=False))] if query.is_open else []
    applied += [(FRESH[each], replace(query, fresh=_without(query.fresh, each))) for each in query.fresh]
    return [AppliedFilter(label, path_of(without, ticked)) for label, without in applied]


def _without(members: tuple[T, ...], one: T) -> tuple[T, ...]:
    return tuple(member for member in members if member is not one)


def _ticked(query: ToolQuery, ticked: list[ToolLink], found: FoundTools) -> list[TickedTool]:
    listed = {tool.id for tool in found.tools}
    return [
        TickedTool(tool, tool.id in listed, path_of(query, [other for other in ticked if other is not tool]))
        for tool in ticked
    ]


def _page_links(query: ToolQuery, found: FoundTools, ticked: list[ToolLink]) -> list[PageLink | None]:
    """Return the first, the last and the near pages, with None where some are left out; [] where there is one page.

    Behind a slug alone there is only the first.
    """
    last = min(-(-found.total // finder.PAGE_SIZE), finder.MAX_NUMBERED_PAGE)
    if last < 2:
        return []
    if query.after and query.page == 1:
        return [PageLink(1, path_of(_first_page(query), ticked))]
    near = range(max(1, query.page - 2), min(last, query.page + 2) + 1)
    numbers = sorted({1, last, *near, query.page})
    links: list[PageLink | None] = []
    for number, before in zip(numbers, [0, *numbers], strict=False):
        links += [None] if number - before > 1 else []
        links.append(PageLink(number, path_of(replace(query, page=number, after=""), ticked)))
    return links
