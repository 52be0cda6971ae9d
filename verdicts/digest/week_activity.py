"""The activity of one week: the tools and comparisons that changed, with the data that the news about them needs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import queries as catalog
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.prices import Price
from verdicts.catalog.reviews import Panel
from verdicts.catalog.summaries import ToolSummary
from verdicts.comparisons.models import Comparison, ComparisonTool
from verdicts.digest.disagreements import VoteShift, load_vote_shifts
from verdicts.digest.weeks import Week
from verdicts.extensions import db
from verdicts.voting.community import Community
from verdicts.voting.models import Occasion, Standing, vote_event
from verdicts.voting.queries import tallies_of

category = catalog.category
comparison = Comparison.__table__
member = ComparisonTool.__table__
price = catalog.price
review = catalog.review
revision = catalog.revision
tool = catalog.tool


@dataclass(frozen=True)
class WeekVotes:
    """The votes of one week for one tool. Each reader counts once, with their last vote."""

    ship: int
    skip: int

    @property
    def total(self) -> int:
        return self.ship + self.skip


@dataclass(frozen=True)
class NewComparison:
    """A comparison published in the week. `tool_ids` are in the editors' order."""

    headline: str | None
    tool_ids: tuple[int, ...]


@dataclass(frozen=True)
class WeekActivity:
    """What changed in one week. Tools are given by id; `tools`, `panels` and `communities` hold each of them.

    `revised_tools`: those with a review that changed. `votes`: of the tools that readers voted on. `price_histories`:
    all prices, oldest first, of the tools whose price changed. `judged_tools`: those whose votes or panel are not what
    they were. `vote_shifts` holds what their counted votes grew by.
    """

    new_tools: tuple[int, ...]
    new_comparisons: tuple[NewComparison, ...]
    revised_tools: tuple[int, ...]
    votes: Mapping[int, WeekVotes]
    price_histories: Mapping[int, Sequence[Price]]
    tools: Mapping[int, ToolSummary]
    panels: Mapping[int, Panel]
    communities: Mapping[int, Community]
    judged_tools: tuple[int, ...]
    vote_shifts: Mapping[int, VoteShift]


def load_week_activity(week: Week, now: datetime) -> WeekActivity:
    """Return the week's activity up to `now`, published tools only. Always twelve statements.

    A tool that was renamed or retired has no news but changes of verdicts and prices.
    """
    new_tools, comparisons = _new_tools(week, now), _new_comparisons(week, now)
    revised = _ended_in_week(sa.select(review.c.tool_id).join(revision), revision.c.until, week, now)
    repriced = _ended_in_week(sa.select(price.c.tool_id), price.c.until, week, now)
    votes = count_votes(week, now)
    shifts = load_vote_shifts(week)
    judged = {*revised, *_reviewed_tools(week, now), *(id for id, shift in shifts.items() if shift.is_in_week)}
    ids = {*new_tools, *judged, *repriced, *votes, *(id for each in comparisons for id in each.tool_ids)}
    tools = _published_tools(ids, now)
    going_on = {id for id, tool in tools.items() if not tool.status.has_ended}
    return WeekActivity(
        new_tools=tuple(id for id in new_tools if id in going_on),
        new_comparisons=tuple(each for each in comparisons if going_on >= set(each.tool_ids)),
        revised_tools=tuple(id for id in revised if id in tools),
        price_histories=_price_histories([id for id in repriced if id in tools]),
        votes={id: counts for id, counts in votes.items() if id in going_on},
        tools=tools,
        panels=catalog.panels_of(list(tools)),
        communities=tallies_of(list(tools)),
        judged_tools=tuple(sorted(id for id in judged if id in going_on)),
        vote_shifts=shifts,
    )


def load_category_positions() -> dict[int | None, int]:
    """Return each category's position in the catalogue's order, from 0. One statement."""
    rows = db.session.connection().scalars(sa.select(category.c.id).order_by(category.c.position, category.c.id))
    return {id: position for position, id in enumerate(rows)}


