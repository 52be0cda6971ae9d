"""A believable catalogue of any size, written straight into the tables: through the forms it would take days.

The same size gives the same rows, apart from the moment that their dates count back from.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import sqlalchemy as sa

from verdicts.catalog import panel_keys, search_index
from verdicts.catalog.kinds import Verdict
from verdicts.catalog.prices import place_of
from verdicts.engines import gather_statistics
from verdicts.extensions import Base, begin_write, commit_or_retry, db
from verdicts.voting import pair_readers
from verdicts.voting.models import Occasion, Standing, tally, vote, vote_event

SEED = 20_261_129
BATCH = 5_000
REVIEWERS = 5
TOOLS_A_CATEGORY = 120
MAX_CATEGORIES = 60
FACTS = ("license", "offline", "languages", "open_source")
FIRST = ("Amber", "Brisk", "Cobalt", "Delta", "Ember", "Fable", "Granite", "Harbor", "Indigo", "Juniper", "Kestrel")
SECOND = (
    "Coder",
    "Draft",
    "Echo",
    "Frame",
    "Graph",
    "Hub",
    "Index",
    "Lens",
    "Mesh",
    "Notes",
    "Pilot",
    "Query",
    "Voice",
)
USES = ("writes code", "answers questions", "draws pictures", "transcribes talks", "searches papers", "plans trips")
LICENCES = ("", "MIT", "Apache-2.0", "Proprietary")
_LEDGER_LINE = {
    "tool_id": vote.c.tool_id,
    "voter": vote.c.voter,
    "occasion": sa.literal(Occasion.CAST, vote_event.c.occasion.type),
    "from_standing": vote.c.standing,
    "to_verdict": vote.c.verdict,
    "to_standing": vote.c.standing,
    "at": vote.c.first_at,
}
_FIGURES = {
    "tool_id": vote.c.tool_id,
    "ship": sa.func.count().filter(vote.c.verdict == Verdict.SHIP),
    "skip": sa.func.count().filter(vote.c.verdict == Verdict.SKIP),
    **{name: sa.literal(0) for name in ("waiting", "held", "discarded")},
}
VALUES = ("Yes", "No", "In part", "On request")


@dataclass(frozen=True)
class Scale:
    """How much there is: tools, ballots on all of them together, and the voters who cast them."""

    tools: int
    votes: int

    @property
    def voters(self) -> int:
        return max(1_000, self.votes // 20)

    @property
    def categories(self) -> int:
        return max(4, min(MAX_CATEGORIES, self.tools // TOOLS_A_CATEGORY))


def slug_of(id: int) -> str:
    return f"tool-{id}"


def fill(scale: Scale, now: datetime) -> None:
    """Write the catalogue and its votes into an empty, migrated database, and commit."""
    chance, today = random.Random(SEED), now.date()  # noqa: S311  # the same rows each time, not secrets
    _insert("category", ({"slug": f"kind-{id}", "name": f"Kind {id}", "position": id} for id in _categories(scale)))
    _insert("category_fact", _category_facts(scale))
    _insert("reviewer", (_reviewer(id) for id in range(1, REVIEWERS + 1)))
    ids = range(1, scale.tools + 1)
    _insert("tool", (_tool(id, scale, now) for id in ids))
    _insert("tool_slug", ({"slug": slug_of(id), "tool_id": id, "is_current": True, "position": 0} for id in ids))
    _insert("tool_fact", (_fact(id, key, chance, today) for id in ids for key in FACTS if chance.random() < 0.8))
    _insert("price_record", (price for id in ids for price in _prices(id, chance, today)))
    _insert("plan", (_plan(id, name, amount) for id in ids for name, amount in (("Pro", "20"), ("Team", "40"))))
    _insert("release", ({"tool_id": id, "version": f"{id % 9}.0", "on": today, "position": 0} for id in ids))
    _insert("review", _reviews(ids, chance, today))
    _insert("comparison", (_comparison(id, now) for id in _compared(scale)))
    _insert(
        "comparison_tool",
        ({"comparison_id": id, "tool_id": id + step, "position": step} for id in _compared(scale) for step in (0, 1)),
    )
    _insert("pair_views", _pair_views(scale))
    _insert("tool_views", ({"tool_id": id, "views": 1 + 10_000 // id} for id in range(1, scale.tools // 5)))
    _insert_votes(scale, chance, now)
    begin_write()
    _take_as_long_as_it_takes()
    panel_keys.refresh(ids)
    _store_price_places()
    search_index.reindex_all()
    pair_readers.refresh_all(db.session.connection())
    db.session.commit()
    _settle()


def _take_as_long_as_it_takes() -> None:
    if db.engine.dialect.name == "postgresql":
        db.session.execute(sa.text("SET LOCAL statement_timeout = 0"))


def _settle() -> None:
    """Do what housekeeping does on SQLite, and PostgreSQL by itself: gather statistics, and note which rows all see."""
    if db.engine.dialect.name == "sqlite":
        commit_or_retry(lambda: gather_statistics(db.session.connection()))
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for step in ("SET statement_timeout = 0", "VACUUM ANALYZE", "RESET statement_timeout"):
            connection.execute(sa.text(step))


def _insert(table: str, rows: Iterable[dict[str, Any]]) -> None:
    statement, rows = sa.insert(Base.metadata.tables[table]), iter(rows)
    while batch := list(islice(rows, BATCH)):
        begin_write()
        db.session.connection().execute(statement, batch)
        db.session.commit()


def _categories(scale: Scale) -> range:
    return range(1, scale.categories + 1)


def _category_facts(scale: Scale) -> Iterator[dict[str, Any]]:
    for id in _categories(scale):
        for position, key in enumerate(FACTS):
            label = key.replace("_", " ").capitalize()
            yield {"category_id": id, "key": key, "label": label, "position": position}


def _reviewer(id: int) -> dict[str, Any]:
    return {"id": id, "slug": f"voice-{id}", "name": f"Voice {id}", "kind": "ai", "position": id}


def _tool(id: int, scale: Scale, now: datetime) -> dict[str, Any]:
    name = f"{FIRST[id % len(FIRST)]} {SECOND[id // len(FIRST) % len(SECOND)]} {id}"
    use = USES[id % len(USES)]
    return {
        "id": id,
        "name": name,
        "tagline": f"{name} {use} for small teams.",
        "description": f"{name} {use}. It began as an experiment, and is looked after by a few people. " * 3,
        "maker": f"Maker {id // 3}",
        "website": f"https://example.com/{id}",
        "license": LICENCES[id % len(LICENCES)],
        "category_id": 1 + id % scale.categories,
        "published_at": now - timedelta(hours=id),
        "position": id,
    }


def _store_price_places() -> None:
    tool, price = (Base.metadata.tables[name] for name in ("tool", "price_record"))
    current = sa.select(price.c.tool_id, price.c.model, price.c.amount, price.c.currency, price.c.period)
    rows = db.session.execute(current.where(price.c.until.is_(None))).all()
    store = sa.update(tool).where(tool.c.id == sa.bindparam("id_")).values(price_place=sa.bindparam("place"))
    db.session.connection().execute(store, [{"id_": id, "place": place_of(*of_price)} for id, *of_price in rows])


def _fact(id: int, key: str, chance: random.Random, today: date) -> dict[str, Any]:
    value = chance.choice(VALUES)
    return {"tool_id": id, "key": key, "value": value, "checked_on": today, "position": FACTS.index(key)}


def _prices(id: int, chance: random.Random, today: date) -> Iterator[dict[str, Any]]:
    amount = str(chance.choice((5, 10, 20, 30, 99)))
    common = {"tool_id": id, "model": "paid", "currency": "USD", "period": "month", "checked_on": today}
    if id % 5 == 0:
        yield common | {"amount": "8", "until": today - timedelta(days=id % 900), "reason": "Raised.", "position": 0}
    yield common | {"amount": amount, "until": None, "reason": None, "position": 1}


def _plan(id: int, name: str, amount: str) -> dict[str, Any]:
    return {"tool_id": id, "name": name, "amount": amount, "currency": "USD", "period": "month", "position": 0}


def _reviews(ids: range, chance: random.Random, today: date) -> Iterator[dict[str, Any]]:
    for id in ids:
        for reviewer_id in chance.sample(range(1, REVIEWERS + 1), chance.randint(2, REVIEWERS)):
            yield {
                "tool_id": id,
                "reviewer_id": reviewer_id,
                "verdict": chance.choice(("ship", "ship", "skip")),
                "quote": f"It {chance.choice(USES)}, and says when it cannot. I would use it again on a weekday.",
                "reviewed_on": today - timedelta(days=chance.randint(0, 400)),
                "basis": "unstated",
                "position": reviewer_id,
            }


def _compared(scale: Scale) -> range:
    return range(1, scale.tools // 10)


def _comparison(id: int, now: datetime) -> dict[str, Any]:
    common = {"bottom_line": "The first for a team, the second for one.", "featured": id <= 3, "published_at": now}
    return {"id": id, "members_key": f"{id},{id + 1}", "position": id, **common}


def _pair_views(scale: Scale) -> Iterator[dict[str, Any]]:
    for id in range(1, scale.tools // 5):
        for tool_id, rival_id in ((id, id + 1), (id + 1, id)):
            yield {"tool_id": tool_id, "rival_id": rival_id, "views": 1 + 1_000 // id}


def _insert_votes(scale: Scale, chance: random.Random, now: datetime) -> None:
    """Few tools get most of the votes: the second half as many as the first, the third a third."""
    weight = sum(1 / id for id in range(1, scale.tools + 1))
    counts = {id: min(scale.voters, int(scale.votes / weight / id) + 1) for id in range(1, scale.tools + 1)}
    with _indexed_afterwards(vote, vote_event):
        _insert("vote", _ballots(scale, counts, chance, now))
        _copy(vote_event, sa.select(*_LEDGER_LINE.values()), list(_LEDGER_LINE))
        _copy(tally, sa.select(*_FIGURES.values()).group_by(vote.c.tool_id), list(_FIGURES))


@contextmanager
def _indexed_afterwards(*tables: sa.Table) -> Iterator[None]:
    """Build the tables' indexes when the rows are there: in order they take a fraction of the time."""
    indexes = [index for table in tables for index in table.indexes]
    for act in (sa.Index.drop, sa.Index.create):
        begin_write()
        for index in indexes:
            act(index, db.session.connection())
        db.session.commit()
        if act is sa.Index.drop:
            yield


def _copy(table: sa.Table, rows: sa.Select[Any], columns: list[str]) -> None:
    begin_write()
    _take_as_long_as_it_takes()
    db.session.execute(sa.insert(table).from_select(columns, rows))
    db.session.commit()


def _ballots(scale: Scale, counts: dict[int, int], chance: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    for tool_id, count in counts.items():
        share = chance.uniform(0.2, 0.9)
        for voter in sorted(map(_voter, chance.sample(range(scale.voters), count))):
            verdict = "ship" if chance.random() < share else "skip"
            at = now - timedelta(minutes=chance.randint(1, 500_000))
            common = {"standing": Standing.COUNTED, "network": None, "first_at": at, "changed_at": at}
            yield {"tool_id": tool_id, "voter": voter, "verdict": verdict, **common}


@cache
def _voter(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()
