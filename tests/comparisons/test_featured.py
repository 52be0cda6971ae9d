"""Which curated comparisons the front page and the picker show first."""

from datetime import timedelta

from flask import Flask

from tests.makers import NOW, make_comparison, make_tool
from verdicts.comparisons import featured

SOON = NOW + timedelta(hours=1)


def test_a_scheduled_comparison_of_published_tools_is_shown_from_its_moment_on(app: Flask) -> None:
    make_comparison(make_tool("alpha"), make_tool("beta"), published_at=SOON)
    assert [len(featured.load(moment, 3)) for moment in (NOW, SOON)] == [0, 1]
