"""What the voting tests do over and over: ballots, crowds of them, and looks into the three tables."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import cycle
from typing import Any

import sqlalchemy as sa

from tests.makers import NOW
from verdicts.catalog.kinds import Verdict
from verdicts.extensions import begin_write, connect_to_write, db
from verdicts.voting import ballot, decision, pair_readers, waiting
from verdicts.voting.ballot import Ballot
from verdicts.voting.models import Occasion, Standing, tally, vote, vote_event
from verdicts.voting.tallying import Figures, lock_tally, move_tally, worth

SHIP, SKIP = Verdict.SHIP, Verdict.SKIP
ALLOWANCE = 20


def say(
    tool_id: int,
    voter: str,
    verdict: Verdict | None,
    *,
    network: str | list[str] | None = None,
    allowance: int = ALLOWANCE,
    now: datetime = NOW,
) -> Ballot:
    """Cast a ballot as the view does, in a transaction of its own. A list is one network's hashes, today's first."""
    networks = network if isinstance(network, list) else [network] if network else []
    options: dict[str, Any] = {"networks": networks, "allowance": allowance, "now": now}
    db.session.rollback()
    with connect_to_write() as connection:
        return ballot.cast(connection, tool_id, voter=voter, verdict=verdict, **options)


def crowd(
    tool_id: int, voters: Iterable[str], verdict: Verdict | None, *, network: str | None = None, **where: Any
) -> None:
    """Cast one ballot for each voter, all saying the same, in one transaction."""
    options = {"networks": [network] if network else [], "allowance": ALLOWANCE, "now": NOW} | where
    db.session.rollback()
    with connect_to_write() as connection:
        for voter in voters:
            ballot.cast(connection, tool_id, voter=voter, verdict=verdict, **options)


def masses(
    tool_id: int, voters: list[str], verdict: Verdict, standing: Standing, networks: Sequence[str | None] = (None,)
) -> None:
    """Store thousands of first ballots as casting them one by one would, but quickly, from these networks in turn."""
    begin_write()
    common = {"tool_id": tool_id}
    ballot = {**common, "verdict": verdict, "standing": standing, "first_at": NOW, "changed_at": NOW}
    line = {**common, "occasion": Occasion.CAST, "from_standing": standing, "to_verdict": verdict, "at": NOW}
    line["to_standing"] = standing
    each = [{"voter": voter, "network": network} for voter, network in zip(voters, cycle(networks), strict=False)]
    db.session.connection().execute(sa.insert(vote), [ballot | one for one in each])
    db.session.connection().execute(sa.insert(vote_event), [line | one for one in each])
    lock_tally(db.session.connection(), tool_id)
    move_tally(db.session.connection(), tool_id, worth(verdict, standing) * len(voters))
    pair_readers.refresh(db.session.connection(), tool_id)
    db.session.commit()
    db.session.connection().execute(sa.text("ANALYZE vote"))  # as PostgreSQL's autovacuum would do in time
    db.session.commit()


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:04d}" for number in range(count)]


def release_all_due(now: datetime, allowance: int = ALLOWANCE) -> waiting.Decided:
    """Decide everything that is due, a commit after each batch; return the sums."""
    released = held = 0
    while True:
        begin_write()
        decided = waiting.release_due(now, allowance)
        db.session.commit()
        if decided is None:
            return waiting.Decided(released, held)
        released, held = released + decided.released, held + decided.held


def decide(tool_id: int, voters: Collection[str], to: Standing, *, now: datetime, reason: str = "because") -> int:
    """Give these voters' ballots a standing in one transaction; return how many had another one."""
    begin_write()
    lock_tally(db.session.connection(), tool_id)
    changed = decision.decide(db.session.connection(), tool_id, voters, to, reason=reason, now=now)
    db.session.commit()
    return changed


def figures(tool_id: int) -> Figures:
    """Return a tool's stored tally."""
    columns = (tally.c.ship, tally.c.skip, tally.c.waiting, tally.c.held, tally.c.discarded)
    row = db.session.execute(sa.select(*columns).where(tally.c.tool_id == tool_id)).one_or_none()
    db.session.rollback()
    return Figures(*row) if row else Figures()


def standing(tool_id: int, voter: str) -> Standing | None:
    found = db.session.scalar(sa.select(vote.c.standing).where(vote.c.tool_id == tool_id, vote.c.voter == voter))
    db.session.rollback()
    return found


def ledger(tool_id: int) -> list[Any]:
    """Return a tool's ledger lines, oldest first."""
    lines = db.session.execute(
        sa.select(vote_event).where(vote_event.c.tool_id == tool_id).order_by(vote_event.c.id)
    ).all()
    db.session.rollback()
    return list(lines)


def rows(table: sa.Table) -> int:
    count = db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    db.session.rollback()
    return count
