"""The reviews of two records of one tool: a reviewer's only one moves; of two, one stands and one becomes history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import Review
from verdicts.extensions import db

review, reviewer, revision = (Review.metadata.tables[name] for name in ("review", "reviewer", "review_revision"))

LONGEST_REASON = 500


@dataclass(frozen=True)
class ReviewMove:
    """One review of the dropped tool. `stands` is what the same reviewer says of the kept one, where they do."""

    id: int
    reviewer: str
    verdict: Verdict
    kept_id: int | None = None
    stands: Verdict | None = None


def foresee(keep_id: int, drop_id: int) -> tuple[ReviewMove, ...]:
    """Return what `merge` would do with each review of the dropped tool, in the panel's order. One statement."""
    kept = review.alias("kept")
    twin = (kept.c.reviewer_id == review.c.reviewer_id) & (kept.c.tool_id == keep_id)
    rows = (
        sa.select(review.c.id, reviewer.c.name, review.c.verdict, kept.c.id, kept.c.verdict)
        .select_from(review.join(reviewer, reviewer.c.id == review.c.reviewer_id).outerjoin(kept, twin))
        .where(review.c.tool_id == drop_id)
        .order_by(reviewer.c.position, reviewer.c.id)
    )
    return tuple(ReviewMove(*row) for row in db.session.connection().execute(rows))


def merge(keep_id: int, moves: tuple[ReviewMove, ...], dropped_name: str, today: date) -> None:
    """Carry out these moves. The caller has begun to write, and commits."""
    connection = db.session.connection()
    last = sa.select(sa.func.coalesce(sa.func.max(review.c.position), -1)).where(review.c.tool_id == keep_id)
    first = (connection.scalar(last) or 0) + 1
    for place, move in enumerate(moves, start=first):
        if move.kept_id is None:
            one = sa.update(review).where(review.c.id == move.id)
            connection.execute(one.values(tool_id=keep_id, position=place))
        else:
            _make_history(move.id, move.kept_id, dropped_name, today)


def reason(dropped_name: str, before: str = "") -> str:
    """Return why an entry stands in the history of another record's review; `before` is the reason it had itself."""
    words = f"Two records of one tool were merged; this stood under {dropped_name}."
    whole = f"{words} {before}".strip()
    return whole if len(whole) <= LONGEST_REASON else f"{whole[: LONGEST_REASON - 1]}…"


def _make_history(id: int, kept_id: int, dropped_name: str, today: date) -> None:
    """Let a review with its own history become history of the one that stands: it is no change of mind."""
    connection = db.session.connection()
    history = sa.select(revision).where(revision.c.review_id == id).order_by(revision.c.until, revision.c.position)
    past = connection.execute(history).all()
    last = connection.execute(sa.select(review).where(review.c.id == id)).one()
    until = max(filter(None, [today, last.reviewed_on, *(row.until for row in past)]))
    told = [_entry(row, kept_id, row.until, reason(dropped_name, row.reason)) for row in past]
    told.append(_entry(last, kept_id, until, reason(dropped_name)))
    connection.execute(sa.delete(revision).where(revision.c.review_id == id))
    connection.execute(sa.delete(review).where(review.c.id == id))
    end = sa.select(sa.func.coalesce(sa.func.max(revision.c.position), -1)).where(revision.c.review_id == kept_id)
    first = (connection.scalar(end) or 0) + 1
    connection.execute(sa.insert(revision), [{**entry, "position": first + place} for place, entry in enumerate(told)])
    _put_in_order(kept_id)


def _entry(row: sa.Row[Any], kept_id: int, until: date, why: str) -> dict[str, Any]:
    said = {"verdict": row.verdict, "quote": row.quote, "reviewed_on": row.reviewed_on}
    return {**said, "review_id": kept_id, "until": until, "reason": why, "wording_only": True}


def _put_in_order(review_id: int) -> None:
    """Number a history's entries by their dates; of one day, those that stood here before come first."""
    connection = db.session.connection()
    rows = sa.select(revision.c.id).where(revision.c.review_id == review_id)
    ids = connection.scalars(rows.order_by(revision.c.until, revision.c.position, revision.c.id)).all()
    one = sa.update(revision).where(revision.c.id == sa.bindparam("row")).values(position=sa.bindparam("place"))
    connection.execute(one, [{"row": id, "place": place} for place, id in enumerate(ids)])
