"""What a subscriber chooses is what the digest reads, and the export has all that is stored about them."""

import json

import pytest
import sqlalchemy as sa

from tests.conftest import StatementCount
from tests.makers import NOW, make_category, make_tool
from tests.newsletter.world import end, make_subscriber, row_of
from verdicts.catalog.models import Tool
from verdicts.extensions import begin_write, db
from verdicts.newsletter import preferences, queries
from verdicts.newsletter.models import Rhythm, Status, subscriber
from verdicts.newsletter.preferences import SubscriptionEnded
from verdicts.newsletter.queries import SubscriberChoices
from verdicts.newsletter.tokens import Purpose, leave_token, preferences_token

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def ann() -> int:
    return make_subscriber()


@pytest.fixture
def kinds() -> list[int]:
    """The ids of three categories."""
    found = [make_category(slug).id for slug in ("agents", "images", "speech")]
    db.session.rollback()
    return found


@pytest.fixture
def tools() -> list[int]:
    found = [make_tool(slug, name=slug.title()).id for slug in ("zeta", "alpha", "mid")]
    db.session.rollback()
    return found


def prefer(id: int, rhythm: Rhythm = Rhythm.EVERY_WEEK, categories: list[int] | None = None, **more: list[int]) -> None:
    begin_write()
    preferences.update(id, rhythm=rhythm, categories=categories or [], tools=more.get("tools", []), now=NOW)
    db.session.commit()


def chosen(id: int) -> SubscriberChoices:
    found = queries.load_choices([id])[id]
    db.session.rollback()
    return found


def test_a_new_subscriber_reads_everything_every_week(ann: int) -> None:
    assert chosen(ann) == SubscriberChoices()


def test_what_is_chosen_replaces_what_was(ann: int, kinds: list[int], tools: list[int]) -> None:
    prefer(ann, Rhythm.ON_CHANGE, kinds[:2], tools=tools[:2])
    assert chosen(ann) == SubscriberChoices(frozenset(kinds[:2]), frozenset(tools[:2]), Rhythm.ON_CHANGE)
    prefer(ann, Rhythm.EVERY_WEEK, kinds[2:], tools=tools[1:])
    assert chosen(ann) == SubscriberChoices(frozenset(kinds[2:]), frozenset(tools[1:]), Rhythm.EVERY_WEEK)
    prefer(ann)
    assert chosen(ann) == SubscriberChoices()


def test_choosing_the_same_twice_is_choosing_it_once(ann: int, kinds: list[int], tools: list[int]) -> None:
    for _ in range(2):
        prefer(ann, Rhythm.ON_CHANGE, [kinds[0], kinds[0]], tools=[tools[0], tools[0]])
    assert chosen(ann) == SubscriberChoices(frozenset(kinds[:1]), frozenset(tools[:1]), Rhythm.ON_CHANGE)


def test_one_readers_choice_is_not_anothers(ann: int, kinds: list[int], tools: list[int]) -> None:
    ben = make_subscriber("ben@example.org")
    prefer(ann, Rhythm.ON_CHANGE, kinds[:1], tools=tools[:1])
    prefer(ben, Rhythm.EVERY_WEEK, kinds[1:2], tools=tools[1:])
    assert chosen(ann) == SubscriberChoices(frozenset(kinds[:1]), frozenset(tools[:1]), Rhythm.ON_CHANGE)


def test_a_followed_tool_that_is_withdrawn_for_a_while_stays_followed(ann: int, tools: list[int]) -> None:
    prefer(ann, tools=tools)
    db.session.execute(sa.update(Tool).where(Tool.id == tools[0]).values(published_at=None))
    db.session.commit()
    assert [link.id for link in preferences.list_followed(ann, NOW)] == [tools[1], tools[2]]
    db.session.rollback()
    prefer(ann, tools=[tools[1]])
    assert chosen(ann).tools == {tools[0], tools[1]}


def test_the_page_shows_what_there_is_and_what_is_chosen(ann: int, kinds: list[int], tools: list[int]) -> None:
    prefer(ann, categories=kinds[1:2], tools=tools)
    found = preferences.load(ann, Rhythm.EVERY_WEEK, NOW)
    assert [(each.slug, each.is_chosen) for each in found.categories] == [
        ("agents", False),
        ("images", True),
        ("speech", False),
    ]
    assert [link.name for link in found.follows] == ["Alpha", "Mid", "Zeta"]
    assert not found.reads_all


def test_who_has_left_has_nothing_to_choose(ann: int) -> None:
    end(Status.LEFT, ann)
    begin_write()
    with pytest.raises(SubscriptionEnded):
        preferences.update(ann, rhythm=Rhythm.ON_CHANGE, categories=[], tools=[], now=NOW)


def test_many_readers_choices_take_three_statements(statements: StatementCount, kinds: list[int]) -> None:
    ids = [make_subscriber(f"reader{number}@example.org") for number in range(40)]
    for id in ids:
        prefer(id, categories=kinds[:1])
    before = len(statements)
    assert len(queries.load_choices(ids)) == 40
    assert len(statements) - before == 3


def test_the_digest_writes_to_the_confirmed_only() -> None:
    make_subscriber("new@example.org", Status.PENDING)
    id = make_subscriber("ann@example.org", rhythm=Rhythm.ON_CHANGE, generation=3)
    assert db.session.execute(queries.select_mailable()).all() == [(id, "ann@example.org", Rhythm.ON_CHANGE, 3)]


def test_a_token_of_an_earlier_generation_is_worth_nothing(ann: int) -> None:
    assert queries.find_by_token(Purpose.LEAVE, leave_token(ann, 1)) is not None
    db.session.execute(sa.update(subscriber).values(generation=2))
    db.session.commit()
    assert queries.find_by_token(Purpose.LEAVE, leave_token(ann, 1)) is None
    assert queries.find_by_token(Purpose.PREFERENCES, preferences_token(ann, 2)) is not None


def test_a_token_for_nobody_finds_nobody() -> None:
    assert queries.find_by_token(Purpose.LEAVE, leave_token(4711, 1)) is None


def test_subscriptions_are_counted_by_status(ann: int) -> None:
    make_subscriber("ben@example.org", Status.PENDING)
    end(Status.BOUNCED, make_subscriber("eve@example.org"))
    assert queries.count_by_status() == dict.fromkeys(Status, 0) | {
        Status.CONFIRMED: 1,
        Status.PENDING: 1,
        Status.BOUNCED: 1,
    }


def test_an_export_has_all_that_is_stored_about_a_subscriber(ann: int, kinds: list[int], tools: list[int]) -> None:
    prefer(ann, Rhythm.ON_CHANGE, kinds[1:2], tools=tools[:1])
    found = queries.find(ann)
    assert found is not None
    assert json.loads(json.dumps(preferences.export(found, NOW))) == {
        "format": "verdicts-subscription/1",
        "address": "ann@example.org",
        "status": "confirmed",
        "signed_up": {"by": "A test", "at": "2026-11-22T12:00:00+00:00"},
        "confirmed_at": "2026-11-22T12:00:00+00:00",
        "ended_at": None,
        "rhythm": "on-change",
        "categories": ["images"],
        "follows": ["zeta"],
    }
    assert set(row_of(ann)._fields) == {
        *("id", "address", "address_key", "status", "rhythm", "generation", "consent_source", "consent_at"),
        *("confirmed_at", "ended_at", "confirm_hash", "confirm_mailed_at", "confirm_until"),
    }, "a new column: does it belong into the export, and must leaving clear it?"
