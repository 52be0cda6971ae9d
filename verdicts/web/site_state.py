"""What public pages depend on, as a few marks that one statement reads: where none has moved, no page has."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.catalog.content_version import CATALOG_STATE, last_published
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db
from verdicts.voting.models import tally

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
    return SiteState(ContentState(version, tool, comparison, now.date()), int(vote_changes))


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
