"""A week's world for digest tests, and editions drafted from it. The makers' NOW is the Sunday of 2026-w47."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.makers import (
    NOW,
    make_category,
    make_price,
    make_review,
    make_reviewer,
    make_revision,
    make_tool,
)
from verdicts.catalog.kinds import Period, PriceModel
from verdicts.catalog.models import Category, Tool
from verdicts.digest import drafting, queries
from verdicts.digest.editions import Edition, get_by_id
from verdicts.digest.models import ItemKind
from verdicts.digest.news import NewsItem
from verdicts.digest.weeks import Week
from verdicts.extensions import begin_write, db

THIS_WEEK, LAST_WEEK = Week(2026, 47), Week(2026, 46)
THURSDAY, LAST_THURSDAY = date(2026, 11, 19), date(2026, 11, 12)
LONG_AGO = NOW - timedelta(days=100)
EARLIER = {"published_at": LONG_AGO}


@contextmanager
def writing() -> Iterator[None]:
    """Do what a view does: begin a transaction that writes, and commit it."""
    db.session.rollback()
    begin_write()
    try:
        yield
    except BaseException:
        db.session.rollback()
        raise
    db.session.commit()


def an_old_tool(slug: str, category: Category | None = None, **fields: Any) -> Tool:
    """Make a tool that was published long before the week."""
    return make_tool(slug, category_id=category.id if category else None, **EARLIER | fields)


def a_turn(tool: Tool, reviewer: str = "skeptic", on: date = THURSDAY, **fields: Any) -> None:
    """Let a reviewer change their mind about a tool from SKIP to SHIP."""
    review = make_review(tool, make_reviewer(f"{reviewer}-{tool.id}", name=f"The {reviewer.title()}"), "ship")
    make_revision(review, "skip", **{"until": on, "reason": "It reads receipts now."} | fields)


def a_price_move(tool: Tool, on: date = THURSDAY, before: int = 20, after: int = 30) -> None:
    monthly = {"currency": "USD", "period": Period.MONTH}
    make_price(tool, PriceModel.PAID, amount=Decimal(before), until=on, reason="Up by half.", **monthly)
    make_price(tool, PriceModel.PAID, amount=Decimal(after), checked_on=on, **monthly)


def a_week() -> tuple[Category, Category, Tool, Tool]:
    """Build two categories: in Code, Alpha with a turn and a price move; in Chat, Beta that is new."""
    code, chat = make_category("code"), make_category("chat")
    alpha, beta = an_old_tool("alpha", code), make_tool("beta", category_id=chat.id)
    a_turn(alpha)
    a_price_move(alpha)
    return code, chat, alpha, beta


def drafted(week: Week = THIS_WEEK) -> Edition:
    with writing():
        id = drafting.draft_edition(week, NOW)
    assert id is not None
    return get_by_id(id)


def items(edition: Edition, kind: ItemKind | None = None) -> list[NewsItem]:
    return [item for item in queries.list_items(edition.id) if kind in {None, item.kind}]


def kinds(edition: Edition) -> list[ItemKind]:
    return [item.kind for item in items(edition)]
