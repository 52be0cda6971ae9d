"""The directory with its search, and a page for each tool."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import directory, past, picks
from verdicts.catalog import queries as catalog
from verdicts.catalog.content_version import catalog_state
from verdicts.catalog.picks import Pick
from verdicts.catalog.reviews import ReviewerSummary, reviewers_of
from verdicts.catalog.summaries import PlanSummary, Predecessor, ReleaseSummary, ToolLink, ToolSummary
from verdicts.comparisons import finder, related, wording
from verdicts.comparisons.conclusion import disagreement
from verdicts.comparisons.differences import FactRow, fact_rows
from verdicts.comparisons.related import ComparisonLink
from verdicts.comparisons.tool_table import ToolRow
from verdicts.voting.months import votes_by_month
from verdicts.voting.queries import tally_of
from verdicts.web import as_of, directory_page
from verdicts.web.caching import public
from verdicts.web.clock import now
from verdicts.web.history import History, history_of
from verdicts.web.known_arguments import reads
from verdicts.web.site_state import Source, depends_on
from verdicts.web.traffic import note_empty_search

bp = Blueprint("catalog", __name__)

NO_TOOL = "We know no tool under this name."


@dataclass(frozen=True)
class ToolPage(ToolRow):
    """`turned_on` is when the panel's majority became the opposite of what it was; see catalog.past."""

    reviewers: tuple[ReviewerSummary, ...]
    facts: tuple[FactRow, ...]
    plans: tuple[PlanSummary, ...]
    history: History
    releases: tuple[ReleaseSummary, ...]
    disagreement: str
    answer: str
    majority: str
    turned_on: date | None
    predecessors: tuple[Predecessor, ...]
    picks: tuple[Pick, ...]
    related: tuple[ComparisonLink, ...]


@bp.get("/tools")
@public
@reads(*directory_page.ARGUMENTS)
@depends_on(Source.CONTENT, Source.VOTES)
def index() -> ResponseReturnValue:
    query, ticked = directory_page.read_query(), directory_page.read_ticked()
    state = catalog_state(now())
    categories = directory.count_by_category(now(), state)
    if query.category and query.category not in {category.slug for category in categories}:
        renamed = directory.find_category(query.category.strip("/").lower())
        if renamed is None:
            abort(404, "We know no category under this name.")
        return redirect(directory_page.path_of(replace(query, category=renamed), ticked), 301)
    pair = directory.find_pair(query.text, now())
    found = finder.list_pair(pair) if pair else finder.find_tools(query, now(), state)
    if not found.tools and (query.page > 1 or query.after):
        abort(404, "This page of the directory is empty.")
    if (not found.tools or found.is_partial) and not query.is_filtered:
        note_empty_search(query.text)
    return directory_page.render(query, found, ticked, pair, categories)


@bp.get("/tools/<slug>")
@public
@reads(as_of.ARGUMENT)
@depends_on(Source.CONTENT, Source.VOTES)
def tool(slug: str) -> ResponseReturnValue:
    day = as_of.read_day()
    summary: ToolSummary = catalog.find_published(slug, now()) or abort(404, NO_TOOL)
    if summary.slug != slug:
        return redirect(url_for("catalog.tool", slug=summary.slug, as_of=day), 301)
    if day:
        return render_template("catalog/tool_as_of.html", page=as_of.load([summary], day)[0], day=day)
    return render_template("catalog/tool.html", page=load_tool_page(summary, now()))


def link_or_404(slug: str) -> ToolLink:
    """Return the published tool under a slug or alias. Answers 404 without one."""
    return catalog.find_published_link(slug, now()) or abort(404, NO_TOOL)


def load_tool_page(tool: ToolSummary, now: datetime) -> ToolPage:
    """Return the page of one tool. Ten statements, or eleven: see votes_by_month()."""
    panel, community = catalog.panels_of([tool.id])[tool.id], tally_of(tool.id)
    past_prices, releases = catalog.past_prices_of([tool.id])[tool.id], catalog.releases_of(tool.id)
    months = votes_by_month(tool.id, now.date())
    return ToolPage(
        tool=tool,
        panel=panel,
        community=community,
        reviewers=tuple(reviewers_of([panel])),
        facts=fact_rows([catalog.facts_of([tool.id])[tool.id]]),
        plans=catalog.plans_of([tool.id])[tool.id],
        history=history_of(tool, panel, past_prices, releases, months, now.date()),
        releases=tuple(releases),
        picks=picks.list_of_tool(tool.id, now),
        disagreement=disagreement(tool.name, panel, community),
        answer=wording.answer(panel, community),
        majority=wording.majority(panel, community),
        turned_on=past.turned_on(panel),
        predecessors=tuple(catalog.predecessors_of(tool.id, now)),
        related=related.load([tool], now).links,
    )
