"""Which tools and comparisons a week touched, and what is known of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.panel import Panel
from verdicts.catalog.prices import Price
from verdicts.catalog.records import ToolSummary, columns_of
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.digest.votes import VotesCast, votes_cast
from verdicts.digest.weeks import Week
from verdicts.extensions import db
from verdicts.voting.community import Community
from verdicts.voting.queries import tallies_of

category = catalog.category
comparison = Comparison.__table__
member = ComparisonTool.__table__
price = catalog.price
review = catalog.review
revision = catalog.revision


@dataclass(frozen=True)
class Happenings:
    """Which tools and comparisons a week touched, and what is known of these tools."""

    new_tools: tuple[int, ...]
    new_comparisons: tuple[tuple[str | None, tuple[int, ...]], ...]
    turned: tuple[int, ...]
    votes: Mapping[int, VotesCast]
    prices: Mapping[int, Sequence[Price]]
    cards: Mapping[int, ToolSummary]
    panels: Mapping[int, Panel]
    communities: Mapping[int, Community]


def look(week: Week, now: datetime) -> Happenings:
    """Return what the week touched up to `now`, published tools only. Ten statements, however much happened."""
    new_tools, comparisons = _published(week, now), _compared(week, now)
    turned = _ids(sa.select(review.c.tool_id).join(revision), revision.c.until, week, now)
    repriced = _ids(sa.select(price.c.tool_id), price.c.until, week, now)
    votes = votes_cast(week, now)
    ids = {*new_tools, *turned, *repriced, *votes, *(id for _, members in comparisons for id in members)}
    cards = _cards(ids, now)
    return Happenings(
        new_tools=new_tools,
        new_comparisons=tuple(each for each in comparisons if cards.keys() >= set(each[1])),
        turned=tuple(id for id in turned if id in cards),
        prices=_prices([id for id in repriced if id in cards]),
        votes={id: cast for id, cast in votes.items() if id in cards},
        cards=cards,
        panels=catalog.panels_of(list(cards)),
        communities=tallies_of(list(cards)),
    )


def category_places() -> dict[int | None, int]:
    """Return each category's place in the catalogue's order. One statement."""
    rows = db.session.connection().scalars(sa.select(category.c.id).order_by(category.c.position, category.c.id))
    return {id: place for place, id in enumerate(rows)}


def _published(week: Week, now: datetime) -> tuple[int, ...]:
    published = catalog.tool.c.published_at
    found = sa.select(catalog.tool.c.id).where(published >= week.start, published < week.end, published <= now)
    return tuple(db.session.connection().scalars(found.order_by(catalog.tool.c.position, catalog.tool.c.id)))


def _compared(week: Week, now: datetime) -> list[tuple[str | None, tuple[int, ...]]]:
    """Return the headline and the tools, as the editors ordered them, of each comparison published in the week."""
    published = comparison.c.published_at
    rows = db.session.connection().execute(
        sa.select(comparison.c.id, comparison.c.headline, member.c.tool_id)
        .join(member, member.c.comparison_id == comparison.c.id)
        .where(published >= week.start, published < week.end, published <= now)
        .order_by(comparison.c.featured.desc(), comparison.c.position, comparison.c.id, member.c.position)
    )
    found: dict[int, tuple[str | None, list[int]]] = {}
    for row in rows:
        found.setdefault(row.id, (row.headline, []))[1].append(row.tool_id)
    return [(headline, tuple(members)) for headline, members in found.values()]


def _ids(among: sa.Select[Any], until: sa.ColumnElement[date], week: Week, now: datetime) -> tuple[int, ...]:
    """Return the tools among these whose verdict or price ended in the week."""
    ended = among.where(until >= week.monday, until <= min(week.sunday, now.date())).distinct()
    return tuple(sorted(db.session.connection().scalars(ended)))


def _cards(ids: Collection[int], now: datetime) -> dict[int, ToolSummary]:
    """Return the published ones of these tools. One statement."""
    wanted: sa.Select[Any] = sa.select(*catalog.SUMMARY_COLUMNS).select_from(catalog.summary_tables())
    rows = db.session.execute(wanted.where(catalog.tool.c.id.in_(ids), catalog.is_published(now)))
    return {row.id: catalog.to_summary(row) for row in rows}


def _prices(tool_ids: Collection[int]) -> dict[int, list[Price]]:
    """Return what each of these tools has cost, oldest first, its current price last."""
    rows = db.session.connection().execute(
        sa.select(price.c.tool_id, *columns_of(price, Price))
        .where(price.c.tool_id.in_(tool_ids))
        .order_by(price.c.tool_id, price.c.until.is_(None), price.c.until, price.c.position)
    )
    costs: dict[int, list[Price]] = {}
    for row in rows:
        costs.setdefault(row.tool_id, []).append(Price(*row[1:]))
    return costs
