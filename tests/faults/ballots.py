"""What voters may expect of their votes, whatever broke meanwhile: none is lost, and none counts twice."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
from flask import Flask

from tests.faults.conftest import TOOLS
from verdicts.catalog.models import ToolSlug
from verdicts.extensions import db
from verdicts.voting.models import Standing, tally, vote
from verdicts.web.voters import current_voter

VERDICTS = ("ship", "ship", "skip", "none")


class HasCookies(Protocol):
    """A browser: of this module's interest are its cookies alone."""

    @property
    def cookie_header(self) -> str: ...


Browser = TypeVar("Browser", bound=HasCookies)


@dataclass
class Voter(Generic[Browser]):
    """A reader, and for each tool which verdicts may stand there now: the last one acknowledged, or a later one."""

    reader: Browser
    may_stand: dict[str, set[str]] = field(default_factory=lambda: {tool: {"none"} for tool in TOOLS})


@dataclass(frozen=True)
class VoteFaults:
    """What is wrong with the stored votes, in words."""

    lost: list[str]
    counted_twice: list[str]
    others: list[str]

    @property
    def all(self) -> list[str]:
        return [*self.lost, *self.counted_twice, *self.others]

    def __str__(self) -> str:
        return f"lost {len(self.lost)}, counted twice {len(self.counted_twice)}"


def check_votes(app: Flask, voters: Iterable[Voter[Any]]) -> VoteFaults:
    """Compare what is stored with what these voters, of whom nobody is missing, were told."""
    known = {_hash_of(app, voter): voter for voter in voters if voter.reader.cookie_header}
    return VoteFaults([*_lost_ballots(known)], [*_double_counts(known)], _database_faults())


def _hash_of(app: Flask, voter: Voter[Any]) -> str:
    """Return the hash that the database has for this voter."""
    with app.test_request_context(headers={"Cookie": voter.reader.cookie_header}):
        hashed = current_voter()
    assert hashed
    return hashed


def _stored_ballots() -> dict[tuple[str, str], str]:
    """Return the stored verdicts by voter and tool. A vote that was taken back is "none"."""
    votes = sa.select(vote.c.voter, ToolSlug.slug, vote.c.verdict).join_from(
        vote, ToolSlug, vote.c.tool_id == ToolSlug.tool_id
    )
    rows = db.session.execute(votes).all()
    assert len({(voter, tool) for voter, tool, _ in rows}) == len(rows)
    return {(voter, tool): verdict or "none" for voter, tool, verdict in rows}


def _lost_ballots(known: dict[str, Voter[Any]]) -> Iterator[str]:
    stored = _stored_ballots()
    for name, voter in known.items():
        for tool, verdicts in voter.may_stand.items():
            if stored.get((name, tool), "none") not in verdicts:
                yield f"{tool}: {stored.get((name, tool))} stands where {verdicts} may"


def _double_counts(known: dict[str, Voter[Any]]) -> Iterator[str]:
    """Yield ballots of voters who never were, and tallies that are not what their voters say."""
    stored = _stored_ballots()
    yield from (f"{tool}: a ballot of a stranger" for name, tool in stored if name not in known)
    counts = Counter((tool, verdict) for (_, tool), verdict in stored.items() if verdict != "none")
    counted = dict.fromkeys(counts, 0)
    for slug, ship, skip in db.session.execute(
        sa.select(ToolSlug.slug, tally.c.ship, tally.c.skip).join_from(
            tally, ToolSlug, tally.c.tool_id == ToolSlug.tool_id
        )
    ):
        counted |= {key: number for key, number in (((slug, "ship"), ship), ((slug, "skip"), skip)) if number}
    if counted != counts:
        yield f"the tallies say {counted}, the ballots {counts}"


def _database_faults() -> list[str]:
    uncounted = db.session.scalar(sa.select(sa.func.count()).where(vote.c.standing != Standing.COUNTED))
    faults = [f"{uncounted} ballots wait"] if uncounted else []
    if db.engine.dialect.name == "sqlite":
        faults += [line for line in db.session.scalars(sa.text("PRAGMA integrity_check")) if line != "ok"]
    return faults
