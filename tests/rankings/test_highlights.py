"""What the front page shows of the rankings."""

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_review, make_reviewer, make_tool, make_votes
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Reviewer, Tool
from verdicts.extensions import db
from verdicts.rankings import highlights
from verdicts.rankings.highlights import Highlights


def judged(slug: str, verdicts: str, ship: int, skip: int, **keys: object) -> Tool:
    """Return a tool that reviewers a, b, c … judged: "+" is SHIP, "-" is SKIP; and so many readers."""
    tool = make_tool(slug, **keys)
    for name, sign in zip("abcde", verdicts, strict=False):
        reviewer = db.session.scalar(sa.select(Reviewer).where(Reviewer.slug == name)) or make_reviewer(name)
        make_review(tool, reviewer, Verdict.SHIP if sign == "+" else Verdict.SKIP)
    make_votes(tool, ship=range(ship), skip=range(1000, 1000 + skip))
    return tool


def slugs(found: Highlights) -> tuple[list[str], list[str]]:
    return [each.tool.slug for each in found.contested], [each.tool.slug for each in found.differing]


def test_contested_is_what_splits_panel_and_readers_and_differing_what_one_side_likes(app: Flask) -> None:
    judged("even", "++--", 20, 20)
    judged("leaning", "++-", 30, 10)
    judged("liked-by-readers", "---", 38, 2)
    judged("agreed", "+++", 39, 1)
    found = highlights.load(NOW, 3)
    assert slugs(found) == (["even", "leaning"], ["liked-by-readers"])
    assert found.differing[0].readers_are_keener


@ON_ONE_DATABASE
@pytest.mark.parametrize("keys", [{"ship": 10, "skip": 10}, {"ship": 20, "skip": 20, "published_at": None}])
def test_tools_with_few_votes_and_drafts_are_not_highlighted(app: Flask, keys: dict[str, object]) -> None:
    judged("unseen", "++--", **keys)  # type: ignore[arg-type]
    assert slugs(highlights.load(NOW, 3)) == ([], [])
