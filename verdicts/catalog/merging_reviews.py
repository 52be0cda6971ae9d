"""The reviews of two records of one tool: a reviewer's only one moves; of two, one stands and one becomes history."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.merging import next_position, renumber
from verdicts.catalog.models import Review, ReviewRevision
from verdicts.extensions import db

review, reviewer, revision = (Review.metadata.tables[name] for name in ("review", "reviewer", "review_revision"))

MAX_REASON_LENGTH: int = ReviewRevision.reason.type.length


@dataclass(frozen=True)
class ReviewMove:
    """One review of the dropped tool. `stands` is the verdict of the same reviewer on the kept one, if there is one."""

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
    """Carry out these moves. The caller has called begin_write(), and commits."""
    for position, move in enumerate(moves, start=next_position(review.c.tool_id, keep_id)):
        if move.kept_id is None:
            one = sa.update(review).where(review.c.id == move.id)
            db.session.connection().execute(one.values(tool_id=keep_id, position=position))
        else:
            _make_history(move.id, move.kept_id, dropped_name, today)


def reason(dropped_name: str, before: str = "") -> str:
    """Return why an entry is in the history of another record's review; `before` is the reason that it had."""
    words = f"Two records of one tool were merged; this stood under {dropped_name}."
    whole = f"{words} {before}".strip()
    return whole if len(whole) <= MAX_REASON_LENGTH else f"{whole[: MAX_REASON_LENGTH - 1]}…"


def _make_history(id: int, kept_id: int, dropped_name: str, today: date) -> None:
    """Make a review and its history part of the history of the one that stands. It is no change of mind."""
    connection = db.session.connection()
    history = sa.select(revision).where(revision.c.review_id == id).order_by(revision.c.until, revision.c.position)
    past = connection.execute(history).all()
    last = connection.execute(sa.select(review).where(review.c.id == id)).one()
    until = max(filter(None, [today, last.reviewed_on, *(row.until for row in past)]))
    entries = [_entry(row, kept_id, row.until, reason(dropped_name, row.reason)) for row in past]
    entries.append(_entry(last, kept_id, until, reason(dropped_name)))
    connection.execute(sa.delete(revision).where(revision.c.review_id == id))
    connection.execute(sa.delete(review).where(review.c.id == id))
    first = next_position(revision.c.review_id, kept_id)
    numbered = [{**entry, "position": position} for position, entry in enumerate(entries, start=first)]
    connection.execute(sa.insert(revision), numbered)
    # Of one day, the entries that were here before come first.
    renumber(revision.c.review_id, kept_id, revision.c.until, revision.c.position, revision.c.id)


def _entry(row: sa.Row[Any], kept_id: int, until: date, why: str) -> dict[str, Any]:
    statement = {"verdict": row.verdict, "quote": row.quote, "reviewed_on": row.reviewed_on}
    return {**statement, "review_id": kept_id, "until": until, "reason": why, "wording_only": True}
