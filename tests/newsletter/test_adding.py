"""Adding, finding and suppressing one subscriber, as an admin does."""

from datetime import timedelta

import pytest

from tests.makers import NOW
from tests.newsletter.world import ANN, ask, letters, make_subscriber, row_of, statuses, suppress
from verdicts.extensions import begin_write, db
from verdicts.newsletter import leaving, queries, transfer
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.csv_file import Consent
from verdicts.newsletter.models import Status
from verdicts.newsletter.queries import AddressSuppression
from verdicts.newsletter.transfer import AddedSubscriber, AddressSuppressed, AlreadySubscribed

pytestmark = pytest.mark.usefixtures("app")

BEFORE = NOW - timedelta(days=3)


def add(address: str = ANN) -> AddedSubscriber:
    db.session.rollback()
    begin_write()
    try:
        added = transfer.add(Consent(parse_email(address), "Fair in Lyon", BEFORE), NOW)
        db.session.commit()
    finally:
        db.session.rollback()
    return added


def suppressed_by_hand(address: str, reason: Status = Status.LEFT) -> int | None:
    db.session.rollback()
    begin_write()
    ended = leaving.suppress(parse_email(address), reason, NOW)
    db.session.commit()
    return ended


def suppression_of(address: str) -> AddressSuppression | None:
    found = queries.find_suppression(parse_email(address))
    db.session.rollback()
    return found


def found(part: str) -> list[str | None]:
    rows = [each.address for each in queries.search(part)]
    db.session.rollback()
    return rows


# Adding


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
        ("left", "Its reader left on 22 Nov 2026, so it stays out. Only they can bring it back"),
        ("bounced", "Mail to it came back on"),
        ("erased", "had everything erased"),
        ("complained", "called a letter spam on 22 Nov 2026, so it stays out. Nothing brings it back."),
    ],
)
def test_who_is_suppressed_stays_out_and_it_is_said_why(reason: str, words: str) -> None:
    suppress(ANN, reason)
    with pytest.raises(AddressSuppressed, match=words):
        add()
    assert statuses() == []


# Finding


def test_an_address_is_found_by_a_part_of_it_and_a_mailbox_however_it_is_spelled() -> None:
    for address in (ANN, "ben@bücher.example", "a_b@example.net", "axb@example.net"):
        make_subscriber(address)
    assert found("example.ORG") == [ANN]
    assert found(" ANN@EXAMPLE.ORG ") == [ANN]
    assert found("ben@xn--bcher-kva.example") == ["ben@bücher.example"]
    assert found("a_b") == ["a_b@example.net"]
    assert found("%") == []
    assert len(found("")) == 4


def test_the_newest_come_first_and_pages_follow_each_other() -> None:
    ids = [make_subscriber(f"reader{number}@example.org") for number in range(5)]
    first = queries.search("reader", limit=3)
    assert [each.id for each in first] == ids[:1:-1]
    assert [each.id for each in queries.search("reader", before=first[-1].id, limit=3)] == ids[1::-1]


# Suppressing


def test_suppressing_a_subscriber_ends_their_subscription_as_leaving_does() -> None:
    id = make_subscriber()
    assert suppressed_by_hand("Ann@example.org") == id
    assert (row_of(id).address, row_of(id).status) == (None, "left")
    assert suppression_of(ANN) == AddressSuppression(Status.LEFT, NOW)


def test_suppressing_a_sign_up_withdraws_its_letter() -> None:
    ask()
    suppressed_by_hand(ANN)
    assert (letters(), statuses()) == ([], ["left"])


def test_an_address_that_is_not_subscribed_is_suppressed_too() -> None:
    assert suppressed_by_hand(ANN, Status.COMPLAINED) is None
    assert suppression_of(ANN) == AddressSuppression(Status.COMPLAINED, NOW)
    assert ask() is False


def test_a_complaint_outlasts_whatever_is_said_later() -> None:
    suppressed_by_hand(ANN, Status.COMPLAINED)
    suppressed_by_hand(ANN, Status.LEFT)
    assert suppression_of(ANN) == AddressSuppression(Status.COMPLAINED, NOW)


def test_whose_subscription_it_was_stays_known_so_that_their_complaint_still_counts() -> None:
    id = make_subscriber()
    suppressed_by_hand(ANN)
    suppressed_by_hand(ANN)
    begin_write()
    leaving.record_complaint(id, NOW)
    db.session.commit()
    assert suppression_of(ANN) == AddressSuppression(Status.COMPLAINED, NOW)
