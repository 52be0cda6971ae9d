"""Which other comparisons a page links to, and in which order."""

from flask import Flask

from tests.makers import NOW, make_category, make_comparison, make_tool
from verdicts.catalog import queries
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
    links = [link.names for link in related.load([summary], NOW)[1]]
    assert links == [("Film", "Own"), ("Own", "Written"), ("Named", "Own"), ("Own", "Pages")]
