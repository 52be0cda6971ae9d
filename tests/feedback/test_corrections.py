"""Messages from readers: open ones come first, and each is resolved once."""

from datetime import timedelta

import pytest

from tests.conftest import StatementCount
from tests.feedback.world import messages, settle, write
from tests.makers import NOW
from verdicts.extensions import begin_write, db
from verdicts.feedback import corrections
from verdicts.feedback.corrections import PAGE_SIZE, CorrectionNotOpen
from verdicts.feedback.models import CorrectionState

pytestmark = pytest.mark.usefixtures("app")

HOUR = timedelta(hours=1)


def test_a_message_is_kept_as_it_was_written() -> None:
    write("It costs €12.\nSince May.", page="/tools/alpha", source="https://alpha.example/", email="ann@example.org")
    (kept,) = messages()
    assert (kept.text, kept.page, kept.source) == (
        "It costs €12.\nSince May.",
        "/tools/alpha",
        "https://alpha.example/",
    )
    assert (kept.email, kept.sent_at, kept.is_open) == ("ann@example.org", NOW, True)


def test_open_messages_come_first_and_the_oldest_of_them_before_the_others() -> None:
    ids = [write(f"Message {number}.", NOW - number * HOUR) for number in range(5)]
    settle(ids[4], now=NOW + HOUR)
    settle(ids[1], CorrectionState.DECLINED, now=NOW + 2 * HOUR)
    assert [each.id for each in messages()] == [ids[3], ids[2], ids[0], ids[1], ids[4]]


def test_a_settled_message_says_what_came_of_it_and_by_whom() -> None:
    settle(write(), CorrectionState.DECLINED)
    (kept,) = messages()
    assert (kept.state, kept.outcome) == (CorrectionState.DECLINED, "Looked up, and changed.")
    assert (kept.decided_by, kept.decided_at) == ("ann", NOW)


def test_a_message_is_settled_once() -> None:
    id = write()
    settle(id)
    with pytest.raises(CorrectionNotOpen):
        settle(id, CorrectionState.DECLINED)
    db.session.rollback()
    assert messages()[0].state is CorrectionState.DONE


def test_there_is_nothing_to_settle_under_an_unknown_id() -> None:
    begin_write()
    with pytest.raises(CorrectionNotOpen):
        corrections.get_open(7)


def test_a_page_of_messages_takes_one_statement_and_counts_them_all(statements: StatementCount) -> None:
    for number in range(PAGE_SIZE + 2):
        write(f"Message {number}.", NOW + number * HOUR)
    before = len(statements)
    found, total = corrections.list_page(1)
    assert (len(found), total, len(statements) - before) == (PAGE_SIZE, PAGE_SIZE + 2, 1)
    assert [each.text for each in corrections.list_page(2)[0]] == [f"Message {PAGE_SIZE}.", f"Message {PAGE_SIZE + 1}."]
    assert corrections.list_page(3) == ([], 0)


def test_the_trail_is_told_neither_what_a_message_says_nor_who_sent_it() -> None:
    id = write("Ann says so.", page="/tools/alpha", email="ann@example.org")
    assert messages()[0].name == f"message {id}"
