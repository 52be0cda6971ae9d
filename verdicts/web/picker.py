"""The picker's page: the tools that a reader has chosen, and those to choose from."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, make_response, render_template, request, url_for

from verdicts.catalog import directory
from verdicts.catalog import queries as catalog
from verdicts.catalog.search_terms import MAX_QUERY_LENGTH
from verdicts.catalog.summaries import ToolLink, ToolSummary
from verdicts.comparisons import address, featured, finder
from verdicts.comparisons.featured import ComparisonSummary
from verdicts.comparisons.finder import ToolQuery
from verdicts.comparisons.rivals import list_rivals
from verdicts.comparisons.tool_orders import Sort
from verdicts.comparisons.wording import listed
from verdicts.texts import without_bidi_controls
from verdicts.web.clock import now
from verdicts.web.traffic import note_empty_search

MAX_PROPOSED = 6
MAX_FOUND = 12
ORDINALS = ("First", "Second", "Third", "Fourth")


@dataclass(frozen=True)
class ChosenTool:
    """A tool that was chosen, and the path of the picker without it."""

    tool: ToolLink
    path: str


@dataclass(frozen=True)
class ToolChoice:
    """A tool to choose, and the path of the picker with it."""

    tool: ToolSummary
    path: str


@dataclass(frozen=True)
class Choices:
    """What there is to choose from: what was searched for, or what is proposed."""

    tools: Sequence[ToolSummary] = ()
    corrected: str = ""
    is_partial: bool = False
    pair: tuple[ToolLink, ToolLink] | None = None


def render(slugs: Sequence[str], problem: str) -> Response:
    """Return the page on which these tools are chosen, with the problem in words or "". At most 17 statements."""
    text = " ".join(without_bidi_controls(request.args.get("q", "")).split())[:MAX_QUERY_LENGTH]
    chosen = catalog.list_published_links(slugs[: address.MAX_TOOLS], now())
    popular = [] if text or chosen else featured.load(now(), MAX_PROPOSED)
    is_full = len(chosen) == address.MAX_TOOLS
    choices = Choices() if is_full else find(text, chosen) if text else propose(chosen, popular)
    unknown = [slug for slug in slugs if slug not in {tool.slug for tool in chosen}] if not chosen else []
    page = render_template(
        "comparisons/picker.html",
        text=text,
        chosen=[ChosenTool(tool, path_of([other for other in chosen if other is not tool], text)) for tool in chosen],
        missing=ORDINALS[len(chosen) :],
        choices=[ToolChoice(tool, path_of([*chosen, tool])) for tool in choices.tools],
        corrected=choices.corrected,
        is_partial=choices.is_partial,
        corrected_path=path_of(chosen, choices.corrected),
        pair=choices.pair,
        pair_address=address.canonical(tool.slug for tool in choices.pair) if choices.pair else "",
        pair_of_chosen=address.canonical(tool.slug for tool in chosen) if len(chosen) >= address.MIN_TOOLS else "",
        is_full=is_full,
        problem=problem,
        unknown=listed([f"“{slug}”" for slug in unknown]) if unknown else "",
        directory_path=url_for("catalog.index", q=text or None, tool=[tool.slug for tool in chosen]),
        popular=popular,
    )
    response = make_response(page)
    response.headers["HX-Replace-Url"] = path_of(chosen, text)
    return response


def find(text: str, chosen: Sequence[ToolLink]) -> Choices:
    """Return what a text finds, without what is chosen already."""
    pair = directory.find_pair(text, now()) if not chosen else None
    if pair:
        return Choices(finder.list_pair(pair).tools, pair=pair)
    found = finder.find_tools(ToolQuery(text=text, sort=Sort.RELEVANCE), now())
    if not found.tools or found.is_partial:
        note_empty_search(text)
    ids = {tool.id for tool in chosen}
    return Choices([tool for tool in found.tools if tool.id not in ids][:MAX_FOUND], found.corrected, found.is_partial)


def propose(chosen: Sequence[ToolLink], popular: Sequence[ComparisonSummary]) -> Choices:
    """Return rivals of what is chosen, or with nothing chosen the tools of popular comparisons."""
    if chosen:
        return Choices(list_rivals([tool.id for tool in chosen], now(), MAX_PROPOSED))
    ids = list(dict.fromkeys(each.tool.id for comparison in popular for each in comparison.tools))[:MAX_PROPOSED]
    found = catalog.summaries_of(ids)
    return Choices([found[id] for id in ids if id in found])


def path_of(chosen: Sequence[ToolLink], text: str = "") -> str:
    """Return the picker's path with these tools chosen. With two of them `more` keeps it from their comparison."""
    more = 1 if len(chosen) >= address.MIN_TOOLS else None
    return url_for("comparisons.pick", tool=[tool.slug for tool in chosen], more=more, q=text or None)
