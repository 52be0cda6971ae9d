"""The ranking by readers: by the interval's lower end, so that few votes cannot outrank many."""

from collections.abc import Mapping

from verdicts.voting.community import Community

RANKED_FROM = 10


def ranked(figures: Mapping[int, Community]) -> list[int]:
    """Return the ids of the tools that have an estimate, best first; empty until ten tools qualify."""
    lower_ends = {tool_id: figure.interval.low for tool_id, figure in figures.items() if figure.interval}
    if len(lower_ends) < RANKED_FROM:
        return []
    return sorted(lower_ends, key=lambda tool_id: (-lower_ends[tool_id], tool_id))
