"""The reads of the reviewers' pages: a fixed number of statements, which count published tools only."""

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import models
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.queries import category, columns_of, review, reviewer, revision, tool
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.catalog.summaries import CategoryLink
from verdicts.extensions import AnyRow, db
from verdicts.reviewers.record import MIN_PANEL, Agreement, CategoryRecord, Count, Record, Verdicts
from verdicts.voting.models import tally
from verdicts.voting.queries import readers_verdict


@dataclass(frozen=True)
class ReviewerProfile(ReviewerSummary):
    """What a reviewer's page says of them. `archived_at` is when they left the panel."""

    bio: str = ""
    likes: tuple[str, ...] = ()
    dislikes: tuple[str, ...] = ()
    archived_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class ReviewerRow:
    """A reviewer in a list."""

    reviewer: ReviewerProfile
    verdicts: Verdicts


_PROFILE = columns_of(reviewer, ReviewerProfile)
_PROFILE_FIELDS = [column.name for column in _PROFILE]
_alias = models.ReviewerAlias.__table__
_theirs = review.alias("theirs")

# Conditions of statements that take arguments().
is_published = tool.c.published_at <= sa.bindparam("now")
is_theirs = review.c.reviewer_id == sa.bindparam("reviewer_id")
# Any verdict before that differs from today's says that it changed at least once.
has_changed = (
    sa.exists()
    .where(revision.c.review_id == review.c.id, revision.c.verdict != review.c.verdict)
    .where(revision.c.wording_only.is_(False))
    .correlate(review)
)

_published = review.join(tool, (tool.c.id == review.c.tool_id) & is_published)
_VERDICTS = (
    sa.func.count().filter(review.c.verdict == Verdict.SHIP).label("ship"),
    sa.func.count().label("reviewed"),
    sa.func.count().filter(has_changed).label("changed"),
)
_counts = sa.select(review.c.reviewer_id, *_VERDICTS).select_from(_published).group_by(review.c.reviewer_id).subquery()

_LIST = (
    sa.select(*_PROFILE, _counts.c.ship, _counts.c.reviewed, _counts.c.changed)
    .outerjoin(_counts, _counts.c.reviewer_id == reviewer.c.id)
    .order_by(reviewer.c.position, reviewer.c.id)
)
_FIND = (
    sa.select(*_PROFILE)
    .outerjoin(_alias, _alias.c.reviewer_id == reviewer.c.id)
    .where((reviewer.c.slug == sa.bindparam("slug")) | (_alias.c.slug == sa.bindparam("slug")))
    .limit(1)
)
_BY_CATEGORY = (
    sa.select(category.c.slug, category.c.name, *_VERDICTS)
    .select_from(_published.outerjoin(category, category.c.id == tool.c.category_id))
    .where(is_theirs)
    .group_by(category.c.id, category.c.slug, category.c.name, category.c.position)
    .order_by(category.c.position.is_(None), category.c.position)
)
_judged_by_both = _published.join(
    _theirs, (_theirs.c.tool_id == review.c.tool_id) & (_theirs.c.reviewer_id != review.c.reviewer_id)
)
_says_the_same = _theirs.c.verdict == review.c.verdict
_agreeing = (
    sa.select(
        _theirs.c.reviewer_id, sa.func.count().filter(_says_the_same).label("same"), sa.func.count().label("both")
    )
    .select_from(_judged_by_both)
    .where(is_theirs)
    .group_by(_theirs.c.reviewer_id)
    .subquery()
)
_AGREEMENTS = (
    sa.select(*columns_of(reviewer, ReviewerSummary), _agreeing.c.same, _agreeing.c.both)
    .join(_agreeing, _agreeing.c.reviewer_id == reviewer.c.id)
    .order_by(reviewer.c.position, reviewer.c.id)
)
_panels = (
    sa.select(sa.func.count().filter(_says_the_same).label("same"))
    .select_from(_judged_by_both)
    .where(is_theirs)
    .group_by(review.c.tool_id)
    .having(sa.func.count() >= MIN_PANEL - 1)
    .subquery()
)
_ALONE = sa.select(sa.func.count().filter(_panels.c.same == 0), sa.func.count()).select_from(_panels)
_READERS = (
    sa.select(sa.func.count().filter(readers_verdict == review.c.verdict), sa.func.count())
    .select_from(_published.join(tally, tally.c.tool_id == review.c.tool_id))
    .where(is_theirs, readers_verdict.is_not(None))
)


def list_reviewers(now: datetime) -> list[ReviewerRow]:
    """Return the whole panel in its order, those who left it too. One statement."""
    rows = db.session.connection().execute(_LIST, {"now": now})
    return [ReviewerRow(_to_profile(row), _to_verdicts(row)) for row in rows]


def find_reviewer(slug: str) -> ReviewerProfile | None:
    """Return the reviewer under a slug, or one that they had before. One statement."""
    row = db.session.connection().execute(_FIND, {"slug": slug}).first()
    return _to_profile(row) if row else None


def load_record(reviewer_id: int, now: datetime) -> Record:
    """Return a reviewer's record. Four statements."""
    connection, named = db.session.connection(), arguments(reviewer_id, now)
    categories = connection.execute(_BY_CATEGORY, named).all()
    return Record(
        verdicts=Verdicts(
            Count(sum(row.ship for row in categories), sum(row.reviewed for row in categories)),
            sum(row.changed for row in categories),
        ),
        by_category=tuple(
            CategoryRecord(CategoryLink(row.slug, row.name) if row.slug else None, Count(row.ship, row.reviewed))
            for row in categories
        ),
        agreements=tuple(
            Agreement(ReviewerSummary(*by), Count(same, both))
            for *by, same, both in connection.execute(_AGREEMENTS, named)
        ),
        alone=Count(*connection.execute(_ALONE, named).one()),
        with_readers=Count(*connection.execute(_READERS, named).one()),
    )


def arguments(reviewer_id: int, now: datetime) -> dict[str, object]:
    """Return what the statements on one reviewer take."""
    return {"reviewer_id": reviewer_id, "now": now}


def _to_profile(row: AnyRow) -> ReviewerProfile:
    values = dict(zip(_PROFILE_FIELDS, row, strict=False))
    return ReviewerProfile(**values | {name: tuple(values[name]) for name in ("likes", "dislikes")})


def _to_verdicts(row: AnyRow) -> Verdicts:
    ship, reviewed, changed = row[len(_PROFILE) :]
    return Verdicts(Count(ship or 0, reviewed or 0), changed or 0)
