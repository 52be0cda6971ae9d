"""The recount: adds up the ledger and the ballots, and compares the result with what is stored of them."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from verdicts.extensions import db
from verdicts.voting import pair_readers
from verdicts.voting.models import tally, vote, vote_event
from verdicts.voting.tallying import Figures, worth


@dataclass(frozen=True)
class Difference:
    """For one tool, a figure that is stored and what the ledger says instead.

    `what` is a column of the tally, or "ballots": then `stored` ballots differ from the ledger's last line on their
    voter, and `ledger` voters have a last line that no ballot matches. With a rival it is a column of pair_readers, and
    `ledger` what the stored ballots say.
    """

    tool_id: int
    what: str
    stored: int
    ledger: int
    rival_id: int | None = None


def recount() -> list[Difference]:
    """Return where stored figures and the committed ledger differ, tool by tool. It repairs nothing.

    It reads a snapshot over a connection of its own, so votes may be cast meanwhile.
    """
    with _one_moment() as connection:
        differences = [*_tallies(connection), *_ballots(connection), *_pairs(connection)]
    return sorted(differences, key=lambda each: (each.tool_id, each.rival_id or 0, each.what))


@contextmanager
def _one_moment() -> Iterator[sa.Connection]:
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
            # The ledger only grows: the limit that protects pages must not end the audit one day.
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        yield connection


def _tallies(connection: sa.Connection) -> Iterator[Difference]:
    stored = {row.tool_id: row for row in connection.execute(sa.select(tally))}
    ledger = _ledger_figures(connection)
    for tool_id in stored.keys() | ledger.keys():
        for what, sum_of_lines in asdict(ledger[tool_id]).items():
            figure = getattr(stored.get(tool_id), what, 0)
            if figure != sum_of_lines:
                yield Difference(tool_id, what, figure, sum_of_lines)


def _ledger_figures(connection: sa.Connection) -> dict[int, Figures]:
    line = vote_event.c
    kinds = (line.tool_id, line.from_verdict, line.from_standing, line.to_verdict, line.to_standing)
    figures: dict[int, Figures] = defaultdict(Figures)
    for tool_id, *before, to_verdict, to_standing, lines in connection.execute(
        sa.select(*kinds, sa.func.count()).group_by(*kinds)
    ):
        figures[tool_id] += (worth(to_verdict, to_standing) - worth(*before)) * lines
    return figures


def _ballots(connection: sa.Connection) -> Iterator[Difference]:
    """Compare each stored ballot with the ledger's last line on its voter: where they agree, they make a pair."""
    stored = sa.select(sa.literal(1).label("stored"), vote.c.tool_id, vote.c.voter, vote.c.verdict, vote.c.standing)
    both = sa.union_all(stored, _last_lines()).subquery()
    single = (
        sa.select(both.c.tool_id, sa.func.max(both.c.stored).label("stored"))
        .group_by(both.c.tool_id, both.c.voter, both.c.verdict, both.c.standing)
        .having(sa.func.count() == 1)
        .subquery()
    )
    unmatched = sa.select(single.c.tool_id, sa.func.sum(single.c.stored), sa.func.sum(1 - single.c.stored))
    for tool_id, ballots, lines in connection.execute(unmatched.group_by(single.c.tool_id)):
        yield Difference(tool_id, "ballots", ballots, lines)


def _last_lines() -> sa.Select[tuple[int, int, str, str, str]]:
    line = vote_event.c
    last = sa.select(sa.func.max(line.id)).where(line.voter.is_not(None)).group_by(line.tool_id, line.voter)
    columns = (sa.literal(0).label("stored"), line.tool_id, line.voter, line.to_verdict, line.to_standing)
    return sa.select(*columns).where(line.id.in_(last))


def _pairs(connection: sa.Connection) -> Iterator[Difference]:
    for (tool_id, rival_id), rows in pair_readers.differences(connection).items():
        for column, stored, counted in zip(pair_readers.COUNTS.values(), *rows, strict=True):
            if stored != counted:
                yield Difference(tool_id, column.name, stored, counted, rival_id)
