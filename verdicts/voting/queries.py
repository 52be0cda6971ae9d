"""What pages read of the votes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from verdicts.voting.ballot import Ballot
from verdicts.voting.community import Community
from verdicts.voting.readers_of_both import ReadersOfBoth


@dataclass(frozen=True)
class Totals:
    """All tools' ballots together. `held` are those of the `waiting` that wait for an editor."""

    counted: int
    waiting: int
    held: int
    discarded: int


@dataclass(frozen=True)
class HeldGroup:
    """Ballots for one tool from one network of one day that an editor must decide.

    `network` is its hash, or None once it has been blanked: then all such ballots of the tool are one group.
    """

    tool_id: int
    network: str | None
    since: datetime
    ship: int
    skip: int
    taken_back: int


def tally_of(tool_id: int) -> Community:
    """Return a tool's figures. One statement."""
    raise NotImplementedError


def tallies_of(tool_ids: Collection[int]) -> dict[int, Community]:
    """Return the figures of each of these tools. One statement."""
    raise NotImplementedError


def ballots_of(voter: str, tool_ids: Collection[int]) -> dict[int, Ballot]:
    """Return the voter's ballots for those of these tools that they have one for. One statement."""
    raise NotImplementedError


def readers_of_both(tool_a: int, tool_b: int) -> ReadersOfBoth:
    """Return what voters with a counted verdict on both tools said. One statement."""
    raise NotImplementedError


def totals() -> Totals:
    """Return what /method publishes. One statement."""
    raise NotImplementedError


def held_groups() -> list[HeldGroup]:
    """Return the groups of ballots that wait for an editor, oldest first. One statement."""
    raise NotImplementedError


def voters_held(tool_id: int, network: str | None) -> list[str]:
    """Return whose ballots are in a held group, for waiting.release or waiting.discard."""
    raise NotImplementedError
