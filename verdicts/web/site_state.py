"""What public pages depend on, as a few marks that one statement reads: where none has moved, no page has."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from verdicts.catalog.content_version import CATALOG_STATE, last_published
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db
from verdicts.voting.models import tally
from verdicts.web.clock import now

logger = logging.getLogger(__name__)

STATE_TTL_SECONDS = 1
READ_AHEAD_SECONDS = 0.8  # so that while there are readers, hardly a request finds the state due

V = TypeVar("V", bound=Callable[..., Any])


class Source(Enum):
    """What a page's words and figures come from."""

    CONTENT = auto()  # what editors have published, what is counted daily, and which day it is
    VOTES = auto()


@dataclass(frozen=True)
class ContentState:
    """The content version, the moments at which something scheduled was published last, and the day (UTC).

    Pages say what is old, or over, by days: at a day's turn any of them may change.
    """

    version: int
    tool_published_at: datetime | None
    comparison_published_at: datetime | None
    day: date


@dataclass(frozen=True)
class SiteState:
    """What all pages depend on. `vote_changes` counts how often the votes of any tool have changed."""

    content: ContentState
    vote_changes: int


UNKNOWN = SiteState(ContentState(0, None, None, date.min), 0)


_STATE = sa.select(
    *CATALOG_STATE,
    last_published(Comparison.__table__),
    sa.select(sa.func.coalesce(sa.func.sum(tally.c.changes), 0)).scalar_subquery(),
)


def read_state(now: datetime) -> SiteState:
    """Return the state of now. One statement, over a connection of its own: no request's session is in use yet."""
    with db.engine.connect() as connection:
        version, tool, comparison, vote_changes = connection.execute(_STATE, {"now": now}).one()
        connection.commit()  # and not rolled back: see extensions.end_reading()
    return SiteState(ContentState(version, tool, comparison, now.date()), int(vote_changes))


class SiteStateReader:
    """Knows the state as it was STATE_TTL_SECONDS ago at most, or the last one that could be read.

    Who finds it due reads it; the others go on with the last one meanwhile. In a process that serves, a thread of its
    own reads it before it is due, as long as somebody asks: where the database hangs, no request for a page that is
    kept waits for it.
    """

    def __init__(self, app: Flask, clock: Callable[[], float]) -> None:
        self.last = UNKNOWN
        self._app = app
        self._clock = clock
        self._read_at = float("-inf")
        self._reading = threading.Lock()
        self._is_asked = False
        self._stopping = threading.Event()

    def current(self) -> SiteState:
        """Return the state. One statement where it is due."""
        if self._is_due():
            self._read()
        return self.last

    def known(self) -> SiteState | None:
        """Return the state, or None where it is due."""
        return None if self._is_due() else self.last

    def start(self) -> None:
        """Read ahead from now on. Call it in the process that serves: threads are not forked."""
        self._stopping.clear()  # gunicorn's parent stops for a worker that is gone; the next ones are its copies
        threading.Thread(target=self._read_ahead, name="site state", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()

    def _is_due(self) -> bool:
        self._is_asked = True
        return self._clock() - self._read_at >= STATE_TTL_SECONDS and not self._reading.locked()

    def _read_ahead(self) -> None:
        while not self._stopping.wait(READ_AHEAD_SECONDS):
            if self._is_asked:
                self._is_asked = False
                self._read()

    def _read(self) -> None:
        if not self._reading.acquire(blocking=False):
            return
        try:
            self._read_at = self._clock()
            with self._app.app_context():
                self.last = read_state(now())
        except SQLAlchemyError:
            logger.warning("what pages depend on cannot be read; pages are served as they are")
        finally:
            self._reading.release()


def depends_on(*sources: Source) -> Callable[[V], V]:
    """Say all that a public view's page comes from: it is rendered again only where one of these sources has changed.

    Without it, a page is rendered again every few seconds.
    """

    def mark(view: V) -> V:
        view.sources = frozenset(sources)  # type: ignore[attr-defined]
        return view

    return mark


def is_unchanged(sources: frozenset[Source], before: SiteState, after: SiteState) -> bool:
    """Say whether a page that comes from these sources is the same in both states."""
    is_same = before.content == after.content
    return is_same and (Source.VOTES not in sources or before.vote_changes == after.vote_changes)
