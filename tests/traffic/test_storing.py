"""The stored counts: added to, bounded, and deleted on time."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.conftest import StatementCount
from tests.makers import NOW, TODAY
from tests.traffic.world import store
from verdicts.extensions import begin_write, db
from verdicts.traffic import storing
from verdicts.traffic.models import empty_search, page_view

YESTERDAY = TODAY - timedelta(days=1)


def stored(table: sa.Table) -> dict[tuple[object, ...], int]:
    return {tuple(row)[:-1]: row[-1] for row in db.session.execute(sa.select(table))}


def test_counts_of_a_day_are_added_up(app: Flask) -> None:
    store({(TODAY, "/", ""): 2, (TODAY, "/", "a.example"): 1}, {(TODAY, "x"): 1})
    store({(TODAY, "/", ""): 3, (YESTERDAY, "/", ""): 4}, {(TODAY, "x"): 1, (TODAY, "y"): 1})
    assert stored(page_view) == {(TODAY, "/", ""): 5, (TODAY, "/", "a.example"): 1, (YESTERDAY, "/", ""): 4}
    assert stored(empty_search) == {(TODAY, "x"): 2, (TODAY, "y"): 1}


def test_a_batch_is_stored_in_one_statement_however_large_it_is(app: Flask, statements: StatementCount) -> None:
    store({(TODAY, f"/{number}", ""): 1 for number in range(300)})
    assert [each.split()[0] for each in statements.statements] == ["SELECT", "INSERT"]


def test_a_day_has_so_many_rows_and_no_more(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "MAX_ROWS_A_DAY", 4)
    store({(TODAY, "/", "a.example"): 1, (TODAY, "/", ""): 1})
    store({(TODAY, "/", "b.example"): 1, (TODAY, "/", "c.example"): 1, (TODAY, "/tools", ""): 1, (TODAY, "/x", ""): 1})
    store({(TODAY, "/", ""): 1, (TODAY, "/made-up", ""): 9})
    assert stored(page_view) == {
        (TODAY, "/", "a.example"): 1,
        (TODAY, "/", ""): 4,
        (TODAY, "/tools", ""): 1,
        (TODAY, "/x", ""): 1,
    }


def test_old_counts_are_deleted_in_batches(app: Flask) -> None:
    kept = TODAY - storing.VIEWS_KEPT + timedelta(days=1)
    store({(kept - timedelta(days=number), "/", ""): 1 for number in range(4)})
    searched = TODAY - storing.SEARCHES_KEPT
    store({}, {(searched, "x"): 1, (searched + timedelta(days=1), "x"): 1})
    begin_write()
    assert [storing.delete_old(NOW, 2), storing.delete_old(NOW, 2), storing.delete_old(NOW, 2)] == [3, 1, None]
    assert list(stored(page_view)) == [(kept, "/", "")]
    assert list(stored(empty_search)) == [(searched + timedelta(days=1), "x")]
