"""Messages from readers: open ones come first, and each is resolved once."""

from datetime import timedelta

import pytest

from tests.conftest import StatementCount
from tests.feedback.world import messages, resolve, write
from tests.makers import NOW
from verdicts.extensions import begin_write, db
from verdicts.feedback import corrections
from verdicts.feedback.corrections import PAGE_SIZE, CorrectionNotOpen
from verdicts.feedback.models import CorrectionState

pytestmark = pytest.mark.usefixtures("app")

HOUR = timedelta(hours=1)


def test_a_message_is_stored_as_it_was_written() -> None:
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
    resolve(ids[4], now=NOW + HOUR)
    resolve(ids[1], CorrectionState.DECLINED, now=NOW + 2 * HOUR)
    assert [each.id for each in messages()] == [ids[3], ids[2], ids[0], ids[1], ids[4]]


def test_a_resolved_message_says_how_and_by_whom() -> None:
    resolve(write(), CorrectionState.DECLINED)
    (kept,) = messages()
    assert (kept.state, kept.outcome) == (CorrectionState.DECLINED, "Looked up, and changed.")
    assert (kept.decided_by, kept.decided_at) == ("ann", NOW)


def test_a_message_is_resolved_once() -> None:
    id = write()
    resolve(id)
    with pytest.raises(CorrectionNotOpen):
        resolve(id, CorrectionState.DECLINED)
    db.session.rollback()
    assert messages()[0].state is CorrectionState.DONE


def test_there_is_nothing_to_resolve_under_an_unknown_id() -> None:
    begin_write()
    with pytest.raises(CorrectionNotOpen):
        corrections.get_open(7)


def test_a_page_of_messages_takes_three_statements_and_counts_them_all(statements: StatementCount) -> None:
    for number in range(PAGE_SIZE + 2):
        write(f"Message {number}.", NOW + number * HOUR)
    before = len(statements)
    found, total = corrections.list_page(1, NOW + 99 * HOUR)
    assert (len(found), total, len(statements) - before) == (PAGE_SIZE, PAGE_SIZE + 2, 3)
    assert [each.text for each in corrections.list_page(2, NOW + 99 * HOUR)[0]] == [
        f"Message {PAGE_SIZE}.",
        f"Message {PAGE_SIZE + 1}.",
    ]
    assert corrections.list_page(3, NOW + 99 * HOUR) == ([], 0)


def test_a_messages_name_in_the_audit_log_has_neither_its_text_nor_its_sender() -> None:
    id = write("Ann says so.", page="/tools/alpha", email="ann@example.org")
    assert messages()[0].name == f"message {id}"
