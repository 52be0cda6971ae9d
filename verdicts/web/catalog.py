"""The directory with its search, and a page for each tool."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory, picks, search
from verdicts.catalog import queries as catalog
from verdicts.catalog.directory import CategoryCount, DirectoryQuery, FoundTools, Sort
from verdicts.catalog.picks import Pick
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import ReviewerSummary, reviewers_of
from verdicts.catalog.summaries import PlanSummary, ReleaseSummary, ToolLink, ToolSummary
from verdicts.comparisons import address, related, tool_table
from verdicts.comparisons.conclusion import disagreement
from verdicts.comparisons.differences import FactRow, fact_rows
from verdicts.comparisons.related import ComparisonLink
from verdicts.comparisons.tool_table import ToolRow
from verdicts.texts import without_bidi_controls
from verdicts.voting.queries import tally_of
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.paging import Page, page_number
from verdicts.web.traffic import note_empty_search

bp = Blueprint("catalog", __name__)

NO_TOOL = "We know no tool under this name."
SORTS = {
    Sort.RELEVANCE: "Best match",
    Sort.EDITORS_ORDER: "Editors’ order",
    Sort.NAME: "Name",
    Sort.NEWEST: "Newest",
}


@dataclass(frozen=True)
class ToolPage(ToolRow):
    reviewers: tuple[ReviewerSummary, ...]
    facts: tuple[FactRow, ...]
    plans: tuple[PlanSummary, ...]
    past_prices: tuple[Price, ...]
    releases: tuple[ReleaseSummary, ...]
    disagreement: str
    picks: tuple[Pick, ...]
    related: tuple[ComparisonLink, ...]


@bp.get("/tools")
@public
def index() -> ResponseReturnValue:
    query = read_query()
    categories = directory.count_by_category(now())
    if query.category and query.category not in {category.slug for category in categories}:
        renamed = directory.find_category(query.category.strip("/").lower())
        if renamed is None:
            abort(404, "We know no category under this name.")
        arguments = urlencode({**request.args.to_dict(), "category": renamed})
        return redirect(f"{url_for('catalog.index')}?{arguments}", 301)
    pair = directory.find_pair(query.text, now())
    found = directory.list_pair(pair, now()) if pair else directory.find_tools(query, now())
    if not found.tools and query.page > 1:
        abort(404, "This page of the directory is empty.")
    if not found.tools and not query.category:
        note_empty_search(query.text)
    return render_index(query, found, pair, categories)


@bp.get("/tools/<slug>")
@public
def tool(slug: str) -> ResponseReturnValue:
    summary: ToolSummary = catalog.find_published(slug, now()) or abort(404, NO_TOOL)
    if summary.slug != slug:
        return redirect(url_for("catalog.tool", slug=summary.slug), 301)
    return render_template("catalog/tool.html", page=load_tool_page(summary, now()))


def render_index(
    query: DirectoryQuery,
    found: FoundTools,
    pair: tuple[ToolLink, ToolLink] | None,
    categories: list[CategoryCount],
) -> str:
    return render_template(
        "catalog/directory.html",
        query=query,
        corrected=found.corrected,
        pair=pair,
        pair_address=address.canonical(tool.slug for tool in pair) if pair else "",
        page=Page(found.tools, query.page, found.total, directory.PAGE_SIZE),
        table=tool_table.load(found.tools),
        categories=categories,
        sorts={sort: label for sort, label in SORTS.items() if sort is not Sort.RELEVANCE or query.text},
    )


def link_or_404(slug: str) -> ToolLink:
    """Return the published tool under a slug or alias. Answers 404 without one."""
    return catalog.find_published_link(slug, now()) or abort(404, NO_TOOL)


def load_tool_page(tool: ToolSummary, now: datetime) -> ToolPage:
    """Return the page of one tool. Eight statements."""
    panel, community = catalog.panels_of([tool.id])[tool.id], tally_of(tool.id)
    return ToolPage(
        tool=tool,
        panel=panel,
        community=community,
        reviewers=tuple(reviewers_of([panel])),
        facts=fact_rows([catalog.facts_of([tool.id])[tool.id]]),
        plans=catalog.plans_of([tool.id])[tool.id],
        past_prices=tuple(catalog.past_prices_of(tool.id)),
        releases=tuple(catalog.releases_of(tool.id)),
        picks=picks.list_of_tool(tool.id, now),
        disagreement=disagreement(tool.name, panel, community),
        related=related.load([tool], now)[1],
    )


def read_query() -> DirectoryQuery:
    """Return what the address asks the directory for. Answers 400 for an order or a page that does not exist."""
    text = " ".join(without_bidi_controls(request.args.get("q", "")).split())[: search.MAX_QUERY_LENGTH]
    sort = request.args.get("sort", "")
    if sort and sort not in set(Sort):
        abort(400, f"The directory cannot be sorted by “{sort[:40]}”. It can by {', '.join(sorted(Sort))}.")
    return DirectoryQuery(
        text=text,
        category=request.args.get("category", "")[: search.MAX_QUERY_LENGTH],
        sort=Sort(sort) if sort else Sort.RELEVANCE if text else Sort.EDITORS_ORDER,
        page=page_number(request.args.get("page", "")),
    )
