"""Readers vote on a record while an admin merges it into another: no vote is lost, and none counts twice."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from tests.makers import NOW, make_tool
from tests.voting.world import SKIP, figures, names, rows, standing
from verdicts.curation import merging
from verdicts.extensions import TooManyWriters, begin_write, db, limit_waiting_writers
from verdicts.voting import ballot
from verdicts.voting.models import vote
from verdicts.voting.recount import recount
from verdicts.voting.tallying import Figures, lock_published

T = TypeVar("T")
READERS = 4
VOTES = 40
LATER = NOW + timedelta(minutes=1)


@pytest.fixture(autouse=True)
def many_writers() -> Iterator[None]:
    limit_waiting_writers(16)
    yield
    limit_waiting_writers(1)


def insist(act: Callable[[], T]) -> T:
    """Write and commit, and again when the answer would be 503."""
    while True:
        try:
            begin_write()
            done = act()
            db.session.commit()
            return done
        except (OperationalError, TooManyWriters):
            db.session.rollback()


def cast(slug: str, voter: str) -> None:
    """Vote as the door does: the address says which tool it is."""
    link, locked = lock_published(db.session.connection(), slug, LATER)
    assert link
    ballot.cast(
        db.session.connection(),
        link.id,
        voter=voter,
        networks=(),
        verdict=SKIP,
        allowance=20,
        now=LATER,
        figures=locked,
    )


def test_votes_go_on_while_two_records_are_merged(app: Flask) -> None:
    keep, drop = make_tool("keep").id, make_tool("drop").id
    db.session.rollback()

    def read(number: int) -> None:
        with app.app_context():
            for voter in names(f"r{number}-", VOTES):
                insist(lambda voter=voter: cast("drop", voter))  # type: ignore[misc]

    def merge() -> None:
        with app.app_context():
            while rows(vote) < VOTES:
                continue
            insist(lambda: merging.merge(keep, drop, LATER))

    with ThreadPoolExecutor(READERS + 1) as threads:
        merged = threads.submit(merge)
        for reader in [threads.submit(read, number) for number in range(READERS)]:
            reader.result()
        merged.result()
    assert (figures(keep), figures(drop)) == (Figures(skip=READERS * VOTES), Figures())
    assert all(standing(keep, voter) for number in range(READERS) for voter in names(f"r{number}-", VOTES))
    assert recount() == []
