"""The reads of the reviewers' pages: a fixed number of statements, which count published tools only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import models
from verdicts.catalog.content_version import catalog_state
from verdicts.catalog.kept import kept, load_each
from verdicts.catalog.kinds import Basis
from verdicts.catalog.queries import all_reviewers, category, columns_of, review, reviewer, revision, tool
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.catalog.summaries import CategoryLink
from verdicts.extensions import AnyRow, db, limit_to
from verdicts.reviewers.record import (
    Agreement,
    CategoryRecord,
    Count,
    Panels,
    Record,
    Verdicts,
    agreements_in,
    alone_in,
    closest,
    merged,
    ships_in,
)
from verdicts.voting.community import MOST_VOTED, PERCENTAGE_FROM
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
    """A reviewer in a list: as in Record, and which other voice says the same most often."""

    reviewer: ReviewerProfile
    verdicts: Verdicts
    alone: Count
    closest: Agreement | None


_PROFILE = columns_of(reviewer, ReviewerProfile)
_PROFILE_FIELDS = [column.name for column in _PROFILE]
_alias = models.ReviewerAlias.__table__

# Conditions of statements that take arguments().
is_published = tool.c.published_at <= sa.bindparam("now")
is_theirs = review.c.reviewer_id == sa.bindparam("reviewer_id")
# Any verdict before that differs from today's says that it changed at least once.
_is_change = (revision.c.verdict != review.c.verdict) & revision.c.wording_only.is_(False)
has_changed = sa.exists().where(revision.c.review_id == review.c.id, _is_change).correlate(review)

_PANELS = (
    sa.select(tool.c.panel_key, sa.func.count(), tool.c.category_id)
    .where(is_published, tool.c.panel_key != "")
    .group_by(tool.c.category_id, tool.c.panel_key)
)
_CHANGED = (
    sa.select(review.c.reviewer_id, sa.func.count(review.c.id.distinct()))
    .select_from(
        revision.join(review, (review.c.id == revision.c.review_id) & _is_change).join(
            tool, (tool.c.id == review.c.tool_id) & is_published
        )
    )
    .group_by(review.c.reviewer_id)
)
_HANDS_ON = (
    sa.select(review.c.reviewer_id, sa.func.count())
    .join(tool, (tool.c.id == review.c.tool_id) & is_published)
    .where(review.c.basis == Basis.HANDS_ON)
    .group_by(review.c.reviewer_id)
)
# Each tool is looked up: for a join, SQLite would make a filter of all of them. The sum hides an index by which it
# would begin with all that the reviewer has reviewed.
_published = sa.select(tool.c.id).where(tool.c.id == tally.c.tool_id, is_published).scalar_subquery()
_voted = (
    sa.select(tally.c.tool_id, readers_verdict.label("verdict"))
    .where(tally.c.counted >= PERCENTAGE_FROM, _published.is_not(None))
    .order_by(tally.c.counted.desc(), tally.c.tool_id.desc())
    .limit(limit_to("most"))
    .subquery()
)
_theirs = review.c.id.is_not(None) & _voted.c.verdict.is_not(None)
_WITH_READERS = sa.select(
    sa.func.count().filter(review.c.verdict == _voted.c.verdict), sa.func.count().filter(_theirs), sa.func.count()
).select_from(_voted.outerjoin(review, (review.c.tool_id == _voted.c.tool_id + 0) & is_theirs))
_LIST = sa.select(*_PROFILE).order_by(reviewer.c.position, reviewer.c.id)
_CATEGORIES = sa.select(category.c.id, category.c.slug, category.c.name).order_by(category.c.position)
_FIND = (
    sa.select(*_PROFILE)
    .outerjoin(_alias, _alias.c.reviewer_id == reviewer.c.id)
    .where((reviewer.c.slug == sa.bindparam("slug")) | (_alias.c.slug == sa.bindparam("slug")))
    .limit(1)
)


@kept
def list_reviewers(now: datetime) -> list[ReviewerRow]:
    """Return the whole panel in its order, those who left it too. Five statements; one where they are kept."""
    panels = merged(_load_panels(now).values())
    verdicts = _load_verdicts(panels, now)
    profiles = [_to_profile(row) for row in db.session.connection().execute(_LIST)]
    return [
        ReviewerRow(
            profile,
            verdicts(profile.id),
            alone_in(panels, profile.id),
            closest(_agreements(profiles, panels, profile.id)),
        )
        for profile in profiles
    ]


def by_ship_share(rows: Sequence[ReviewerRow]) -> list[ReviewerRow]:
    """Return who is on the panel before who left it, who ships most often first: a voice of 100 % stands on top."""
    return sorted(rows, key=lambda row: (row.reviewer.archived_at is not None, -row.verdicts.ships.share))


def find_reviewer(slug: str) -> ReviewerProfile | None:
    """Return the reviewer under a slug, or one that they had before. One statement."""
    row = db.session.connection().execute(_FIND, {"slug": slug}).first()
    return _to_profile(row) if row else None


def load_record(reviewer_id: int, now: datetime) -> Record:
    """Return a reviewer's record. Seven statements; two where what hangs on the catalogue alone is kept."""
    state = catalog_state(now)
    by_panel = load_each(
        "reviewers.records", [reviewer_id], lambda _ids: {reviewer_id: _load_by_panel(reviewer_id, now)}, state
    )
    chosen = {**arguments(reviewer_id, now), "most": MOST_VOTED}
    same, judged, voted = db.session.connection().execute(_WITH_READERS, chosen).one()
    return replace(by_panel[reviewer_id], with_readers=Count(same, judged), of_most_voted=voted == MOST_VOTED)


