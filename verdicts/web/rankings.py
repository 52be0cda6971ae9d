"""Rankings, of all tools or of a category: by panel, by readers, and where both differ or change their minds."""

from collections.abc import Mapping

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import categories
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.catalog.summaries import CategorySummary
from verdicts.comparisons.own_panel import weigh
from verdicts.rankings import queries
from verdicts.web import scatter
from verdicts.web.caching import public
from verdicts.web.clock import now, today
from verdicts.web.comparisons import ANY_WEIGHT, in_address, read_weights
from verdicts.web.known_arguments import reads
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("rankings", __name__)


@bp.get("/rankings")
@public
@reads("category", ANY_WEIGHT)
@depends_on(Source.CONTENT, Source.VOTES)
def show() -> ResponseReturnValue:
    requested = request.args.get("category", "")[:MAX_QUERY_LENGTH]
    category = _find_category(requested)
    weights = read_weights()
    if category and category.slug != requested:
        return redirect(rankings_path(category.slug, weights), 301)
    page = queries.load(category.id if category else None, weights, now())
    return render_template(
        "rankings/page.html",
        page=page,
        category=category,
        categories=categories.list_links(now()),
        scatter=scatter.draw_scatter(page.disagreements.rows),
        own_panel=weigh([row.panel for row in page.by_panel.rows], weights, today()) if weights else None,
        scatter_top=scatter.TOP,
        scatter_plot_height=scatter.PLOT_HEIGHT,
        scatter_foot=scatter.FOOT,
        scatter_height=scatter.HEIGHT,
    )


def rankings_path(category: str = "", weights: Mapping[str, int] | None = None) -> str:
    """Return the address of the rankings, of all tools or of a category."""
    return url_for("rankings.show", category=category or None, **in_address(weights or {}))  # type: ignore[arg-type]


def _find_category(requested: str) -> CategorySummary | None:
    if not requested:
        return None
    found: CategorySummary = categories.find(requested.strip("/").lower()) or abort(
        404, "We know no category under this name."
    )
    return found
