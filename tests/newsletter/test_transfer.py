"""Importing and adding subscribers: confirmed unless they are suppressed, and a second import changes nothing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import StatementCount
from tests.makers import NOW
from tests.newsletter.world import ANN, ask, make_subscriber, row_of, statuses, suppress
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.newsletter import transfer
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.csv_file import Consent
from verdicts.newsletter.models import subscriber
from verdicts.newsletter.transfer import (
    BATCH_SIZE,
    AddedSubscriber,
    AddressSuppressed,
    AlreadySubscribed,
    ImportCounts,
    export_consents,
    import_consents,
)

pytestmark = pytest.mark.usefixtures("app")

BEFORE = NOW - timedelta(days=200)


def bring(*addresses: str) -> ImportCounts:
    begin_write()
    report = import_consents([Consent(parse_email(address), "Fair in Lyon", BEFORE) for address in addresses], NOW)
    db.session.commit()
    return report


def add(address: str = ANN) -> AddedSubscriber:
    return commit_or_retry(lambda: transfer.add(Consent(parse_email(address), "Fair in Lyon", BEFORE), NOW))


def test_new_addresses_are_confirmed_with_their_consent() -> None:
    assert bring(ANN, "ben@example.org") == ImportCounts(new=2)
    row = row_of(1)
    assert (row.address, row.status, row.consent_source, row.consent_at, row.confirmed_at) == (
        *(ANN, "confirmed", "Fair in Lyon", BEFORE, NOW),
    )


@pytest.mark.parametrize("reason", ["left", "bounced", "complained", "erased"])
def test_suppressed_addresses_stay_out(reason: str) -> None:
    suppress("Ann@example.org", reason)
    assert bring(ANN, "ben@example.org") == ImportCounts(new=1, suppressed=1)
    assert [row[0] for row in export_consents()] == ["ben@example.org"]


def test_a_pending_sign_up_is_confirmed_by_the_consent_of_the_file() -> None:
    ask()
    assert bring(ANN) == ImportCounts(confirmed=1)
    assert statuses() == ["confirmed"]
    assert row_of(1).consent_source == "Fair in Lyon"


def test_a_pending_sign_up_of_someone_who_left_waits_for_their_own_word() -> None:
    suppress(ANN, "left")
    ask()
    assert bring(ANN) == ImportCounts(suppressed=1)
    assert statuses() == ["pending"]


def test_what_is_known_already_stays_as_it_was() -> None:
    id = make_subscriber()
    before = row_of(id)
    assert bring(ANN) == ImportCounts(known=1)
    assert row_of(id) == before


def test_importing_the_same_twice_changes_nothing() -> None:
    bring(ANN, "ben@example.org")
    before = db.session.execute(sa.select(subscriber)).all()
    db.session.rollback()
    assert bring(ANN, "ben@example.org") == ImportCounts(known=2)
    assert db.session.execute(sa.select(subscriber)).all() == before


def test_a_long_file_takes_a_few_statements_a_batch(statements: StatementCount) -> None:
    before = len(statements)
    assert bring(*(f"reader{number}@example.org" for number in range(2 * BATCH_SIZE + 1))).new == 2 * BATCH_SIZE + 1
    assert len(statements) - before <= 9


def test_an_export_holds_all_who_may_be_mailed_oldest_first() -> None:
    make_subscriber("zoe@example.org", consent_source="Form", consent_at=BEFORE)
    make_subscriber("new@example.org", "pending")
    make_subscriber()
    assert list(export_consents()) == [("zoe@example.org", "Form", BEFORE), (ANN, "A test", NOW)]


# A single one


def test_somebody_is_added_as_confirmed_with_their_consent() -> None:
    added = add()
    row = row_of(added.subscriber_id)
    assert (row.address, row.status, row.consent_source, row.consent_at) == (ANN, "confirmed", "Fair in Lyon", BEFORE)
    assert not added.was_pending


def test_who_had_only_signed_up_is_confirmed() -> None:
    ask()
    assert add() == AddedSubscriber(1, was_pending=True)
    assert statuses() == ["confirmed"]


def test_who_is_subscribed_is_not_added_again_however_the_address_is_spelled() -> None:
    make_subscriber()
    with pytest.raises(AlreadySubscribed):
        add("Ann@Example.org")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("left", "Its owner unsubscribed on 22 Nov 2026, so it was not added. Only they can add it again"),
        ("bounced", "Email to it bounced on"),
        ("erased", "had their data erased"),
        ("complained", "reported an email as spam on 22 Nov 2026, so it was not added. It can never be added again."),
    ],
)
def test_who_is_suppressed_stays_out_and_it_is_said_why(reason: str, words: str) -> None:
    suppress(ANN, reason)
    with pytest.raises(AddressSuppressed, match=words):
        add()
    assert statuses() == []
