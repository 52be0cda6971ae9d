"""Drafting the edition of a week automatically. The caller has called begin_write(), and commits."""

from datetime import datetime

import sqlalchemy as sa

from verdicts.digest.editions import DigestError, EditionExists, find_by_week
from verdicts.digest.gathering import gather_news
from verdicts.digest.models import EditionState, edition, edition_item
from verdicts.digest.weeks import Week
from verdicts.extensions import db, insert


class WeekInFuture(DigestError):
    def __init__(self, name: str) -> None:
        super().__init__(f"Week {name} has not started yet.")


def draft_edition(week: Week, now: datetime) -> int | None:
    """Draft a week's edition from its news up to `now`, and return the id; None for a week without news.

    Raises WeekInFuture, or EditionExists if the week has an edition that was not cancelled, even one drafted just
    now by somebody else.
    """
    if week.start > now:
        raise WeekInFuture(week.name)
    if not (gathered := gather_news(week, now)):
        if (existing := find_by_week(week)) and existing.state is not EditionState.CANCELLED:
            raise EditionExists(week.name)
        return None
    edition_id = _insert_edition(week, now)
    rows = [{**vars(news), "edition_id": edition_id, "position": position} for position, news in enumerate(gathered)]
    db.session.connection().execute(sa.insert(edition_item), rows)
    return edition_id


def _insert_edition(week: Week, now: datetime) -> int:
    """Insert the edition. If two do this at once, a unique index lets one succeed; the other gets EditionExists."""
    statement = insert(edition).values(year=week.year, week=week.number, state=EditionState.DRAFT, drafted_at=now)
    id: int | None = db.session.connection().scalar(statement.on_conflict_do_nothing().returning(edition.c.id))
    if id is None:
        raise EditionExists(week.name)
    return id
