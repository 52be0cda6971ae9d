"""What a comparison says in sentences. Each claim is made of figures decided elsewhere; here are only the words."""

from collections.abc import Sequence

from verdicts.catalog.panel import OLD_AFTER, Panel, ReviewerSummary
from verdicts.comparisons.panel_lead import PanelLead, PanelOutcome
from verdicts.voting.community import CONFIDENCE_PERCENT, Community
from verdicts.voting.readers_of_both import Lead, ReadersOfBoth

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

PERCENT = "\u202f%"  # with a narrow space that does not break


def number(count: int) -> str:
    """Return a count as a word where books would: up to twelve."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def voices(count: int) -> str:
    return f"{number(count)} voice{'' if count == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b", or "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def headline(names: Sequence[str], lead: PanelLead | None) -> str:
    """Return the answer in a line. Of three or four tools no winner is named: `lead` is None."""
    if lead is None:
        return f"{number(len(names)).capitalize()} tools, one table."
    first, second = names
    return {
        PanelOutcome.FIRST_AHEAD: f"{first}, by {voices(lead.margin)}.",
        PanelOutcome.SECOND_AHEAD: f"{second}, by {voices(lead.margin)}.",
        PanelOutcome.SHIPS_BOTH: "The panel ships both.",
        PanelOutcome.SKIPS_BOTH: "The panel skips both.",
        PanelOutcome.LEVEL: "The panel is level.",
        PanelOutcome.NOT_REVIEWED: "No panel verdict yet.",
        PanelOutcome.ONLY_FIRST_REVIEWED: f"Only {first} is reviewed.",
        PanelOutcome.ONLY_SECOND_REVIEWED: f"Only {second} is reviewed.",
        PanelOutcome.NOBODY_JUDGED_BOTH: "Nobody judged both.",
        PanelOutcome.TOO_OLD: "The verdicts are too old.",
    }[lead.outcome]


def panel_sentence(names: Sequence[str], lead: PanelLead) -> str:
    """Return what the panel says of two tools, with its basis."""
    judged = len(lead.judged_both)
    if lead.reason_for_none:
        return _REASONS_FOR_NO_LEAD[lead.reason_for_none]
    if lead.outcome is PanelOutcome.SHIPS_BOTH:
        return f"{_all_of(judged)} who judged both ship {names[0]} and {names[1]} alike."
    if lead.outcome is PanelOutcome.SKIPS_BOTH:
        return f"{_all_of(judged)} who judged both skip {names[0]} and {names[1]} alike."
    if lead.outcome is PanelOutcome.LEVEL:
        return f"Each is shipped by {lead.ship_first} of the {judged} reviewers who judged both.{_opposed(names, lead)}"
    counts = sorted((lead.ship_first, lead.ship_second), reverse=True)
    return (
        f"{counts[0]} of {judged} against {counts[1]} of {judged}: ahead by {voices(lead.margin)}"
        f"{_deciders(lead.deciders)}.{'' if lead.deciders else _opposed(names, lead)}"
    )


def decision(names: Sequence[str], lead: PanelLead) -> str:
    """Return what one reviewer's voice decides, or "" where it takes more than one."""
    if len(lead.deciders) != 1:
        return ""
    ahead = names[0] if lead.outcome is PanelOutcome.FIRST_AHEAD else names[1]
    return f"One voice decides it: {lead.deciders[0].mention} ships only {ahead}."


def panel_counts(names: Sequence[str], panels: Sequence[Panel]) -> str:
    """Return each tool's count side by side, naming no winner."""
    counts = [
        f"{name} {panel.ship} of {panel.total}" if panel.total else f"{name} not reviewed yet"
        for name, panel in zip(names, panels, strict=True)
    ]
    return f"The panel ships {listed(counts)}. Of {number(len(names))} tools no winner is named: the table speaks."


def readers_sentence(names: Sequence[str], readers: ReadersOfBoth | None) -> str:
    """Return what the readers who judged both say of two tools, with its basis; None is for more than two tools."""
    if readers is None:
        return "Each tool has its own readers; a lead among them is worked out for two tools at a time."
    only = f"{readers.only_a} would ship only {names[0]} and {readers.only_b} only {names[1]}"
    basis = f"Of the {_readers(readers.total)} who judged both, {only}"
    return {
        Lead.NOBODY: "No reader has judged both yet.",
        Lead.TOO_CLOSE: f"{basis}: too close to call.",
        Lead.A: f"{basis}: the readers lean to {names[0]}.",
        Lead.B: f"{basis}: the readers lean to {names[1]}.",
    }[readers.lead]


def disagreement(name: str, panel: Panel, community: Community) -> str:
    """Return that panel and readers part on a tool. Needs a community with an interval."""
    interval = community.interval
    if interval is None:
        raise ValueError(f"{name} has too few votes for an interval")
    outside = f"{interval.low_percent} to {interval.high_percent}{PERCENT}"
    return (
        f"Panel and readers part on {name}: {panel.ship} of {panel.total} reviewers ship it, but "
        f"{community.percent}{PERCENT} of {community.counted} readers do, and the panel’s share lies outside their "
        f"{CONFIDENCE_PERCENT}{PERCENT} interval, {outside}, by more than half a voice."
    )


def _readers(count: int) -> str:
    return "one reader" if count == 1 else f"{count} readers"


_NEITHER_AHEAD = "so the panel puts neither ahead."
_REASONS_FOR_NO_LEAD = {
    PanelOutcome.NOT_REVIEWED: "Nobody on the panel has looked at either tool yet.",
    PanelOutcome.ONLY_FIRST_REVIEWED: f"The panel has looked at one of the two, {_NEITHER_AHEAD}",
    PanelOutcome.ONLY_SECOND_REVIEWED: f"The panel has looked at one of the two, {_NEITHER_AHEAD}",
    PanelOutcome.NOBODY_JUDGED_BOTH: f"Different reviewers judged each of them, {_NEITHER_AHEAD}",
    PanelOutcome.TOO_OLD: f"Nobody has judged both within the last {OLD_AFTER.days} days, {_NEITHER_AHEAD}",
}


def _all_of(count: int) -> str:
    return "The one reviewer" if count == 1 else f"All {number(count)} reviewers"


def _deciders(reviewers: Sequence[ReviewerSummary]) -> str:
    return f" ({listed([reviewer.mention for reviewer in reviewers])})" if reviewers else ""


def _opposed(names: Sequence[str], lead: PanelLead) -> str:
    sides = [
        f"{listed([reviewer.mention for reviewer in side])} would ship only {name}"
        for name, side in zip(names, (lead.only_first, lead.only_second), strict=True)
        if side
    ]
    return f" {_capitalised(', '.join(sides))}." if sides else ""


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
