"""The recount: the ledger is added up anew and compared with what is stored beside it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """For one tool, a figure that is stored and what the ledger says instead.

    `what` is a column of the tally, or "ballots": voters' rows that the ledger's last line on them confirms.
    """

    tool_id: int
    what: str
    stored: int
    ledger: int


def recount() -> list[Difference]:
    """Return where the stored figures and the committed ledger disagree, by tool; nothing is repaired.

    It reads one moment's state over a connection of its own, so votes may go on meanwhile.
    """
    raise NotImplementedError
