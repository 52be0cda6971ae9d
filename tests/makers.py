"""Makers: each saves one record with defaults for what the test does not name, and commits."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from verdicts.catalog import panel_keys, search_index
from verdicts.catalog.kinds import Basis, PriceModel, ReviewerKind, Verdict
from verdicts.catalog.models import (
    Category,
    CategoryFact,
    CategoryPick,
    Plan,
    PriceRecord,
    Release,
    Review,
    Reviewer,
    ReviewRevision,
    Tool,
    ToolFact,
    ToolSlug,
)
from verdicts.catalog.prices import place_of
from verdicts.comparisons.models import ChooseIf, Comparison, ComparisonTool
from verdicts.comparisons.related import members_key
from verdicts.extensions import Base, db
from verdicts.newsletter import addresses
from verdicts.newsletter.models import Status, Subscriber, SubscriberCategory, SubscriberTool
from verdicts.voting.models import Occasion, Standing, tally, vote, vote_event

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TODAY = NOW.date()
T = TypeVar("T", bound=Base)


def make_category(slug: str = "developer-tools", *, facts: dict[str, str] | None = None, **fields: Any) -> Category:
    """Make a category; `facts` maps keys to labels."""
    category = Category(**{"slug": slug, "name": _name_from(slug), "position": _next_position(Category)} | fields)
    category.facts = [
        CategoryFact(key=key, label=label, position=position)
        for position, (key, label) in enumerate((facts or {}).items())
    ]
    return _save(category)


def make_pick(category: Category, need: str, tool: Tool, runner_up: Tool | None = None, **fields: Any) -> CategoryPick:
    defaults = {
        "category_id": category.id,
        "need": need,
        "tool_id": tool.id,
        "runner_up_id": runner_up.id if runner_up else None,
        "position": _next_position(CategoryPick),
    }
    return _save(CategoryPick(**defaults | fields))


def make_reviewer(slug: str = "builder", **fields: Any) -> Reviewer:
    defaults = {
        "slug": slug,
        "name": f"The {_name_from(slug)}",
        "kind": ReviewerKind.UNSTATED,
        "position": _next_position(Reviewer),
    }
    return _save(Reviewer(**defaults | fields))


def make_tool(
    slug: str = "mistral-code",
    *,
    aliases: tuple[str, ...] = (),
    facts: dict[str, str] | None = None,
    **fields: Any,
) -> Tool:
    """Make a published tool (`published_at=None` for an unpublished one), indexed; `facts` maps keys to values."""
    defaults = {"name": _name_from(slug), "published_at": NOW, "position": _next_position(Tool)}
    tool = Tool(**defaults | fields)
    tool.slugs = [
        ToolSlug(slug=name, is_current=position == 0, position=position)
        for position, name in enumerate((slug, *aliases))
    ]
    tool.facts = [
        ToolFact(key=key, value=value, position=position) for position, (key, value) in enumerate((facts or {}).items())
    ]
    db.session.add(tool)
    db.session.flush()
    search_index.reindex([tool.id])
    db.session.commit()
    return tool


def make_review(tool: Tool, reviewer: Reviewer, verdict: Verdict | str = Verdict.SHIP, **fields: Any) -> Review:
    defaults = {
        "tool_id": tool.id,
        "reviewer_id": reviewer.id,
        "verdict": Verdict(verdict),
        "quote": f"{reviewer.name} on {tool.name}.",
        "basis": Basis.UNSTATED,
        "position": _next_position(Review),
    }
    review = Review(**defaults | fields)
    db.session.add(review)
    db.session.flush()
    panel_keys.refresh([tool.id])
    db.session.commit()
    return review


def make_revision(review: Review, verdict: Verdict | str, until: date = TODAY, **fields: Any) -> ReviewRevision:
    """Make an earlier state of a review, which stood until `until`."""
    defaults = {
        "review_id": review.id,
        "verdict": Verdict(verdict),
        "quote": "What it votes before.",
        "until": until,
        "reason": "It changed.",
        "wording_only": False,
        "position": _next_position(ReviewRevision),
    }
    return _save(ReviewRevision(**defaults | fields))


def make_price(tool: Tool, model: PriceModel | str = PriceModel.FREE, **fields: Any) -> PriceRecord:
    """Make a tool's current price, or an earlier one when `until` is given."""
    defaults = {"tool_id": tool.id, "model": PriceModel(model), "position": _next_position(PriceRecord)}
    price = PriceRecord(**defaults | fields)
    if price.until is None:
        place = place_of(price.model, price.amount, price.currency, price.period)
        db.session.execute(sa.update(Tool).where(Tool.id == price.tool_id).values(price_place=place))
    return _save(price)