def count_votes(week: Week, now: datetime) -> dict[int, WeekVotes]:
    """Count votes that were cast, changed or released in the week, by tool. One statement.

    Votes do not count if at the end of the week they are withdrawn, waiting or discarded. A vote for a tool that was
    merged into another counts for that one; the merge itself is no vote.
    """
    event, tool_id = vote_event.c, sa.func.coalesce(tool.c.merged_into_id, tool.c.id).label("voted_tool_id")
    in_week = (event.at >= week.start) & (event.at < week.end) & (event.at <= now)
    last_events = (
        sa.select(sa.func.max(event.id))
        .join(tool, tool.c.id == event.tool_id)
        .where(in_week, event.voter.is_not(None), event.occasion != Occasion.MERGED)
        .group_by(tool_id, event.voter)
    )
    counts = [sa.func.count().filter(event.to_verdict == verdict) for verdict in (Verdict.SHIP, Verdict.SKIP)]
    counted = (event.to_standing == Standing.COUNTED) & event.to_verdict.is_not(None)
    statement = sa.select(tool_id, *counts).join(vote_event, event.tool_id == tool.c.id)
    statement = statement.where(event.id.in_(last_events), counted).group_by(tool_id)
    return {id: WeekVotes(ship, skip) for id, ship, skip in db.session.connection().execute(statement)}


def _new_tools(week: Week, now: datetime) -> tuple[int, ...]:
    published = tool.c.published_at
    statement = sa.select(tool.c.id).where(published >= week.start, published < week.end, published <= now)
    return tuple(db.session.connection().scalars(statement.order_by(tool.c.position, tool.c.id)))


def _new_comparisons(week: Week, now: datetime) -> list[NewComparison]:
    published = comparison.c.published_at
    rows = db.session.connection().execute(
        sa.select(comparison.c.id, comparison.c.headline, member.c.tool_id)
        .join(member, member.c.comparison_id == comparison.c.id)
        .where(published >= week.start, published < week.end, published <= now)
        .order_by(comparison.c.featured.desc(), comparison.c.position, comparison.c.id, member.c.position)
    )
    members: dict[tuple[int, str | None], list[int]] = {}
    for row in rows:
        members.setdefault((row.id, row.headline), []).append(row.tool_id)
    return [NewComparison(headline, tuple(tool_ids)) for (_, headline), tool_ids in members.items()]


def _ended_in_week(
    tool_ids: sa.Select[Any], until: sa.ColumnElement[date], week: Week, now: datetime
) -> tuple[int, ...]:
    """Return the selected tools whose review or price was valid until a day of the week."""
    statement = tool_ids.where(until >= week.monday, until <= min(week.sunday, now.date())).distinct()
    return tuple(sorted(db.session.connection().scalars(statement)))


def _reviewed_tools(week: Week, now: datetime) -> list[int]:
    in_week = (review.c.reviewed_on >= week.monday) & (review.c.reviewed_on <= min(week.sunday, now.date()))
    return list(db.session.connection().scalars(sa.select(review.c.tool_id).where(in_week).distinct()))


def _published_tools(ids: Collection[int], now: datetime) -> dict[int, ToolSummary]:
    statement = catalog.select_summaries().where(tool.c.id.in_(ids), catalog.is_published(now))
    return {row.id: catalog.to_summary(row) for row in db.session.execute(statement)}


def _price_histories(tool_ids: Collection[int]) -> dict[int, list[Price]]:
    """Return all prices of each tool, oldest first, the current one last."""
    rows = db.session.connection().execute(
        sa.select(price.c.tool_id, *catalog.columns_of(price, Price))
        .where(price.c.tool_id.in_(tool_ids))
        .order_by(price.c.tool_id, price.c.until.is_(None), price.c.until, price.c.position)
    )
    histories: dict[int, list[Price]] = {}
    for row in rows:
        histories.setdefault(row.tool_id, []).append(Price(*row[1:]))
    return histories
