"""Which other comparisons a page links to, and in which order."""

from flask import Flask

from tests.makers import NOW, make_category, make_comparison, make_tool
from verdicts.catalog import queries
from verdicts.catalog.models import Tool
from verdicts.comparisons import related


def test_editors_comparisons_come_first_then_tools_of_the_category_and_of_one_subject_first(app: Flask) -> None:
    kind, other = make_category("developer-tools").id, make_category("video").id
    own = make_tool("own", name="Own", tagline="A coding agent in the terminal", category_id=kind)
    make_tool("pages", name="Pages", tagline="Reads pages with a small model", category_id=kind)
    make_tool("elsewhere", name="Elsewhere", tagline="A coding agent in the terminal", category_id=other)
    make_tool("named", name="Named", tagline="Writes files", synonyms=["terminal agents"], category_id=kind)
    written = make_tool("written", name="Written", category_id=kind)
    film = make_tool("film", name="Film", category_id=other)
    make_comparison(own, film)
    make_comparison(own, written)
    summary = queries.find_published("own", NOW)
    assert summary
    links = [link.names for link in related.load([summary], NOW).links]
    assert links == [("Film", "Own"), ("Own", "Written"), ("Named", "Own"), ("Own", "Pages")]


def test_reasons_to_choose_come_from_the_comparison_with_the_fewest_others(app: Flask) -> None:
    alpha, beta, gamma, delta = (make_tool(name) for name in ("alpha", "beta", "gamma", "delta"))
    make_comparison(alpha, beta, gamma, delta, choose_if={alpha: "it is one of four"})
    make_comparison(alpha, beta, gamma, choose_if={alpha: "you write", beta: "you draw", gamma: "you sing"})
    assert reasons(alpha, beta) == [("alpha", "you write"), ("beta", "you draw")]
    assert reasons(alpha, delta) == [("alpha", "it is one of four")]
    make_comparison(alpha, beta, choose_if={beta: "there are two"})
    assert reasons(alpha, beta) == [("beta", "there are two")]


def test_a_pair_within_a_comparison_of_more_tools_is_not_the_editors_own(app: Flask) -> None:
    alpha, beta, gamma = (make_tool(name) for name in ("alpha", "beta", "gamma"))
    make_comparison(alpha, beta, gamma, choose_if={alpha: "you write"})
    assert related.load(summaries(alpha, beta), NOW).curated is None


def reasons(*tools: Tool) -> list[tuple[str, str]]:
    return [(reason.slug, reason.when) for reason in related.load(summaries(*tools), NOW).choose_if]


def summaries(*tools: Tool) -> list[queries.ToolSummary]:
    found = queries.summaries_of([tool.id for tool in tools])
    return [found[tool.id] for tool in tools]