def _load_by_panel(reviewer_id: int, now: datetime) -> Record:
    """Return a reviewer's record without what they have in common with readers."""
    by_kind = _load_panels(now)
    everywhere = merged(by_kind.values())
    links = [(id, CategoryLink(slug, name)) for id, slug, name in db.session.connection().execute(_CATEGORIES)]
    by_category = [
        CategoryRecord(link, ships_in(by_kind.get(id, {}), reviewer_id)) for id, link in [*links, (None, None)]
    ]
    return Record(
        verdicts=_load_verdicts(everywhere, now)(reviewer_id),
        by_category=tuple(each for each in by_category if each.ships.total),
        agreements=tuple(_agreements(all_reviewers(), everywhere, reviewer_id)),
        alone=alone_in(everywhere, reviewer_id),
        with_readers=Count(0, 0),
    )


def _agreements(reviewers: Sequence[ReviewerSummary], panels: Panels, reviewer_id: int) -> Iterator[Agreement]:
    """Yield how often each other reviewer says the same, in the panel's order."""
    same = agreements_in(panels, reviewer_id)
    return (Agreement(by, same[by.id]) for by in reviewers if by.id in same)


@kept
def _load_panels(now: datetime) -> dict[int | None, Panels]:
    """Return each category's panels, under None those of tools without one. Two statements; one reads an index."""
    panels: dict[int | None, dict[str, int]] = {}
    for key, count, category_id in db.session.connection().execute(_PANELS, {"now": now}):
        panels.setdefault(category_id, {})[key] = count
    return dict(panels)


def _load_verdicts(panels: Panels, now: datetime) -> Callable[[int], Verdicts]:
    """Return what counts a reviewer's verdicts, of whom these are the panels. Two statements."""
    connection = db.session.connection()
    changed: dict[int, int] = dict(connection.execute(_CHANGED, {"now": now}).all())
    hands_on: dict[int, int] = dict(connection.execute(_HANDS_ON, {"now": now}).all())
    return lambda id: Verdicts(ships_in(panels, id), changed.get(id, 0), hands_on.get(id, 0))


def arguments(reviewer_id: int, now: datetime) -> dict[str, object]:
    """Return what the statements on one reviewer take."""
    return {"reviewer_id": reviewer_id, "now": now}


def _to_profile(row: AnyRow) -> ReviewerProfile:
    values = dict(zip(_PROFILE_FIELDS, row, strict=False))
    return ReviewerProfile(**values | {name: tuple(values[name]) for name in ("likes", "dislikes")})
