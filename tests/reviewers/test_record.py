"""A reviewer's record and the order of their reviews, against a computation in plain Python."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.makers import NOW, TODAY
from verdicts.catalog import panel_keys
from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.kinds import Basis, ReviewerKind, Verdict
from verdicts.catalog.models import Category, Review, Reviewer, ReviewRevision, Tool, ToolSlug
from verdicts.extensions import db
from verdicts.reviewers import queries, reviews
from verdicts.reviewers.reviews import ReviewedTool
from verdicts.voting.community import PERCENTAGE_FROM, wilson
from verdicts.voting.models import Tally

VOICES = 4
PAGE_SIZE = 2
CATEGORIES = ("code", "chat", None)
ALL = (Tally, ReviewRevision, Review, ToolSlug, Tool, Reviewer, Category)


@dataclass(frozen=True)
class MadeReview:
    verdict: Verdict
    on: date | None
    before: tuple[tuple[Verdict, bool], ...]  # earlier verdicts, and whether only the wording was corrected
    basis: Basis


@dataclass(frozen=True)
class MadeTool:
    category: str | None
    is_public: bool
    votes: tuple[int, int]
    reviews: dict[int, MadeReview]


verdicts = st.sampled_from(Verdict)
days = st.none() | st.integers(0, 3).map(lambda number: TODAY - timedelta(days=number))
made_reviews = st.builds(
    MadeReview,
    verdicts,
    days,
    st.lists(st.tuples(verdicts, st.booleans()), max_size=2).map(tuple),
    st.sampled_from(Basis),
)
counts = st.integers(0, 60)
made_tools = st.builds(
    MadeTool,
    st.sampled_from(CATEGORIES),
    st.sampled_from([True, True, True, False]),
    st.tuples(counts, counts) | st.sampled_from([(20, 10), (21, 9), (10, 20), (9, 21), (15, 15), (22, 7)]),
    st.dictionaries(st.integers(0, VOICES - 1), made_reviews),
)


def store(tools: list[MadeTool]) -> None:
    """Store exactly these tools, with the reviewers 1 to VOICES; tool and review have ids in the order of the list."""
    for model in ALL:
        db.session.execute(sa.delete(model))
    kinds = [name for name in CATEGORIES if name]
    db.session.add_all(Category(id=1 + place, slug=name, name=name, position=place) for place, name in enumerate(kinds))
    db.session.add_all(
        Reviewer(id=1 + voice, slug=f"voice-{voice}", name=f"V{voice}", kind=ReviewerKind.AI, position=voice)
        for voice in range(VOICES)
    )
    db.session.flush()
    for id, made in enumerate(tools, 1):
        category_id = kinds.index(made.category) + 1 if made.category else None
        published_at = NOW if made.is_public else NOW + timedelta(days=1)
        db.session.add(Tool(id=id, name=f"T{id}", position=id, category_id=category_id, published_at=published_at))
        db.session.flush()
        db.session.add(ToolSlug(slug=f"t{id}", tool_id=id, is_current=True, position=0))
        db.session.add(Tally(tool_id=id, ship=made.votes[0], skip=made.votes[1]))
        for voice, each in made.reviews.items():
            review = Review(
                tool_id=id,
                reviewer_id=1 + voice,
                verdict=each.verdict,
                quote=f"{id}",
                reviewed_on=each.on,
                basis=each.basis,
                position=0,
            )
            review.revisions = [
                ReviewRevision(verdict=verdict, quote="", until=TODAY, reason="", wording_only=worded, position=place)
                for place, (verdict, worded) in enumerate(each.before)
            ]
            db.session.add(review)
    db.session.flush()
    panel_keys.refresh(range(1, len(tools) + 1))
    bump_content_version()
    db.session.commit()


def expected_record(voice: int, tools: list[MadeTool]) -> dict[str, object]:
    """Return a voice's figures, each counted in the plainest way."""
    mine = [tool for tool in tools if tool.is_public and voice in tool.reviews]

    def says(tool: MadeTool, who: int = voice) -> Verdict:
        return tool.reviews[who].verdict

    def ships(judged: list[MadeTool]) -> tuple[int, int]:
        return sum(says(tool) is Verdict.SHIP for tool in judged), len(judged)

    by_category = {kind: ships([tool for tool in mine if tool.category == kind]) for kind in CATEGORIES}
    agreements = {}
    for other in range(VOICES):
        both = [tool for tool in mine if other in tool.reviews and other != voice]
        if both:
            agreements[f"voice-{other}"] = (sum(says(tool) is says(tool, other) for tool in both), len(both))
    panels = [tool for tool in mine if len(tool.reviews) >= 3]
    alone = [tool for tool in panels if [each.verdict for each in tool.reviews.values()].count(says(tool)) == 1]
    clear = [(tool, readers) for tool in mine if (readers := readers_say(*tool.votes))]
    return {
        "ships": ships(mine),
        "changed": sum(has_changed(tool.reviews[voice]) for tool in mine),
        "hands_on": sum(tool.reviews[voice].basis is Basis.HANDS_ON for tool in mine),
        "by_category": {kind: count for kind, count in by_category.items() if count[1]},
        "agreements": agreements,
        "alone": (len(alone), len(panels)),
        "with_readers": (sum(says(tool) is readers for tool, readers in clear), len(clear)),
    }


