"""How often each tool was viewed lately, and which tools it was compared with: figures that other pages sort by.

They are counted again from the views of pages, not with each view: `flask housekeeping` does it.

    for batch in popularity.find_changes(now):
        popularity.store(batch)  # in a transaction of its own: voters take their turns between
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import sqlalchemy as sa

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Tool, ToolSlug
from verdicts.comparisons.address import JOINT
from verdicts.extensions import db, insert
from verdicts.traffic.models import page_view, pair_views, tool_views

PERIOD = timedelta(days=28)
MAX_PATHS = 20_000
MAX_RIVALS = 8  # of each tool
MIN_PAIR_VIEWS = 5  # fewer may be one reader's

Figures = Mapping[tuple[int, ...], int]

tool, tool_slug = Tool.__table__, ToolSlug.__table__
_views = sa.func.sum(page_view.c.views)
_PATHS = (
    sa.select(page_view.c.path, _views)
    .where(
        page_view.c.day > sa.bindparam("since", type_=sa.Date),
        page_view.c.path.startswith("/tools/") | page_view.c.path.startswith("/compare/"),
    )
    .group_by(page_view.c.path)
    .order_by(_views.desc(), page_view.c.path)
    .limit(MAX_PATHS)
)
_IDS = sa.select(tool_slug.c.slug, tool_slug.c.tool_id)
BATCH_SIZE = 500


@dataclass(frozen=True)
class Popularity:
    """Views of PERIOD by tool, and by pair of tools, the smaller id first."""

    tools: Mapping[int, int]
    pairs: Mapping[tuple[int, int], int]


@dataclass(frozen=True)
class Batch:
    """Figures that are not the stored ones, by the primary key of their table; 0 for a row that goes."""

    table: sa.Table
    views: Figures


def find_changes(now: datetime) -> list[Batch]:
    """Count anew, and return what is to be stored. Four statements, which only read."""
    counted = count(now)
    tools: Figures = {(id,): views for id, views in counted.tools.items()}
    pairs: Figures = dict(_rivals(counted.pairs))
    return [*_find_changes(tool_views, tools), *_find_changes(pair_views, pairs)]


def count(now: datetime) -> Popularity:
    """Count the views of each tool's own pages and of the comparisons that hold it.

    Addresses under a former name count too. Two statements.
    """
    paths = {row.path: row[1] for row in db.session.execute(_PATHS, {"since": now.date() - PERIOD})}
    ids = {row.slug: row.tool_id for row in db.session.execute(_IDS)}
    tools: Counter[int] = Counter()
    pairs: Counter[tuple[int, int]] = Counter()
    for path, views in paths.items():
        viewed = sorted({ids[slug] for slug in slugs_of(path) if slug in ids})
        tools.update(dict.fromkeys(viewed, views))
        pairs.update(dict.fromkeys(combinations(viewed, 2), views))
    return Popularity(tools, pairs)


def store(batch: Batch) -> int:
    """Store a batch, and return how many figures it has. At most four statements.

    The caller has called begin_write(), and commits. A tool that has been deleted meanwhile is left out.
    """
    connection = db.session.connection()
    ids = {id for key in batch.views for id in key}
    existing = set(connection.scalars(sa.select(tool.c.id).where(tool.c.id.in_(ids))))
    *key, count = batch.table.c
    if gone := [each for each, views in batch.views.items() if not views]:
        connection.execute(sa.delete(batch.table).where(sa.tuple_(*key).in_(gone)))
    rows = [(*each, views) for each, views in batch.views.items() if views and existing.issuperset(each)]
    if rows:
        names = [column.name for column in batch.table.c]
        added = insert(batch.table)
        added = added.on_conflict_do_update(index_elements=key, set_={count: added.excluded.views})
        connection.execute(added, [dict(zip(names, row, strict=True)) for row in rows])
    bump_content_version()
    return len(batch.views)


def slugs_of(path: str) -> list[str]:
    """Return the slugs of the tools that a page is about, as its path names them."""
    _, section, address = (*path.split("/", 2), "")[:3]
    address = address.partition("/")[0]
    return address.split(JOINT) if section == "compare" else [address]


def _rivals(pairs: Mapping[tuple[int, int], int]) -> Iterator[tuple[tuple[int, int], int]]:
    """Yield each pair in both directions, the most viewed ones of each tool."""
    rivals: Counter[int] = Counter()
    for pair, views in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        if views < MIN_PAIR_VIEWS:
            break
        for tool_id, rival_id in (pair, pair[::-1]):
            rivals[tool_id] += 1
            if rivals[tool_id] <= MAX_RIVALS:
                yield (tool_id, rival_id), views


def _find_changes(table: sa.Table, views: Figures) -> Iterator[Batch]:
    stored = {tuple(row)[:-1]: row.views for row in db.session.execute(sa.select(table))}
    keys = [key for key in sorted(stored.keys() | views.keys()) if stored.get(key, 0) != views.get(key, 0)]
    for start in range(0, len(keys), BATCH_SIZE):
        yield Batch(table, {key: views.get(key, 0) for key in keys[start : start + BATCH_SIZE]})
