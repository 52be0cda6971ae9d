"""Tools to choose from in a list of fixed length, under their categories."""

from datetime import datetime
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from verdicts.catalog.queries import category, is_active, is_published, select_links, tool
from verdicts.catalog.summaries import ToolLink
from verdicts.extensions import UtcDateTime, db, limit_to

_first = (
    sa.select(tool.c.id)
    .where(is_published(sa.bindparam("now", type_=UtcDateTime)), is_active)
    .order_by(tool.c.position, tool.c.id)
    .limit(limit_to("most"))
)
_FIRST = (
    select_links()
    .add_columns(sa.func.coalesce(category.c.name, ""), sa.func.coalesce(category.c.position, -1).label("place"))
    .outerjoin(category, category.c.id == tool.c.category_id)
    .where(tool.c.id.in_(_first))
)


def list_first(now: datetime, most: int) -> dict[str, list[ToolLink]]:
    """Return the first tools in the editors' order, by name under their category's name or "". One statement."""
    rows = db.session.connection().execute(_FIRST, {"now": now, "most": most})
    in_order = sorted(rows, key=lambda row: (row.place, row[3], row.name.casefold(), row.id))
    return {name: [ToolLink(*row[:3]) for row in group] for name, group in groupby(in_order, key=itemgetter(3))}
