"""Many sign-ups of one address at the same moment: one row, one letter."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

import verdicts.extensions
from tests.apps import settings_for
from tests.makers import NOW
from tests.newsletter.world import ANN, ask, confirm, end, letters, make_subscriber, statuses, suppressed
from verdicts.extensions import TooManyWriters, db, limit_waiting_writers
from verdicts.newsletter.models import Status

READERS = 50


@pytest.fixture
def app(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An application with a connection for each of the threads, all of which may wait to write."""
    options = verdicts.extensions.engine_options(database_url) | {"pool_size": READERS + 1, "pool_timeout": 60}
    monkeypatch.setattr(verdicts.extensions, "engine_options", lambda _url: options)
    application = verdicts.app.create_app(settings_for(database_url, tmp_path))
    limit_waiting_writers(2 * READERS)
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
    limit_waiting_writers(1)


def at_once(app: Flask, act: Callable[[int], Any]) -> list[Any]:
    """Call `act` with 0, 1, 2 … in as many threads, all starting together; return what it returns."""
    barrier = Barrier(READERS, timeout=30)

    def run(number: int) -> Any:
        with app.app_context():
            db.session.connection()
            db.session.rollback()
            barrier.wait()
            return insist(act, number)

    with ThreadPoolExecutor(READERS) as threads:
        return list(threads.map(run, range(READERS)))


def insist(act: Callable[[int], Any], number: int) -> Any:
    """Act, and again where the answer would be 503, as Retry-After asks for."""
    while True:
        try:
            return act(number)
        except (OperationalError, TooManyWriters):
            db.session.rollback()


def test_fifty_sign_ups_of_one_address_are_one_row_and_one_letter(app: Flask) -> None:
    mailed = at_once(app, lambda _number: ask(ANN))
    assert mailed.count(True) == 1
    assert statuses() == ["pending"]
    assert len(letters()) == 1
    assert confirm(letters()[0].confirm_token) is not None


def test_fifty_spellings_at_different_moments_are_one_row_and_one_letter(app: Flask) -> None:
    at_once(app, lambda number: ask(ANN.upper() if number % 2 else ANN, NOW + timedelta(seconds=number)))
    assert statuses() == ["pending"]
    assert len(letters()) == 1


def test_fifty_confirmations_of_one_letter_confirm_once(app: Flask) -> None:
    ask(ANN)
    token = letters()[0].confirm_token
    assert None not in at_once(app, lambda _number: confirm(token))
    assert statuses() == ["confirmed"]


def test_leaving_complaining_and_erasing_at_once_end_it_once_and_a_complaint_stays(app: Flask) -> None:
    id = make_subscriber()
    endings = [Status.LEFT, Status.COMPLAINED, Status.ERASED]
    assert at_once(app, lambda number: end(endings[number % 3], id)).count(True) == 1
    assert suppressed() == ["complained"]
