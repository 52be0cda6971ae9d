"""Comparisons: any two or more tools side by side, and the picker that leads there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import ServiceUnavailable

from verdicts.comparisons import address, queries
from verdicts.comparisons.address import AddressFault
from verdicts.comparisons.conclusion import conclude
from verdicts.comparisons.featured import ComparisonSummary, ReviewedTool
from verdicts.comparisons.own_panel import MAX_WEIGHT, PUBLISHED_WEIGHT, weigh
from verdicts.comparisons.queries import RequestedTool, ToolsNotFound
from verdicts.comparisons.wording import listed
from verdicts.extensions import limiter
from verdicts.web import as_of, fragments, limits, picker
from verdicts.web.caching import keep_in, public
from verdicts.web.clock import now, today
from verdicts.web.errors import render_error
from verdicts.web.known_arguments import reads
from verdicts.web.page_stores import StoreName
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("comparisons", __name__)

MINUTE_SECONDS = 60  # the window of the limit
TOO_MANY_COMPARISONS = (
    "More comparisons were asked for within a minute than we put together in one. Those that editors wrote are there."
)
WEIGHT_PREFIX = "w-"  # before a reviewer's slug in the address
ANY_WEIGHT = f"{WEIGHT_PREFIX}*"
WEIGHTS = tuple(str(weight) for weight in range(MAX_WEIGHT + 1))


@bp.get("/compare/<pair>")
@public
@reads(as_of.ARGUMENT, ANY_WEIGHT)
@depends_on(Source.CONTENT, Source.VOTES)
def show(pair: str) -> ResponseReturnValue:
    weights, day = read_weights(), as_of.read_day()
    try:
        slugs = address.parse(pair)
        if len(slugs) > address.MIN_TOOLS:
            count_large_comparison()
        tools = queries.find(slugs, now())
    except ToolsNotFound as error:
        unknown = listed([f"“{slug}”" for slug in error.slugs])
        return render_error(404, f"We know no tool called {unknown}.", search=error.slugs[0].replace("-", " "))
    except AddressFault as error:
        return render_error(400, str(error))
    canonical = address.canonical(each.tool.slug for each in tools)
    if canonical != pair:
        kept = in_address(weights) | {"as_of": day}
        return redirect(url_for("comparisons.show", pair=canonical, **kept), 301)  # type: ignore[arg-type]
    if day:
        count_uncurated_comparison()
        return render_as_of(tools, day)
    keep_in(StoreName.PAIRS if len(tools) == address.MIN_TOOLS else StoreName.MADE_UP)
    return render_page(tools, count_uncurated_comparison, weights)


@limiter.limit(limits.LARGE_COMPARISONS_LIMIT, key_func=limits.network_key)
def count_large_comparison() -> None:
    """Count a page of three or four tools that is not cached. Raises RateLimitExceeded.

    Anyone can make up thousands of them, and each costs as much as any other page.
    """


def count_uncurated_comparison() -> None:
    """Count a page of tools that no editor compared and that is not cached. Answers 503 beyond what all share.

    A thousand tools make half a million pairs. Crawlers from many networks could render them all day, and only the
    network of each would be counted.
    """
    try:
        _count_for_everybody()
    except RateLimitExceeded:
        raise ServiceUnavailable(TOO_MANY_COMPARISONS, retry_after=MINUTE_SECONDS) from None


@limiter.limit(lambda: limits.UNCURATED_COMPARISONS_LIMIT, key_func=lambda: "everyone")
def _count_for_everybody() -> None: ...


def render_page(
    tools: list[RequestedTool],
    on_uncurated: Callable[[], None] | None = None,
    weights: Mapping[str, int] | None = None,
    **context: bool,
) -> str:
    page = queries.load(tools, now(), on_uncurated)
    # Of three or four tools there are too many.
    is_kept = len(tools) == address.MIN_TOOLS and not weights
    ids = tuple(each.tool.id for each in tools)
    return render_template(
        "comparisons/page.html",
        page=page,
        kept=fragments.keep_by("comparison", ids, tools[0].state) if is_kept else fragments.render,
        conclusion=conclude(page, today()),
        own_panel=weigh([each.panel for each in page.tools], weights, today()) if weights else None,
        **context,
    )


def render_as_of(tools: Sequence[RequestedTool], day: date) -> str:
    rows = as_of.load([each.tool for each in tools], day)
    summary = ComparisonSummary(tuple(ReviewedTool(row.tool, row.panel) for row in rows), None)
    return render_template("comparisons/as_of.html", rows=rows, summary=summary, day=day)


def read_weights() -> dict[str, int]:
    """Return the reader's weights by reviewers' slugs, {} where all are as published. Answers 400 for others."""
    texts = {name: text for name, text in request.args.items() if name.startswith(WEIGHT_PREFIX)}
    if any(text not in WEIGHTS for text in texts.values()):
        abort(400, f"A voice counts from {WEIGHTS[0]} to {WEIGHTS[-1]} times.")
    weights = {name.removeprefix(WEIGHT_PREFIX): int(text) for name, text in texts.items()}
    return {slug: weight for slug, weight in weights.items() if weight != PUBLISHED_WEIGHT}


def in_address(weights: Mapping[str, int]) -> dict[str, int]:
    """Return the names and values by which an address holds weights."""
    return {WEIGHT_PREFIX + slug: weight for slug, weight in weights.items()}


@bp.get("/compare")
@public
@reads("tool", "more", "q")
@depends_on(Source.CONTENT, Source.VOTES)
def pick() -> ResponseReturnValue:
    submitted, wants_more = request.args.getlist("tool"), request.args.get("more") == "1"
    chosen = [slug.lower() for slug in submitted if slug]
    slugs = list(dict.fromkeys(chosen))
    problem = _problem_of(chosen)
    if len(slugs) >= address.MIN_TOOLS and not wants_more and not problem:
        return redirect(url_for("comparisons.show", pair=address.canonical(slugs)), 302)
    return picker.render(slugs, problem), 422 if problem else 200


def _problem_of(chosen: list[str]) -> str:
    """Return why these tools cannot be compared, however many more are still to be chosen; or ""."""
    if len(chosen) > address.MAX_TOOLS:
        return f"A comparison holds {address.MAX_TOOLS} tools at most; you chose {len(chosen)}."
    if len(set(chosen)) < len(chosen):
        return "A comparison needs different tools; you chose one twice."
    return ""
