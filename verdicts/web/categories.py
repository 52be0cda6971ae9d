"""A page for each category: its tools in one table of what they are compared on."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import categories, picks
from verdicts.catalog import queries as catalog
from verdicts.catalog.picks import Pick
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.catalog.summaries import CategoryLink, CategorySummary, ToolFacts
from verdicts.comparisons import pick_leads, tool_table
from verdicts.comparisons.own_panel import OwnPanel, weigh
from verdicts.comparisons.tool_table import ToolTable
from verdicts.web.caching import public
from verdicts.web.clock import now, today
from verdicts.web.comparisons import ANY_WEIGHT, in_address, read_weights
from verdicts.web.known_arguments import reads
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("categories", __name__)


@dataclass(frozen=True)
class CategoryPage:
    """`pick_leads` has a sentence for each pick, or "".

    `facts` are each tool's by its id; `after` is the slug that this page begins after, "" on the first one, and
    `previous_after` that of the page before, None on the first one. `weights` are a reader's own, by their names in the
    address, and `own_panel` is what they come to; {} and None as published.
    """

    category: CategorySummary
    picks: tuple[Pick, ...]
    pick_leads: tuple[str, ...]
    table: ToolTable
    facts: dict[int, ToolFacts]
    others: tuple[CategoryLink, ...]
    after: str
    next_after: str
    previous_after: str | None
    weights: dict[str, int]
    own_panel: OwnPanel | None


@bp.get("/categories/<slug>")
@public
@reads("after", ANY_WEIGHT)
@depends_on(Source.CONTENT, Source.VOTES)
def show(slug: str) -> ResponseReturnValue:
    category: CategorySummary = categories.find(slug) or abort(404, "We know no category under this name.")
    after = request.args.get("after", "")[:MAX_QUERY_LENGTH]
    weights = read_weights()
    if category.slug != slug:
        kept = {"after": after or None, **in_address(weights)}
        return redirect(url_for("categories.show", slug=category.slug, **kept), 301)  # type: ignore[arg-type]
    page = load_page(category, after, weights)
    if after and not page.table.rows:
        abort(404, "This page of the category is empty.")
    return render_template("categories/page.html", page=page)


def load_page(category: CategorySummary, after: str = "", weights: Mapping[str, int] | None = None) -> CategoryPage:
    """Return a category's page. Eight statements, behind a slug nine, and two more where a pick has a runner-up."""
    found = categories.list_tools(category.id, after, now(), weights)
    table = tool_table.load(found.tools)
    picked = picks.list_in_category(category.id, now()) if not after else ()
    return CategoryPage(
        category=category,
        picks=picked,
        pick_leads=pick_leads.load(picked, today()),
        table=table,
        facts=catalog.facts_of([tool.id for tool in found.tools]),
        others=tuple(link for link in categories.list_links(now()) if link.slug != category.slug),
        after=after,
        next_after=found.next_after,
        previous_after=found.previous_after,
        weights=in_address(weights or {}),
        own_panel=weigh([row.panel for row in table.rows], weights, today()) if weights else None,
    )
