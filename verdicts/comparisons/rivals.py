"""Which tools to put beside those that a reader has chosen."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.queries import tool
from verdicts.catalog.summaries import ToolSummary
from verdicts.comparisons.related import comparison, is_published, member
from verdicts.extensions import UtcDateTime, db, limit_to
from verdicts.traffic.models import pair_views

_ids = sa.bindparam("ids", type_=sa.Integer, expanding=True)
_now = sa.bindparam("now", type_=UtcDateTime)
_most = limit_to("most")
_own = member.alias("own")
_may_be_proposed = (tool.c.published_at <= _now) & catalog.is_active & tool.c.id.not_in(_ids)
_is_featured = sa.case((comparison.c.featured, 1), else_=0)

# Those that editors compare with any of them.
_CURATED = (
    sa.select(tool.c.id)
    .join(member, member.c.tool_id == tool.c.id)
    .join(_own, (_own.c.comparison_id == member.c.comparison_id) & _own.c.tool_id.in_(_ids))
    .join(comparison, comparison.c.id == member.c.comparison_id)
    .where(_may_be_proposed, is_published(_now))
    .group_by(tool.c.id)
    .order_by(sa.func.max(_is_featured).desc(), sa.func.min(comparison.c.position), tool.c.id)
    .limit(_most)
)
_chosen = tool.alias("chosen")
_is_of_their_category = tool.c.category_id.in_(sa.select(_chosen.c.category_id).where(_chosen.c.id.in_(_ids)))
_of_their_category = sa.select(tool.c.id).where(_is_of_their_category, _may_be_proposed).limit(_most)
# Those of their categories that readers compare with any of them, and all others.
_READ = (
    _of_their_category.join(pair_views, (pair_views.c.rival_id == tool.c.id) & pair_views.c.tool_id.in_(_ids))
    .group_by(tool.c.id)
    .order_by(sa.func.sum(pair_views.c.views).desc(), tool.c.id)
)
_OTHERS = _of_their_category.order_by(tool.c.position, tool.c.id)


def list_rivals(tool_ids: Sequence[int], now: datetime, most: int) -> list[ToolSummary]:
    """Return the tools that editors compare with these, then others of their categories, what readers compare first.

    Four statements.
    """
    connection, values = db.session.connection(), {"ids": list(tool_ids), "now": now, "most": most}
    ids = [id for statement in (_CURATED, _READ, _OTHERS) for id in connection.scalars(statement, values)]
    first = list(dict.fromkeys(ids))[:most]
    found = catalog.summaries_of(first)
    return [found[id] for id in first if id in found]  # one may have been deleted since
