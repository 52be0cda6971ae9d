"""Pictures that other sites show beside a link to a tool or a comparison (Open Graph): the panel's marks, as counts.

They hold no figure of the readers, so they stay true as long as a page elsewhere keeps them.
"""

from collections.abc import Sequence
from functools import lru_cache

from flask import Blueprint, Response, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from verdicts.catalog import queries as catalog
from verdicts.catalog.kinds import ReviewerKind
from verdicts.catalog.reviews import Panel, ReviewerSummary, reviewers_of
from verdicts.catalog.summaries import ToolLink
from verdicts.comparisons import address, featured
from verdicts.comparisons.address import AddressFault
from verdicts.comparisons.featured import ComparisonSummary, ReviewedTool
from verdicts.config import current_settings
from verdicts.extensions import limiter
from verdicts.web import drawing, limits
from verdicts.web.caching import keep_in, public
from verdicts.web.catalog import NO_TOOL
from verdicts.web.clock import now, today
from verdicts.web.drawing import Card, CardRow, drawable
from verdicts.web.formatting import day_in_words
from verdicts.web.page_stores import StoreName
from verdicts.web.site_state import Source, depends_on

bp = Blueprint("pictures", __name__)

KINDS = ((ReviewerKind.HUMAN, "human"), (ReviewerKind.AI, "AI"), (ReviewerKind.UNSTATED, "unstated"))
NOT_REVIEWED = "—"
MAX_CARDS = 64  # of about 30 KB each; more than one network may have drawn in a minute


@bp.get("/og/tools/<slug>.png")
@public
@depends_on(Source.CONTENT)
def tool(slug: str) -> ResponseReturnValue:
    summary = catalog.find_published(slug, now()) or abort(404, NO_TOOL)
    if summary.slug != slug:
        return redirect(url_for(".tool", slug=summary.slug), 301)
    panel = catalog.panel_verdicts_of([summary.id])[summary.id]
    name = name_of(summary)
    return respond(
        Card(
            site_name=site_name(),
            question=summary.status.words(today()) or "SHIP or SKIP?",
            kicker=drawable(summary.category.name, summary.category.slug) if summary.category else "AI tool",
            headline=name,
            reviewers=labels([panel]),
            rows=(card_row("The panel", panel, reviewers_of([panel])),),
            basis=basis([panel]),
        )
    )


@bp.get("/og/compare/<pair>.png")
@public
@depends_on(Source.CONTENT)
def comparison(pair: str) -> ResponseReturnValue:
    try:
        summary = featured.find(address.parse(pair), now())
    except AddressFault as error:
        abort(400, str(error))
    if summary is None:
        abort(404, NO_TOOL)
    if summary.address != pair:
        return redirect(url_for(".comparison", pair=summary.address), 301)
    names = [name_of(each.tool) for each in summary.tools]
    reviewers = reviewers_of(summary.panels)
    return respond(
        Card(
            site_name=site_name(),
            question="Which one should you ship with?",
            kicker=" vs ".join(names),
            headline=headline_of(summary, names),
            reviewers=labels(summary.panels),
            rows=tuple(card_row(name, each.panel, reviewers) for name, each in zip(names, summary.tools, strict=True)),
            basis=basis(summary.panels),
        )
    )


def respond(card: Card) -> Response:
    keep_in(StoreName.PICTURES)
    response = Response(draw(card), mimetype="image/png")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # other sites are meant to show it
    return response


@lru_cache(maxsize=MAX_CARDS)
def draw(card: Card) -> bytes:
    count_picture()
    return drawing.draw(card)


@limiter.limit(limits.PICTURES_LIMIT, key_func=limits.network_key)
def count_picture() -> None:
    """Count a picture that has to be drawn. Raises RateLimitExceeded."""


def headline_of(summary: ComparisonSummary, names: Sequence[str]) -> str:
    """Return the comparison's headline with the names that the picture draws."""
    by_rule = ComparisonSummary(
        tuple(
            ReviewedTool(ToolLink(each.tool.id, each.tool.slug, name), each.panel)
            for name, each in zip(names, summary.tools, strict=True)
        ),
        None,
    ).headline(today())
    return drawable(summary.editors_headline or "", by_rule)


def name_of(tool: ToolLink) -> str:
    return drawable(tool.name, tool.slug)


def site_name() -> str:
    return drawable(current_settings().site_name, "Verdicts")


def labels(panels: Sequence[Panel]) -> tuple[str, ...]:
    return tuple(drawable(reviewer.label, reviewer.slug) for reviewer in reviewers_of(panels))


def card_row(name: str, panel: Panel, reviewers: Sequence[ReviewerSummary]) -> CardRow:
    marks = tuple(panel.verdict_of(reviewer) for reviewer in reviewers)
    return CardRow(name, marks, f"{panel.ship} of {panel.total}" if panel.total else NOT_REVIEWED)


def basis(panels: Sequence[Panel]) -> str:
    """Return what the counts rest on: "Panel verdicts, SHIP of all: 3 AI voices. Oldest review 17 Nov 2026."."""
    reviewers = reviewers_of(panels)
    if not reviewers:
        return "Nobody on the panel has looked yet."
    counts = [(sum(each.kind is kind for each in reviewers), label) for kind, label in KINDS]
    voices = ", ".join(f"{count} {label}" for count, label in counts if count)
    oldest = min((panel.oldest for panel in panels if panel.oldest), default=None)
    age = f" Oldest review {day_in_words(oldest)}." if oldest else " Review dates not stated."
    return f"How many of the panel would ship it: {voices} {'voice' if len(reviewers) == 1 else 'voices'}.{age}"
