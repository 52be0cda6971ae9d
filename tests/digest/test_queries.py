"""The list of editions: newest first, with what is in them and how their letters stand, in three statements."""

import pytest
import sqlalchemy as sa

from tests.conftest import StatementCount
from tests.digest.mailing_list import make_edition, make_subscribers
from tests.digest.weekly import a_week, drafted, items, writing
from verdicts.digest import editing, queries
from verdicts.digest.models import DeliveryState, EditionState, delivery
from verdicts.extensions import db

pytestmark = pytest.mark.usefixtures("app")


def names(page: tuple[list[queries.EditionSummary], int]) -> list[str]:
    return [each.edition.name for each in page[0]]


def test_the_newest_week_comes_first_and_pages_follow_each_other() -> None:
    for week in (3, 50, *range(4, 24)):
        make_edition([], EditionState.SENT, year=2026, week=week)
    make_edition([], EditionState.SENT, year=2025, week=52)
    first, second, third = (queries.list_page(number) for number in (1, 2, 3))
    assert names(first)[:2] == ["2026-w50", "2026-w23"]
    assert (len(names(first)), names(second), names(third)) == (20, ["2026-w04", "2026-w03", "2025-w52"], [])
    assert (first[1], second[1]) == (23, 23)


def test_an_edition_is_listed_with_its_items_and_its_deliveries() -> None:
    a_week()
    edition = drafted()
    sent = make_edition(make_subscribers(3), EditionState.SENT, week=46)
    with writing():
        editing.set_removed(edition.id, items(edition)[0].id, is_removed=True)
        one = (delivery.c.edition_id == sent) & (delivery.c.subscriber_id == 1)
        db.session.connection().execute(sa.update(delivery).where(one).values(state=DeliveryState.SENT))
    draft, other = queries.list_page(1)[0]
    assert (draft.item_count, draft.removed_count, draft.progress.total) == (2, 1, 0)
    assert (other.item_count, other.removed_count, other.progress.summary) == (0, 0, "1 of 3: 2 pending, 1 sent")


def test_of_a_week_that_was_cancelled_only_the_latest_goes_by_its_name() -> None:
    for state in (EditionState.CANCELLED, EditionState.CANCELLED):
        make_edition([], state)
    assert [each.is_replaced for each in queries.list_page(1)[0]] == [False, True]
    make_edition([], EditionState.SENDING)
    assert [each.is_replaced for each in queries.list_page(1)[0]] == [False, True, True]


def test_the_list_takes_five_statements_however_many_editions_there_are(statements: StatementCount) -> None:
    readers = make_subscribers(2)
    for week in range(1, 30):
        make_edition(readers, EditionState.SENT, week=week)
    before = len(statements)
    queries.list_page(1)
    assert len(statements) - before == 5
