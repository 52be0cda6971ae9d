"""What panel and readers say between a pick and its runner-up: who is ahead, and what that hangs on."""

from collections.abc import Sequence
from datetime import date

from verdicts.catalog import queries as catalog
from verdicts.catalog.picks import Pick
from verdicts.comparisons import wording
from verdicts.comparisons.panel_lead import panel_lead
from verdicts.voting.queries import tallies_of


def load(picks: Sequence[Pick], today: date) -> tuple[str, ...]:
    """Return a sentence for each pick, "" where it has no runner-up or nobody puts one ahead. Up to two statements."""
    pairs = [(pick.tool, pick.runner_up) for pick in picks]
    ids = {tool.id for pair in pairs if pair[1] for tool in pair if tool}
    if not ids:
        return ("",) * len(pairs)
    panels, communities = catalog.panel_verdicts_of(sorted(ids)), tallies_of(sorted(ids))
    return tuple(
        wording.between(
            [first.name, second.name],
            panel_lead(panels[first.id], panels[second.id], today),
            [communities[first.id], communities[second.id]],
        )
        if second
        else ""
        for first, second in pairs
    )