def readers_say(ship: int, skip: int) -> Verdict | None:
    if ship + skip < PERCENTAGE_FROM:
        return None
    interval = wilson(ship, ship + skip)
    if interval.low > 0.5:
        return Verdict.SHIP
    return Verdict.SKIP if interval.high < 0.5 else None


def has_changed(review: MadeReview) -> bool:
    """Walk through what the review said, one after the other."""
    said = [verdict for verdict, worded in review.before if not worded] + [review.verdict]
    return any(one is not other for one, other in pairwise(said))


def found_record(voice: int) -> dict[str, object]:
    record = queries.load_record(1 + voice, NOW)
    return {
        "ships": (record.verdicts.ships.part, record.verdicts.ships.total),
        "changed": record.verdicts.changed,
        "hands_on": record.verdicts.hands_on,
        "by_category": {
            each.category.slug if each.category else None: (each.ships.part, each.ships.total)
            for each in record.by_category
        },
        "agreements": {each.reviewer.slug: (each.same.part, each.same.total) for each in record.agreements},
        "alone": (record.alone.part, record.alone.total),
        "with_readers": (record.with_readers.part, record.with_readers.total),
    }


def read_all(voice: int, category: str) -> list[ReviewedTool]:
    """Return all reviews, page by page."""
    reviewer = queries.find_reviewer(f"voice-{voice}")
    assert reviewer
    page = reviews.load_page(reviewer, category, None, NOW, PAGE_SIZE)
    found = list(page.reviews)
    while page.next:
        page = reviews.load_page(reviewer, category, page.next, NOW, PAGE_SIZE)
        assert page.reviews
        found += page.reviews
    return found


def expected_order(voice: int, tools: list[MadeTool], category: str) -> list[str]:
    mine = [
        (tool.reviews[voice].on, id)
        for id, tool in enumerate(tools, 1)
        if tool.is_public and voice in tool.reviews and category in {"", tool.category}
    ]
    dated = sorted(((on, id) for on, id in mine if on), reverse=True)
    undated = sorted((id for on, id in mine if not on), reverse=True)
    return [f"t{id}" for _, id in dated] + [f"t{id}" for id in undated]


@given(tools=st.lists(made_tools, max_size=9))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_record_and_the_pages_are_what_plain_python_counts(shared_app: Flask, tools: list[MadeTool]) -> None:
    store(tools)
    rows = {row.reviewer.slug: row.verdicts for row in queries.list_reviewers(NOW)}
    for voice in range(VOICES):
        expected = expected_record(voice, tools)
        assert found_record(voice) == expected
        row = rows[f"voice-{voice}"]
        assert (row.ships.part, row.ships.total) == expected["ships"]
        assert (row.changed, row.hands_on) == (expected["changed"], expected["hands_on"])
        for category in ("", "code", "chat"):
            found = read_all(voice, category)
            assert [each.tool.slug for each in found] == expected_order(voice, tools, category)
            assert [each.has_changed for each in found] == [
                has_changed(tools[each.tool.id - 1].reviews[voice]) for each in found
            ]


def test_readers_are_compared_on_the_tools_with_most_votes(shared_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_VOTED", 2)
    says = {0: MadeReview(Verdict.SHIP, None, (), Basis.UNSTATED)}
    votes = [(99, 0, False), (40, 0, True), (0, 50, True), (30, 30, True)]
    store([MadeTool(None, is_public, (ship, skip), says) for ship, skip, is_public in votes])
    record = queries.load_record(1, NOW)
    assert (record.with_readers, record.of_most_voted) == (queries.Count(0, 1), True)
