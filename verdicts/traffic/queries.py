"""Reads of the admin page about traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.traffic.models import empty_search, page_view

PAGE_SIZE = 25
MAX_SITES = 25
MAX_SEARCHES = 50


@dataclass(frozen=True)
class DayViews:
    day: date
    views: int


@dataclass(frozen=True)
class PathViews:
    path: str
    views: int


@dataclass(frozen=True)
class SiteViews:
    """How many views another site's links led to."""

    host: str
    views: int


@dataclass(frozen=True)
class EmptySearchCount:
    text: str
    searches: int
    last_on: date


@dataclass(frozen=True)
class Traffic:
    """What people looked for on some days, each of which is in `days`."""

    days: Sequence[DayViews]
    sites: Sequence[SiteViews]
    searches: Sequence[EmptySearchCount]

    @property
    def views(self) -> int:
        return sum(each.views for each in self.days)

    @property
    def busiest(self) -> DayViews:
        return max(self.days, key=lambda each: each.views)


def load(today: date, length: int, host: str = "") -> Traffic:
    """Return the traffic of the last `length` days, today among them: all of it, or what a site led to.

    Three statements.
    """
    since = today - timedelta(days=length - 1)
    total = sa.func.sum(page_view.c.views)
    by_day = sa.select(page_view.c.day, total).where(_is_within(since, host)).group_by(page_view.c.day)
    views = {row.day: row[1] for row in db.session.execute(by_day)}
    by_site = (
        sa.select(page_view.c.referrer, total)
        .where(page_view.c.day >= since, page_view.c.referrer != "")
        .group_by(page_view.c.referrer)
        .order_by(total.desc(), page_view.c.referrer)
        .limit(MAX_SITES)
    )
    return Traffic(
        days=[DayViews(day, views.get(day, 0)) for day in (since + timedelta(days=each) for each in range(length))],
        sites=[SiteViews(*row) for row in db.session.execute(by_site)],
        searches=_list_searches(since),
    )


def list_pages(today: date, length: int, host: str, number: int) -> tuple[list[PathViews], int]:
    """Return one page of the pages that were viewed, most viewed first, and how many there are. Two statements."""
    is_within = _is_within(today - timedelta(days=length - 1), host)
    views = sa.func.sum(page_view.c.views)
    rows = db.session.execute(
        sa.select(page_view.c.path, views)
        .where(is_within)
        .group_by(page_view.c.path)
        .order_by(views.desc(), page_view.c.path)
        .limit(PAGE_SIZE)
        .offset((number - 1) * PAGE_SIZE)
    )
    total = db.session.scalar(sa.select(sa.func.count(page_view.c.path.distinct())).where(is_within))
    return [PathViews(*row) for row in rows], total or 0


def _list_searches(since: date) -> list[EmptySearchCount]:
    total = sa.func.sum(empty_search.c.searches)
    rows = db.session.execute(
        sa.select(empty_search.c.text, total, sa.func.max(empty_search.c.day))
        .where(empty_search.c.day >= since)
        .group_by(empty_search.c.text)
        .order_by(total.desc(), empty_search.c.text)
        .limit(MAX_SEARCHES)
    )
    return [EmptySearchCount(*row) for row in rows]


def _is_within(since: date, host: str) -> sa.ColumnElement[bool]:
    within = page_view.c.day >= since
    return within & (page_view.c.referrer == host) if host else within
