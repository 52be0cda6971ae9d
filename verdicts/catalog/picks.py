"""What editors pick by need among the tools of a category. A pick is shown while its tool is published and goes on."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog.kinds import ToolState
from verdicts.catalog.models import CategoryPick, Tool, ToolSlug
from verdicts.catalog.queries import category
from verdicts.catalog.summaries import CategoryLink, ToolLink
from verdicts.extensions import UtcDateTime, db


@dataclass(frozen=True)
class Pick:
    """`need` completes "Best for …", `skip_if` "Skip it if …". `tagline` is the tool's."""

    need: str
    tool: ToolLink
    runner_up: ToolLink | None
    skip_if: str
    picked_on: date | None
    tagline: str
    category: CategoryLink


_pick = CategoryPick.__table__
_now = sa.bindparam("now", type_=UtcDateTime)


def _published_links(name: str) -> sa.Subquery:
    """The ToolLink and tagline of every published tool that goes on."""
    tool, slug = Tool.__table__, ToolSlug.__table__
    columns = (tool.c.id, slug.c.slug, tool.c.name, tool.c.tagline)
    links = sa.select(*columns).join(slug, (slug.c.tool_id == tool.c.id) & slug.c.is_current)
    return links.where(tool.c.published_at <= _now, tool.c.state == ToolState.ACTIVE).subquery(name)


def _link(tool: sa.Subquery) -> tuple[sa.ColumnElement[Any], ...]:
    return tool.c.id, tool.c.slug, tool.c.name


_first, _second = _published_links("first"), _published_links("second")
_PICKS = (
    sa.select(
        *(_pick.c.need, _pick.c.skip_if, _pick.c.picked_on, _first.c.tagline),
        *(*_link(_first), *_link(_second), category.c.slug, category.c.name),
    )
    .join(category, category.c.id == _pick.c.category_id)
    .join(_first, _first.c.id == _pick.c.tool_id)
    .outerjoin(_second, _second.c.id == _pick.c.runner_up_id)
    .order_by(category.c.position, _pick.c.position, _pick.c.id)
)
_OF_CATEGORY = _PICKS.where(_pick.c.category_id == sa.bindparam("id", type_=sa.Integer))
_OF_TOOL = _PICKS.where(
    (_pick.c.tool_id == sa.bindparam("id", type_=sa.Integer)) | (_pick.c.runner_up_id == sa.bindparam("id"))
)
_earliest, _its_tool = CategoryPick.__table__.alias("earliest"), Tool.__table__.alias("its_tool")
_FIRST_OF_EACH = _PICKS.where(
    _pick.c.id
    == sa.select(_earliest.c.id)
    .join(_its_tool, _its_tool.c.id == _earliest.c.tool_id)
    .where(_earliest.c.category_id == category.c.id, _its_tool.c.published_at <= _now)
    .where(_its_tool.c.state == ToolState.ACTIVE)
    .order_by(_earliest.c.position, _earliest.c.id)
    .limit(1)
    .correlate(category)
    .scalar_subquery()
).limit(sa.bindparam("most", type_=sa.Integer))


def list_first(now: datetime, most: int) -> tuple[Pick, ...]:
    """Return the first pick of each category, of so many categories at most. One statement."""
    return _list(_FIRST_OF_EACH, {"now": now, "most": most})


def list_in_category(category_id: int, now: datetime) -> tuple[Pick, ...]:
    """Return a category's picks in their order. One statement."""
    return _list(_OF_CATEGORY, {"id": category_id, "now": now})


def list_of_tool(tool_id: int, now: datetime) -> tuple[Pick, ...]:
    """Return the picks that name a tool, first or as the runner-up. One statement."""
    return _list(_OF_TOOL, {"id": tool_id, "now": now})


def _list(picks: sa.Select[Any], values: dict[str, object]) -> tuple[Pick, ...]:
    return tuple(_to_pick(row) for row in db.session.connection().execute(picks, values))


def _to_pick(row: sa.Row[Any]) -> Pick:
    values: list[Any] = list(row)
    first, second, kind = values[4:7], values[7:10], values[10:]
    runner_up = ToolLink(*second) if second[0] else None
    return Pick(row.need, ToolLink(*first), runner_up, row.skip_if, row.picked_on, row.tagline, CategoryLink(*kind))
