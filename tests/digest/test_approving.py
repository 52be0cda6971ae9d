"""A mark of what somebody saw changes with whatever a letter would say, and with nothing else."""

from collections.abc import Callable

import pytest

from tests.digest.weekly import a_week, drafted, items, writing
from tests.makers import NOW, make_subscriber
from verdicts.digest import drafting, editions
from verdicts.digest.approving import ChangedMeanwhile, refuse_unless, stamp_of, stamp_of_words
from verdicts.digest.freezing import freeze

pytestmark = pytest.mark.usefixtures("app")

CHANGES: dict[str, Callable[[int, list[int]], None]] = {
    "order": lambda edition, ids: drafting.reorder(edition, ids[::-1]),
    "dropped": lambda edition, ids: drafting.drop(edition, ids[0]),
    "note": lambda edition, _: drafting.write(edition, note="Good morning."),
    "subject": lambda edition, _: drafting.write(edition, subject="A quiet week"),
    "frozen": lambda edition, _: freeze(edition, NOW),
}


def stamps(edition_id: int) -> tuple[str, str]:
    found = editions.by_id(edition_id)
    return stamp_of(found, items(found)), stamp_of_words(found)


@pytest.mark.parametrize("change", CHANGES)
def test_another_letter_has_another_mark(change: str) -> None:
    a_week()
    edition = drafted()
    before, words_before = stamps(edition.id)
    with writing():
        CHANGES[change](edition.id, [item.id for item in items(edition)])
    after, words_after = stamps(edition.id)
    assert before != after
    assert (words_before != words_after) is (change in {"note", "subject", "frozen"})


def test_a_reader_more_changes_nothing_of_what_is_approved() -> None:
    a_week()
    edition = drafted()
    before = stamps(edition.id)
    make_subscriber()
    assert stamps(edition.id) == before


def test_what_was_not_seen_is_refused_in_words() -> None:
    a_week()
    edition = drafted()
    with pytest.raises(ChangedMeanwhile, match="2026-w47"):
        refuse_unless("something else", stamps(edition.id)[0], edition)
