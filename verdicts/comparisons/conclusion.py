"""What a comparison's figures come to: a headline and a few sentences that carry their basis."""

from dataclasses import dataclass
from datetime import date

from verdicts.catalog.reviews import Panel, ReviewerSummary
from verdicts.comparisons import wording
from verdicts.comparisons.panel_lead import panel_lead, support_holds_until
from verdicts.comparisons.queries import ComparisonPage
from verdicts.voting.community import Community


@dataclass(frozen=True)
class Conclusion:
    """`deciding` is the reviewer whose voice alone makes the difference, and `decision` says so; or None and "".

    `lede` is short enough for the first screen of a phone; `sentences` say the same and more, with all its basis.
    `leaves_out` is True where they count only those who judged both tools, and others judged one of them.
    `names_lead` is True where the panel puts one tool ahead, so that they say what this hangs on.
    `disagreements` has a sentence for each tool, "" where its panel and its readers do not differ.
    """

    headline: str
    lede: str
    sentences: tuple[str, ...]
    leaves_out: bool
    names_lead: bool
    deciding: ReviewerSummary | None
    decision: str
    readers: str
    disagreements: tuple[str, ...]


def conclude(page: ComparisonPage, today: date) -> Conclusion:
    """Return what a comparison comes to on a day. A winner is only ever named between two tools."""
    names, panels = page.names, [each.panel for each in page.tools]
    lead = panel_lead(panels[0], panels[1], today) if page.readers is not None else None
    readers = wording.readers_sentence(names, page.readers)
    editors_headline = page.curated.headline if page.curated else None
    return Conclusion(
        headline=editors_headline or wording.headline(names, panels, lead, today),
        lede=wording.lede(names, lead) if lead else wording.counts_lede(names, panels, today),
        sentences=(
            (wording.panel_sentence(names, lead), readers) if lead else (wording.panel_counts(names, panels, today),)
        ),
        leaves_out=bool(lead and lead.left_out),
        names_lead=bool(lead.holds_until if lead else support_holds_until(panels, today)),
        deciding=lead.deciders[0] if lead and len(lead.deciders) == 1 else None,
        decision=wording.decision(names, lead) if lead else "",
        readers=readers,
        disagreements=tuple(disagreement(each.tool.name, each.panel, each.community) for each in page.tools),
    )


def disagreement(name: str, panel: Panel, community: Community) -> str:
    """Return a sentence where a tool's panel has a share beyond the readers' interval, otherwise ""."""
    if panel.total and community.contradicts(panel.ship, panel.total):
        return wording.disagreement(name, panel, community)
    return ""
