"""What ended because email bounced can be restored for a while, and nothing else can."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.makers import NOW, make_category
from tests.newsletter.world import (
    ANN,
    ask,
    confirm,
    end,
    letters,
    make_subscriber,
    row_of,
    statuses,
    suppress,
    suppressed,
)
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import begin_write, commit_or_retry, db
from verdicts.newsletter import leaving, preferences, queries, restoring, transfer
from verdicts.newsletter.addresses import parse_email
from verdicts.newsletter.csv_file import Consent
from verdicts.newsletter.models import Rhythm, Status, bounced_address
from verdicts.newsletter.retention import delete_bounced_addresses

pytestmark = pytest.mark.usefixtures("app")

HOUR = timedelta(hours=1)


def restore(since: timedelta = -HOUR, until: timedelta = HOUR, after: timedelta = timedelta()) -> int:
    return commit_or_retry(lambda: restoring.restore_span(NOW + since, NOW + until, NOW + after))


def kept() -> list[str]:
    rows = db.session.scalars(sa.select(bounced_address.c.address)).all()
    db.session.rollback()
    return list(rows)


def test_a_bounced_subscription_comes_back_as_it_was(tool: ToolLink) -> None:
    category = make_category().id
    db.session.rollback()
    id = make_subscriber("Ann.Lee@example.org", consent_source="A paper form")
    begin_write()
    preferences.update(id, rhythm=Rhythm.ON_CHANGE, categories=[category], tools=[tool.id], now=NOW)
    db.session.commit()
    before, choices = row_of(id), queries.load_choices([id])
    db.session.rollback()
    end(Status.BOUNCED, id)
    assert [row.address for row in db.session.execute(queries.select_mailable())] == []
    db.session.rollback()
    assert restore() == 1
    assert row_of(id) == before
    assert queries.load_choices([id]) == choices
    assert (suppressed(), kept()) == ([], [])


@pytest.mark.parametrize("reason", [Status.LEFT, Status.COMPLAINED, Status.ERASED])
def test_who_left_before_or_after_the_bounce_does_not_come_back(reason: Status) -> None:
    end(reason, make_subscriber())
    after = make_subscriber("ben@example.org")
    end(Status.BOUNCED, after)
    end(reason, after)
    assert kept() == []
    assert restore() == 0
    assert statuses() == [str(reason)] * 2
    assert suppressed() == [str(reason)] * 2


def test_an_address_suppressed_after_the_bounce_does_not_come_back() -> None:
    end(Status.BOUNCED, make_subscriber())
    commit_or_retry(lambda: leaving.suppress(parse_email(ANN), Status.LEFT, NOW))
    assert (restore(), statuses(), suppressed()) == (0, ["left"], ["left"])


def test_who_signed_up_again_is_not_there_twice() -> None:
    end(Status.BOUNCED, make_subscriber())
    ask()
    assert (restore(), statuses()) == (0, ["bounced", "pending"])
    confirm(letters()[0].confirm_token)
    assert (restore(), statuses(), kept()) == (0, ["bounced", "confirmed"], [])


def test_only_the_span_comes_back_and_of_it_all() -> None:
    for hours in range(5):
        end(Status.BOUNCED, make_subscriber(f"reader{hours}@example.org"), NOW + hours * HOUR)
    suppress("other@example.org", Status.BOUNCED)
    assert restore(HOUR, 4 * HOUR) == 3
    assert statuses() == ["bounced", "confirmed", "confirmed", "confirmed", "bounced"]
    assert suppressed() == ["bounced"] * 3


def test_the_days_of_what_can_be_restored_are_listed_newest_first() -> None:
    for number, days in enumerate((0, 0, 2)):
        end(Status.BOUNCED, make_subscriber(f"reader{number}@example.org"), NOW + timedelta(days=days))
    assert [(str(each.day), each.count) for each in restoring.list_days(NOW)] == [("2026-11-24", 1), ("2026-11-22", 2)]


def test_after_thirty_days_a_bounced_address_is_gone_with_what_its_reader_chose(tool: ToolLink) -> None:
    for number, days in enumerate((0, 1)):
        id = make_subscriber(f"reader{number}@example.org")
        begin_write()
        preferences.update(id, rhythm=Rhythm.EVERY_WEEK, categories=[], tools=[tool.id], now=NOW)
        db.session.commit()
        end(Status.BOUNCED, id, NOW + timedelta(days=days))
    month = timedelta(days=30)
    assert restore(-HOUR, HOUR, month) == 0, "its time is over, though housekeeping has not run"
    assert commit_or_retry(lambda: delete_bounced_addresses(NOW + month)) == 1
    assert commit_or_retry(lambda: delete_bounced_addresses(NOW + month)) is None
    assert kept() == ["reader1@example.org"]
    assert {id: set(each.tools) for id, each in queries.load_choices([1, 2]).items()} == {1: set(), 2: {tool.id}}
    db.session.rollback()
    assert suppressed() == ["bounced", "bounced"]


def test_an_import_keeps_out_what_bounced_until_it_is_restored() -> None:
    end(Status.BOUNCED, make_subscriber())
    consent = [Consent(parse_email(ANN), "A list", NOW)]
    assert commit_or_retry(lambda: transfer.import_consents(consent, NOW)).suppressed == 1
    restore()
    assert commit_or_retry(lambda: transfer.import_consents(consent, NOW)).known == 1
