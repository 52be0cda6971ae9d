"""What else on a page a vote moves: figures swapped in the voter's own view, while the cached page stays public.

Without them the page that a voter looks at would contradict itself: the form says one more than what stands beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from flask import request

from verdicts.catalog import queries as catalog
from verdicts.catalog.summaries import ToolLink
from verdicts.comparisons import address, queries, wording
from verdicts.comparisons.address import AddressFault
from verdicts.comparisons.conclusion import disagreement
from verdicts.comparisons.queries import ToolsNotFound
from verdicts.voting.community import Community
from verdicts.voting.queries import readers_of_both
from verdicts.voting.readers_of_both import ReadersOfBoth
from verdicts.web.clock import now

COMPARISONS = "/compare/"


@dataclass(frozen=True)
class ToolFigures:
    """A tool's figures, and the sentences about its panel and readers, each of them or ""."""

    tool: ToolLink
    community: Community
    disagreement: str
    answer: str
    majority: str


@dataclass(frozen=True)
class PairFigures:
    """What the readers who judged both tools of a comparison say."""

    names: list[str]
    readers: ReadersOfBoth
    sentence: str


@dataclass(frozen=True)
class MovedFigures:
    tools: list[ToolFigures]
    pair: PairFigures | None


def load(tools: Iterable[tuple[ToolLink, Community]]) -> MovedFigures:
    """Return what votes for these tools move on the page that the request came from. At most three statements."""
    given = list(tools)
    panels = catalog.panels_of([tool.id for tool, _ in given])
    figures = [
        ToolFigures(
            tool,
            community,
            disagreement(tool.name, panels[tool.id], community),
            wording.answer(panels[tool.id], community),
            wording.majority(panels[tool.id], community),
        )
        for tool, community in given
    ]
    return MovedFigures(figures, _load_pair())


def _load_pair() -> PairFigures | None:
    """Return the figures of a comparison of two tools, if that is the page that the request came from."""
    # htmx states the page; a browser states it to its own site too.
    page = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    try:
        path = unquote(urlsplit(page).path)
        slugs = address.parse(path.removeprefix(COMPARISONS)) if path.startswith(COMPARISONS) else []
        tools = [each.tool for each in queries.find(slugs, now())] if len(slugs) == address.MIN_TOOLS else []
    except (ValueError, ToolsNotFound, AddressFault):
        return None
    if not tools:
        return None
    names, readers = [tool.name for tool in tools], readers_of_both(*(tool.id for tool in tools))
    return PairFigures(names, readers, wording.readers_sentence(names, readers))
