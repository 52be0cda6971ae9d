"""A ballot is set, never toggled: a retry or a double tap changes nothing."""

from dataclasses import dataclass
from datetime import datetime

from verdicts.catalog.kinds import Verdict
from verdicts.voting.community import Community
from verdicts.voting.models import Standing


@dataclass(frozen=True)
class Ballot:
    """One voter's ballot for one tool (no verdict: none, or taken back), beside the tool's figures."""

    tool_id: int
    verdict: Verdict | None
    standing: Standing
    community: Community

    @property
    def is_counted(self) -> bool:
        return self.standing is Standing.COUNTED


def cast(
    tool_id: int, *, voter: str, network: str | None, verdict: Verdict | None, allowance: int, now: datetime
) -> Ballot:
    """Set a voter's ballot for a tool and return it as it now stands; `verdict=None` takes it back.

    `voter` and `network` are hashes (voters.hash_voter, networks.network_hash); without a network the ballot counts
    at once. Saying the same again writes nothing. The caller has called begin_write() and commits.
    """
    raise NotImplementedError
