"""The reading: what a comparison's figures come to, in a headline and a few sentences that carry their basis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from verdicts.catalog.panel import Panel, ReviewerCard
from verdicts.comparisons import wording
from verdicts.comparisons.panel_lead import panel_lead
from verdicts.comparisons.queries import Comparison
from verdicts.voting.community import Community


@dataclass(frozen=True)
class Reading:
    """`deciding` is the one reviewer whose voice makes the difference, if it is one."""

    headline: str
    sentences: tuple[str, ...]
    deciding: ReviewerCard | None
    decision: str
    readers: str
    disagreements: tuple[str, ...]


def read(comparison: Comparison, today: date) -> Reading:
    """Return the reading of a comparison on a day: a winner is only ever named between two tools."""
    contenders, names = comparison.contenders, comparison.names
    lead = panel_lead(contenders[0].panel, contenders[1].panel, today) if comparison.readers is not None else None
    readers = wording.readers_sentence(names, comparison.readers)
    words = comparison.curated.headline if comparison.curated else None
    return Reading(
        headline=words or wording.headline(names, lead),
        sentences=(wording.panel_sentence(names, lead), readers)
        if lead
        else (wording.panel_counts(names, [each.panel for each in contenders]),),
        deciding=lead.deciders[0] if lead and len(lead.deciders) == 1 else None,
        decision=wording.decision(names, lead) if lead else "",
        readers=readers,
        disagreements=disagreements([(each.card.name, each.panel, each.community) for each in contenders]),
    )


def disagreements(tools: Sequence[tuple[str, Panel, Community]]) -> tuple[str, ...]:
    """Return a sentence for each tool on which the panel's share lies beyond the readers' interval."""
    return tuple(
        wording.disagreement(name, panel, community)
        for name, panel, community in tools
        if panel.total and community.contradicts(panel.ship, panel.total)
    )