def make_fact(tool: Tool, key: str, value: str, **fields: Any) -> ToolFact:
    return _save(ToolFact(**{"tool_id": tool.id, "key": key, "value": value, "position": 0} | fields))


def make_plan(tool: Tool, name: str = "Pro", **fields: Any) -> Plan:
    return _save(Plan(**{"tool_id": tool.id, "name": name, "position": _next_position(Plan)} | fields))


def make_release(tool: Tool, version: str = "1.0", **fields: Any) -> Release:
    return _save(Release(**{"tool_id": tool.id, "version": version, "position": _next_position(Release)} | fields))


def make_votes(
    tool: Tool,
    ship: Iterable[int] = (),
    skip: Iterable[int] = (),
    waiting: Iterable[int] = (),
    at: datetime = NOW,
) -> None:
    """Cast the votes of these readers, who are numbers: ballots, ledger lines and tally agree."""
    votes = [(reader, Verdict.SHIP, Standing.COUNTED) for reader in ship]
    votes += [(reader, Verdict.SKIP, Standing.COUNTED) for reader in skip]
    votes += [(reader, Verdict.SHIP, Standing.WAITING) for reader in waiting]
    connection, id = db.session.connection(), tool.id
    for reader, verdict, standing in votes:
        mine = {"tool_id": id, "voter": f"{reader:064x}", "network": None}
        ballot = {"verdict": verdict, "standing": standing, "first_at": at, "changed_at": at}
        line = {"from_verdict": None, "from_standing": standing, "to_verdict": verdict, "to_standing": standing}
        connection.execute(sa.insert(vote).values(**mine, **ballot))
        connection.execute(sa.insert(vote_event).values(**mine, **line, occasion=Occasion.CAST, reason=None, at=at))
    counted = [verdict for _, verdict, standing in votes if standing is Standing.COUNTED]
    figures = {"ship": counted.count(Verdict.SHIP), "skip": counted.count(Verdict.SKIP)}
    waits = {"waiting": len(votes) - len(counted), "held": 0, "discarded": 0}
    of_tool = tally.c.tool_id == id
    grown = {name: tally.c[name] + figure for name, figure in {**figures, **waits}.items()}
    grown["changes"] = tally.c.changes + 1
    if not connection.execute(sa.update(tally).where(of_tool).values(**grown)).rowcount:
        connection.execute(sa.insert(tally).values(tool_id=id, **figures, **waits))
    db.session.commit()


def make_comparison(*tools: Tool, choose_if: dict[Tool, str] | None = None, **fields: Any) -> Comparison:
    """Make a curated comparison; `choose_if` maps tools to the end of "Choose it if …"."""
    defaults = {
        "members_key": members_key([tool.id for tool in tools]),
        "published_at": NOW,
        "position": _next_position(Comparison),
    }
    comparison = Comparison(**defaults | fields)
    comparison.members = [ComparisonTool(tool=tool, position=position) for position, tool in enumerate(tools)]
    comparison.choose_if = [
        ChooseIf(tool=tool, when=when, position=position)
        for position, (tool, when) in enumerate((choose_if or {}).items())
    ]
    return _save(comparison)


def make_subscriber(
    address: str = "ann@example.org",
    *,
    categories: Iterable[Category] = (),
    follows: Iterable[Tool] = (),
    **fields: Any,
) -> Subscriber:
    """Make a confirmed subscriber; `status` may be another, and an ended one has no address."""
    parsed = addresses.parse_email(address)
    status = fields.get("status", Status.CONFIRMED)
    is_kept = status in {Status.PENDING, Status.CONFIRMED}
    defaults = {
        "address": parsed.text if is_kept else None,
        "address_key": parsed.key if is_kept else None,
        "status": status,
        "consent_source": "A test",
        "consent_at": NOW,
        "confirmed_at": None if status is Status.PENDING else NOW,
    }
    subscriber = _save(Subscriber(**defaults | fields))
    for category in categories:
        db.session.add(SubscriberCategory(subscriber_id=subscriber.id, category_id=category.id))
    for tool in follows:
        db.session.add(SubscriberTool(subscriber_id=subscriber.id, tool_id=tool.id))
    db.session.commit()
    return subscriber


def _name_from(slug: str) -> str:
    return slug.replace("-", " ").title()


def _next_position(model: type[Base]) -> int:
    return db.session.connection().scalar(_query_of_next_position(model)) or 0


@cache
def _query_of_next_position(model: Any) -> sa.Select[Any]:
    return sa.select(sa.func.coalesce(sa.func.max(model.position) + 1, 0))


def _save(record: T) -> T:
    db.session.add(record)
    db.session.commit()
    return record
