"""What else than a tool, and when: others of its category first, then those that editors compare it with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.models import NOT_REVIEWED_PLACE
from verdicts.catalog.reviews import ReviewerSummary
from verdicts.catalog.summaries import ToolSummary
from verdicts.comparisons import address, tool_table
from verdicts.comparisons.related import choose_if, comparison, is_published, member
from verdicts.comparisons.tool_table import ToolRow
from verdicts.extensions import UtcDateTime, db, limit_to
from verdicts.voting.community import Community
from verdicts.voting.models import Standing, vote

MAX_ALTERNATIVES = 12
MAX_READERS = 250  # with as many, the ends of an interval are 6 points away at most


@dataclass(frozen=True)
class Alternative(ToolRow):
    """`readers` are those who ship the other tool: `ship` of them ship this one too, `skip` do not.

    `choose_if` is an editor's reason to choose it, or ""; `address` that of the comparison of both.
    """

    readers: Community
    choose_if: str
    address: str


@dataclass(frozen=True)
class Alternatives:
    rows: tuple[Alternative, ...]
    reviewers: tuple[ReviewerSummary, ...]


_id = sa.bindparam("id", type_=sa.Integer)
_category = sa.bindparam("category", type_=sa.Integer)
_ids = sa.bindparam("ids", type_=sa.Integer, expanding=True)
_now = sa.bindparam("now", type_=UtcDateTime)
_own, _tool = member.alias("own"), catalog.tool
_has_counted_ship = (vote.c.standing == Standing.COUNTED) & (vote.c.verdict == Verdict.SHIP)

# The ids of voters are hashes, so the first ones of that order are a random sample, which an index bounds.
_readers = (
    sa.select(vote.c.voter)
    .where(vote.c.tool_id == _id, _has_counted_ship)
    .order_by(vote.c.voter)
    .limit(limit_to(MAX_READERS))
    .cte("readers")
)
_shared = (
    sa.select(vote.c.tool_id, sa.func.count().label("both"))
    .join(_readers, _readers.c.voter == vote.c.voter)
    .where(_has_counted_ship)
    .group_by(vote.c.tool_id)
    .cte("shared")
)
_compared = (
    sa.select(member.c.tool_id)
    .join(_own, (_own.c.comparison_id == member.c.comparison_id) & (_own.c.tool_id == _id))
    .join(comparison, comparison.c.id == member.c.comparison_id)
    .where(is_published(_now))
)
_proposed = (_tool.c.id != _id, catalog.is_published(_now), catalog.is_active)
# The place by panel of the last tool that a list may hold: of the category's others, few are read.
_last_place = (
    sa.select(_tool.c.panel_place)
    .where(_tool.c.category_id == _category, *_proposed)
    .order_by(_tool.c.panel_place, _tool.c.sort_name, _tool.c.id)
    .limit(1)
    .offset(MAX_ALTERNATIVES - 1)
    .correlate(None)
    .scalar_subquery()
)
_is_among_first = _tool.c.panel_place <= sa.func.coalesce(_last_place, NOT_REVIEWED_PLACE)
_of_kind = sa.select(_tool.c.id).where(_tool.c.category_id == _category, _is_among_first).correlate(None)
_is_of_kind = sa.case((_tool.c.category_id == _category, 1), else_=0)
_both = sa.func.coalesce(_shared.c.both, 0)
_RANKED = (
    sa.select(_tool.c.id, _both.label("both"), sa.select(sa.func.count()).select_from(_readers).scalar_subquery())
    .outerjoin(_shared, _shared.c.tool_id == _tool.c.id)
    .where(_tool.c.id.in_(sa.union_all(_of_kind, _compared)), *_proposed)
    .order_by(_is_of_kind.desc(), _tool.c.panel_place, _both.desc(), _tool.c.sort_name, _tool.c.id)
    .limit(limit_to(MAX_ALTERNATIVES))
)
_REASONS = (
    sa.select(choose_if.c.tool_id, choose_if.c.when, comparison.c.members_key)
    .select_from(member)
    .join(_own, (_own.c.comparison_id == member.c.comparison_id) & (_own.c.tool_id == _id))
    .join(comparison, comparison.c.id == member.c.comparison_id)
    .join(choose_if, (choose_if.c.comparison_id == comparison.c.id) & (choose_if.c.tool_id == member.c.tool_id))
    .where(member.c.tool_id.in_(_ids), is_published(_now))
    .order_by(comparison.c.position, comparison.c.id, choose_if.c.position)
)


def load(tool: ToolSummary, now: datetime) -> Alternatives:
    """Return the alternatives to a tool: of its category first, then by panel, then by readers. Six statements."""
    connection = db.session.connection()
    values = {"id": tool.id, "category": tool.category_id, "now": now}
    readers = {id: Community(both, total - both) for id, both, total in connection.execute(_RANKED, values)}
    found = catalog.summaries_of(list(readers))
    table = tool_table.load([found[id] for id in readers])
    reasons = _reasons(tool.id, list(readers), now)
    rows = (
        Alternative(
            tool=row.tool,
            panel=row.panel,
            community=row.community,
            readers=readers[row.tool.id],
            choose_if=reasons.get(row.tool.id, ""),
            address=address.canonical([tool.slug, row.tool.slug]),
        )
        for row in table.rows
    )
    return Alternatives(tuple(rows), table.reviewers)


def _reasons(tool_id: int, ids: Sequence[int], now: datetime) -> dict[int, str]:
    """Return an editor's first reason to choose each of these tools where it is compared with the tool.

    Comparisons of fewer tools go first. One statement.
    """
    rows = db.session.connection().execute(_REASONS, {"id": tool_id, "ids": ids, "now": now}).all()
    fewest_last = sorted(rows, key=lambda row: row.members_key.count(","))[::-1]
    return {row.tool_id: row.when for row in fewest_last}
