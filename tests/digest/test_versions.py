"""An edition's version changes with whatever a letter would say, and with nothing else."""

from collections.abc import Callable

import pytest

from tests.digest.weekly import a_week, drafted, items, writing
from tests.makers import NOW, make_subscriber
from verdicts.digest import editing, editions
from verdicts.digest.editions import EditionChanged, edition_version, require_version, text_version
from verdicts.digest.freezing import freeze

pytestmark = pytest.mark.usefixtures("app")

CHANGES: dict[str, Callable[[int, list[int]], None]] = {
    "order": lambda edition, ids: editing.reorder(edition, ids[::-1]),
    "removed": lambda edition, ids: editing.set_removed(edition, ids[0], is_removed=True),
    "intro": lambda edition, _: editing.update_text(edition, intro="Good morning."),
    "subject": lambda edition, _: editing.update_text(edition, subject="A quiet week"),
    "frozen": lambda edition, _: freeze(edition, NOW),
}


def versions(edition_id: int) -> tuple[str, str]:
    found = editions.get_by_id(edition_id)
    return edition_version(found, items(found)), text_version(found)


@pytest.mark.parametrize("change", CHANGES)
def test_another_letter_has_another_version(change: str) -> None:
    a_week()
    edition = drafted()
    before, text_before = versions(edition.id)
    with writing():
        CHANGES[change](edition.id, [item.id for item in items(edition)])
    after, text_after = versions(edition.id)
    assert before != after
    assert (text_before != text_after) is (change in {"intro", "subject", "frozen"})


def test_a_reader_more_changes_nothing_of_what_is_approved() -> None:
    a_week()
    edition = drafted()
    before = versions(edition.id)
    make_subscriber()
    assert versions(edition.id) == before


def test_a_version_that_is_not_current_is_refused_in_words() -> None:
    a_week()
    edition = drafted()
    with pytest.raises(EditionChanged, match="2026-w47"):
        require_version(edition, versions(edition.id)[0], submitted="something else")
