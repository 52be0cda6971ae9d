"""Editing a draft: the order of its news, whatever others do meanwhile, what is removed, its subject and intro."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask

from tests.conftest import ON_ONE_DATABASE, first_on_both
from tests.digest.weekly import LAST_THURSDAY, LAST_WEEK, a_turn, a_week, an_old_tool, drafted, items, writing
from tests.makers import NOW, make_category
from verdicts.digest import editing, editions
from verdicts.digest.editing import (
    Direction,
    IncompleteOrder,
    ItemNotFound,
    Move,
    SubjectNotOneLine,
    TextTooLong,
    move_category,
    move_item,
)
from verdicts.digest.editions import Edition, EditionIsFrozen
from verdicts.digest.freezing import freeze
from verdicts.digest.models import EditionState
from verdicts.digest.rendering import render_blocks
from verdicts.extensions import commit_or_retry, db

pytestmark = pytest.mark.usefixtures("app")

WORKERS, MOVES = 4, 3
UP, DOWN = Direction.UP, Direction.DOWN


def ids(edition: Edition) -> list[int]:
    return [item.id for item in items(edition)]


def three_categories() -> Edition:
    """Draft a week with two items in the first category and one in each of the others."""
    for name, tools in (("first", ("a", "b")), ("second", ("c",)), ("third", ("d",))):
        kind = make_category(name)
        for tool in tools:
            a_turn(an_old_tool(tool, kind))
    return drafted()


@first_on_both(
    "place, direction, order",
    [
        (0, DOWN, [1, 0, 2, 3]),
        (1, UP, [1, 0, 2, 3]),
        (0, UP, [0, 1, 2, 3]),
        (1, DOWN, [0, 1, 2, 3]),  # the last of its category does not leave it
        (2, UP, [0, 1, 2, 3]),
    ],
)
def test_an_item_moves_by_one_place_within_its_category(place: int, direction: Direction, order: list[int]) -> None:
    edition = three_categories()
    before = ids(edition)
    with writing():
        move_item(edition.id, before[place], direction)
    assert ids(edition) == [before[each] for each in order]


@first_on_both(
    "place, direction, order",
    [
        (1, DOWN, [2, 0, 1, 3]),
        (2, UP, [2, 0, 1, 3]),
        (3, UP, [0, 1, 3, 2]),
        (0, UP, [0, 1, 2, 3]),
        (3, DOWN, [0, 1, 2, 3]),
    ],
)
def test_a_category_moves_with_all_of_its_items(place: int, direction: Direction, order: list[int]) -> None:
    edition = three_categories()
    before = ids(edition)
    with writing():
        move_category(edition.id, before[place], direction)
    assert ids(edition) == [before[each] for each in order]


@ON_ONE_DATABASE
def test_a_move_names_what_moved_and_its_positions() -> None:
    edition = three_categories()
    with writing():
        item = move_item(edition.id, ids(edition)[0], DOWN)
        category = move_category(edition.id, ids(edition)[3], UP)
    assert item == Move("Changed their mind: A", 1, 2)
    assert category == Move("Third", 3, 2)


@ON_ONE_DATABASE
def test_the_letter_follows_the_editors_order() -> None:
    edition = three_categories()
    with writing():
        move_category(edition.id, ids(edition)[3], UP)
        editing.set_removed(edition.id, ids(edition)[0], is_removed=True)
    letter = "".join(block.text for block in render_blocks(edition, items(edition)))
    assert letter.index("(First)") < letter.index("(Third)") < letter.index("(Second)")


@ON_ONE_DATABASE
def test_two_who_move_the_same_item_move_it_twice_and_every_item_keeps_a_place_of_its_own() -> None:
    edition = three_categories()
    before = ids(edition)
    for _ in range(2):
        with writing():
            move_category(edition.id, before[3], UP)
    assert ids(edition) == [before[3], *before[:3]]
    assert [item.position for item in items(edition)] == [0, 1, 2, 3]


@ON_ONE_DATABASE
def test_an_item_of_another_edition_and_a_frozen_one_are_not_moved() -> None:
    a_week()
    edition = drafted()
    first = ids(edition)[0]
    with pytest.raises(ItemNotFound), writing():
        move_item(edition.id, 10_000, UP)
    with writing():
        freeze(edition.id, NOW)
    with pytest.raises(EditionIsFrozen), writing():
        move_item(edition.id, first, DOWN)


def test_of_many_who_move_an_item_at_once_each_moves_it_by_one_place(app: Flask) -> None:
    kind = make_category("code")
    for number in range(WORKERS * MOVES + 1):
        a_turn(an_old_tool(f"tool-{number}", kind))
    edition = drafted()
    before = ids(edition)
    db.session.rollback()
    start = Barrier(WORKERS, timeout=30)

    def arrange(_number: int) -> None:
        with app.app_context():
            start.wait()
            for _ in range(MOVES):
                commit_or_retry(lambda: move_item(edition.id, before[-1], UP))

    with ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(arrange, range(WORKERS)))
    assert ids(edition) == [before[-1], *before[:-1]]
    assert [item.position for item in items(edition)] == list(range(len(before)))


# Items, subject and intro


def reordered(edition_id: int, order: list[int]) -> None:
    with writing():
        editing.reorder(edition_id, order)


def test_an_editor_may_reorder_the_items() -> None:
    a_week()
    edition = drafted()
    order = [item.id for item in items(edition)][::-1]
    reordered(edition.id, order)
    assert [item.id for item in items(edition)] == order


@pytest.mark.parametrize(
    "wrong", [lambda ids: ids[1:], lambda ids: [*ids, ids[0]], lambda _ids: [], lambda ids: [0, *ids[1:]]]
)
@ON_ONE_DATABASE
def test_an_order_that_does_not_name_every_item_once_is_refused(wrong: Callable[[list[int]], list[int]]) -> None:
    a_week()
    edition = drafted()
    ids = [item.id for item in items(edition)]
    with pytest.raises(IncompleteOrder):
        reordered(edition.id, wrong(ids))
    assert [item.id for item in items(edition)] == ids


def test_an_editor_may_remove_an_item_and_restore_it() -> None:
    a_week()
    edition = drafted()
    first = items(edition)[0]
    with writing():
        editing.set_removed(edition.id, first.id, is_removed=True)
    assert items(edition)[0].is_removed
    with writing():
        editing.set_removed(edition.id, first.id, is_removed=False)
    assert not items(edition)[0].is_removed


def test_an_item_of_another_edition_cannot_be_removed() -> None:
    a_turn(an_old_tool("alpha"))
    a_turn(an_old_tool("beta"), on=LAST_THURSDAY)
    this, last = drafted(), drafted(LAST_WEEK)
    with pytest.raises(ItemNotFound), writing():
        editing.set_removed(this.id, items(last)[0].id, is_removed=True)


def test_an_editor_may_write_a_note_and_a_subject() -> None:
    a_week()
    edition = drafted()
    with writing():
        editing.update_text(edition.id, intro="Good *morning*.")
    with writing():
        editing.update_text(edition.id, subject="One SKIP")
    found = editions.get_by_id(edition.id)
    assert (found.intro, found.subject) == ("Good *morning*.", "One SKIP")


@ON_ONE_DATABASE
def test_a_subject_that_does_not_fit_is_refused() -> None:
    a_week()
    edition = drafted()
    with pytest.raises(TextTooLong, match="200"), writing():
        editing.update_text(edition.id, subject="x" * 201)


def test_nothing_of_a_frozen_edition_can_be_changed() -> None:
    a_week()
    edition = drafted()
    first = items(edition)[0]
    with writing():
        freeze(edition.id, NOW)
    changes: list[Callable[[], None]] = [
        lambda: editing.set_removed(edition.id, first.id, is_removed=True),
        lambda: editing.reorder(edition.id, []),
        lambda: editing.update_text(edition.id, intro="Late."),
    ]
    for change in changes:
        with pytest.raises(EditionIsFrozen), writing():
            change()
    assert editions.get_by_id(edition.id).state is EditionState.FROZEN


@ON_ONE_DATABASE
def test_a_subject_of_two_lines_is_refused_before_it_could_become_a_header() -> None:
    a_week()
    found = drafted()
    with pytest.raises(SubjectNotOneLine), writing():
        editing.update_text(found.id, subject="News\r\nBcc: everyone@example.org")
    assert editions.get_by_id(found.id).subject == ""
