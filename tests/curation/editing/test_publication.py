"""Publishing, unpublishing and archiving, of tools and comparisons alike."""

from datetime import datetime, timedelta

import pytest

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW, make_comparison, make_tool
from verdicts.catalog import queries
from verdicts.catalog.content_version import content_version
from verdicts.curation.editing import publication
from verdicts.curation.editing.publication import PublicationState, Publishable
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")

YESTERDAY, TOMORROW = NOW - timedelta(days=1), NOW + timedelta(days=1)


def make(kind: str, **fields: datetime | None) -> Publishable:
    """Make a tool or comparison; a draft where nothing is said."""
    dates = {"published_at": None, **fields}
    return make_tool("wren", **dates) if kind == "tool" else make_comparison(make_tool("a"), make_tool("b"), **dates)


def state_of(row: Publishable, now: datetime = NOW) -> PublicationState:
    return publication.state_of(row.published_at, row.archived_at, now)


both_kinds = pytest.mark.parametrize("kind", ["tool", "comparison"])


# States


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("published_at", "archived_at", "state"),
    [
        (None, None, PublicationState.DRAFT),
        (TOMORROW, None, PublicationState.SCHEDULED),
        (NOW, None, PublicationState.PUBLISHED),
        (YESTERDAY, None, PublicationState.PUBLISHED),
        (None, YESTERDAY, PublicationState.ARCHIVED),
        (YESTERDAY, YESTERDAY, PublicationState.ARCHIVED),
    ],
)
def test_a_state_follows_from_two_moments(
    published_at: datetime | None, archived_at: datetime | None, state: PublicationState
) -> None:
    assert publication.state_of(published_at, archived_at, NOW) is state
    tool = make_tool("wren", published_at=published_at, archived_at=archived_at)
    assert publication.state_of_tool(tool.id, NOW) is state


@ON_ONE_DATABASE
@pytest.mark.parametrize(
    ("first_published_at", "was_public"), [(None, False), (TOMORROW, False), (NOW, True), (YESTERDAY, True)]
)
def test_readers_could_see_what_was_first_published_before_now(
    first_published_at: datetime | None, was_public: bool
) -> None:
    assert publication.was_public(make("tool", first_published_at=first_published_at), NOW) is was_public


# Publishing


@both_kinds
@pytest.mark.parametrize("at", [None, YESTERDAY])
@ON_ONE_DATABASE
def test_a_draft_is_published_at_once_and_never_in_the_past(kind: str, at: datetime | None) -> None:
    row = make(kind)
    publication.publish(row, NOW, at)
    db.session.commit()
    assert (row.published_at, row.first_published_at, state_of(row)) == (NOW, NOW, PublicationState.PUBLISHED)


def test_readers_see_a_scheduled_tool_from_its_moment_on() -> None:
    row = make("tool")
    publication.publish(row, NOW, TOMORROW)
    db.session.commit()
    assert (row.published_at, row.first_published_at) == (TOMORROW, TOMORROW)
    assert queries.find_published("wren", NOW) is None
    assert queries.find_published("wren", TOMORROW)


@both_kinds
def test_what_was_first_published_stays_no_news_when_it_comes_back(kind: str) -> None:
    row = make(kind, published_at=YESTERDAY, first_published_at=YESTERDAY)
    publication.unpublish(row, NOW)
    assert (row.published_at, row.first_published_at, state_of(row)) == (None, YESTERDAY, PublicationState.DRAFT)
    publication.publish(row, NOW)
    db.session.commit()
    assert (row.published_at, row.first_published_at) == (YESTERDAY, YESTERDAY)


@both_kinds
@ON_ONE_DATABASE
def test_what_readers_know_already_may_be_scheduled_to_come_back_and_is_no_news_then(kind: str) -> None:
    row = make(kind, first_published_at=YESTERDAY)
    publication.publish(row, NOW, TOMORROW)
    assert (row.published_at, row.first_published_at, state_of(row)) == (
        TOMORROW,
        YESTERDAY,
        PublicationState.SCHEDULED,
    )


@both_kinds
@ON_ONE_DATABASE
def test_what_was_scheduled_and_taken_back_in_time_is_news_later(kind: str) -> None:
    row = make(kind)
    publication.publish(row, YESTERDAY, TOMORROW)
    publication.unpublish(row, NOW)
    assert (row.published_at, row.first_published_at) == (None, None)
    publication.publish(row, NOW)
    assert (row.published_at, row.first_published_at) == (NOW, NOW)


# Archiving


@both_kinds
@ON_ONE_DATABASE
def test_what_is_archived_is_hidden_until_it_is_published_or_made_a_draft(kind: str) -> None:
    row = make(kind, published_at=YESTERDAY, first_published_at=YESTERDAY)
    publication.archive(row, NOW)
    assert (row.published_at, row.archived_at, state_of(row)) == (None, NOW, PublicationState.ARCHIVED)
    publication.unpublish(row, NOW)
    assert (row.archived_at, state_of(row)) == (None, PublicationState.DRAFT)
    publication.archive(row, NOW)
    publication.publish(row, NOW)
    assert (row.published_at, row.archived_at, row.first_published_at) == (YESTERDAY, None, YESTERDAY)


# What pages are told


@ON_ONE_DATABASE
@pytest.mark.parametrize("act", [publication.publish, publication.unpublish, publication.archive])
def test_each_change_makes_cached_pages_out_of_date(act: object) -> None:
    row, before = make("tool"), content_version()
    act(row, NOW)
    assert content_version() == before + 1
