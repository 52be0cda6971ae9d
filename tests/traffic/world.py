"""Stores counts of views and searches."""

from verdicts.extensions import begin_write, db
from verdicts.traffic import storing
from verdicts.traffic.gathering import Batch, SearchKey, ViewKey


def store(views: dict[ViewKey, int] | None = None, searches: dict[SearchKey, int] | None = None) -> None:
    db.session.rollback()
    begin_write()
    storing.store(Batch(views or {}, searches or {}))
    db.session.commit()
