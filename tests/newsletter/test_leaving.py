"""How a subscription ends: the address is deleted, and a keyed hash stays."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.makers import NOW, make_category
from tests.newsletter.world import ANN, ask, end, letters, make_subscriber, row_of, statuses, suppressed
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import Base, begin_write, commit_or_retry, db
from verdicts.newsletter import leaving, preferences, queries
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.models import Rhythm, Status, suppression
from verdicts.newsletter.queries import AddressSuppression

pytestmark = pytest.mark.usefixtures("app")

LATER = NOW + timedelta(days=3)
ENDINGS = (Status.LEFT, Status.BOUNCED, Status.COMPLAINED, Status.ERASED)
every_ending = pytest.mark.parametrize("status", ENDINGS)
# After a bounce the address is kept for a while: tests/newsletter/test_restoring.py.
every_ending_for_good = pytest.mark.parametrize("status", [each for each in ENDINGS if each is not Status.BOUNCED])


def suppress(address: str, reason: Status = Status.LEFT) -> int | None:
    return commit_or_retry(lambda: leaving.suppress(parse_email(address), reason, NOW))


def suppression_of(address: str) -> AddressSuppression | None:
    entry = queries.find_suppression(parse_email(address))
    db.session.rollback()
    return entry


def whole_database() -> str:
    """Return the content of all tables as text."""
    tables = Base.metadata.sorted_tables
    found = "\n".join(str(db.session.execute(sa.select(table)).all()) for table in tables)
    db.session.rollback()
    return found


@every_ending
def test_an_ending_forgets_the_address_and_keeps_its_hash(status: Status) -> None:
    id = make_subscriber("Ann.Lee@example.org")
    assert end(status, id, LATER)
    row = row_of(id)
    assert (row.status, row.ended_at, row.address, row.address_key) == (status, LATER, None, None)
    found = db.session.execute(sa.select(suppression)).one()
    assert (found.address_key, found.reason, found.at) == (parse_email("ann.lee@example.org").key, status, LATER)


@every_ending_for_good
def test_nothing_in_the_database_reveals_the_address_any_more(status: Status, tool: ToolLink) -> None:
    id = make_subscriber("Ann.Lee@example.org", consent_source="Paper form of Ann Lee")
    ask("Ann.Lee@example.org", follow=tool)
    end(status, id)
    assert "lee" not in whole_database().lower()


@every_ending_for_good
def test_an_ending_forgets_what_was_chosen(status: Status, tool: ToolLink) -> None:
    category = make_category().id
    db.session.rollback()
    id = make_subscriber()
    begin_write()
    preferences.update(id, rhythm=Rhythm.ON_CHANGE, categories=[category], tools=[tool.id], now=NOW)
    db.session.commit()
    end(status, id)
    (chosen,) = queries.load_choices([id]).values()
    assert (chosen.categories, chosen.tools) == (frozenset(), frozenset())


@every_ending
def test_an_ending_may_come_twice(status: Status) -> None:
    id = make_subscriber()
    assert [end(status, id), end(status, id, LATER)] == [True, False]
    assert row_of(id).ended_at == NOW


@every_ending
def test_an_ended_subscription_gets_no_mail(status: Status) -> None:
    id = make_subscriber()
    make_subscriber("ben@example.org")
    end(status, id)
    assert [row.address for row in db.session.execute(queries.select_mailable())] == ["ben@example.org"]


def test_a_pending_subscription_can_end_too_and_its_letter_is_deleted() -> None:
    ask()
    end(Status.COMPLAINED, 1)
    assert statuses() == ["complained"]
    assert letters() == []


def test_a_complaint_after_leaving_is_remembered() -> None:
    id = make_subscriber()
    end(Status.LEFT, id)
    assert not end(Status.COMPLAINED, id)
    assert suppressed() == ["complained"]
    assert not ask()


def test_a_complaint_stays_whatever_comes_after() -> None:
    id = make_subscriber()
    end(Status.COMPLAINED, id)
    for status in ENDINGS:
        end(status, id)
    assert suppressed() == ["complained"]


def test_coming_back_and_leaving_again_remembers_the_latest_ending() -> None:
    end(Status.BOUNCED, make_subscriber())
    end(Status.LEFT, make_subscriber(), LATER)
    assert db.session.execute(sa.select(suppression.c.reason, suppression.c.at)).one() == (Status.LEFT, LATER)


def test_an_unknown_subscriber_cannot_end() -> None:
    assert not end(Status.LEFT, 4711)
    assert suppressed() == []


def test_a_confirmed_row_whose_address_is_suppressed_is_not_written_to() -> None:
    make_subscriber(ANN)
    db.session.execute(sa.insert(suppression).values(address_key=parse_email(ANN).key, reason=Status.BOUNCED, at=NOW))
    db.session.commit()
    assert db.session.execute(queries.select_mailable()).all() == []


# Suppressing an address


def test_suppressing_a_subscriber_ends_their_subscription_as_leaving_does() -> None:
    id = make_subscriber()
    assert suppress("Ann@example.org") == id
    assert (row_of(id).address, row_of(id).status) == (None, "left")
    assert suppression_of(ANN) == AddressSuppression(Status.LEFT, NOW)


def test_suppressing_a_sign_up_withdraws_its_letter() -> None:
    ask()
    suppress(ANN)
    assert (letters(), statuses()) == ([], ["left"])


def test_an_address_that_is_not_subscribed_is_suppressed_too() -> None:
    assert suppress(ANN, Status.COMPLAINED) is None
    assert suppression_of(ANN) == AddressSuppression(Status.COMPLAINED, NOW)
    assert ask() is False


def test_a_complaint_outlasts_whatever_is_said_later() -> None:
    suppress(ANN, Status.COMPLAINED)
    suppress(ANN, Status.LEFT)
    assert suppression_of(ANN) == AddressSuppression(Status.COMPLAINED, NOW)


def test_whose_subscription_it_was_stays_known_so_that_their_complaint_still_counts() -> None:
    id = make_subscriber()
    suppress(ANN)
    suppress(ANN)
    begin_write()
    leaving.end(id, Status.COMPLAINED, NOW)
    db.session.commit()
    assert suppression_of(ANN) == AddressSuppression(Status.COMPLAINED, NOW)
