"""What a comparison says in sentences. Each claim is made of figures decided elsewhere; here are only the words."""

from collections.abc import Sequence
from datetime import date
from textwrap import wrap

from verdicts.catalog.kinds import Verdict
from verdicts.catalog.reviews import OLD_AFTER, Panel, ReviewerSummary
from verdicts.comparisons.panel_lead import PanelLead, PanelOutcome, most_supported, support_holds_until
from verdicts.voting.community import CONFIDENCE_PERCENT, Community
from verdicts.voting.lead_strength import readers_to_divide, readers_to_level, voices_to_divide, votes_to_overlap
from verdicts.voting.readers_of_both import Lead, ReadersOfBoth

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

LEDE_LETTERS = 38  # what a line of a phone holds, wide letters too

PERCENT = "\u202f%"  # with a narrow space that does not break


def number(count: int) -> str:
    """Return a count as a word where books would: up to twelve."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def voices(count: int) -> str:
    return f"{number(count)} voice{'' if count == 1 else 's'}"


def listed(parts: Sequence[str]) -> str:
    """Return "a", "a and b", or "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def headline(names: Sequence[str], panels: Sequence[Panel], lead: PanelLead | None, today: date) -> str:
    """Return the answer in a line. Of three or four tools no winner is named: `lead` is None, and the line counts."""
    if lead is None:
        return _count_headline(names, panels, today)
    first, second = names
    return {
        PanelOutcome.FIRST_AHEAD: f"{first} leads by {_reviewers(lead.margin)}.",
        PanelOutcome.SECOND_AHEAD: f"{second} leads by {_reviewers(lead.margin)}.",
        PanelOutcome.SHIPS_BOTH: _unless_left_out(
            lead, "The panel ships both.", "Everyone who judged both would ship both."
        ),
        PanelOutcome.SKIPS_BOTH: _unless_left_out(
            lead, "The panel skips both.", "Nobody who judged both would ship either."
        ),
        PanelOutcome.LEVEL: f"Neither leads: {_part(lead.ship_first, lead)} would ship each.",
        PanelOutcome.NOT_REVIEWED: "No panel verdict yet.",
        PanelOutcome.ONLY_FIRST_REVIEWED: f"Only {first} is reviewed.",
        PanelOutcome.ONLY_SECOND_REVIEWED: f"Only {second} is reviewed.",
        PanelOutcome.NOBODY_JUDGED_BOTH: "Nobody judged both.",
        PanelOutcome.TOO_OLD: "The verdicts are too old.",
    }[lead.outcome]


def panel_sentence(names: Sequence[str], lead: PanelLead) -> str:
    """Return what the panel says of two tools, with its basis and who stands on which side."""
    opposed = "" if lead.deciders else _opposed(names, lead)
    holds = f" The lead holds until {_until(lead)}." if lead.holds_until else ""
    return f"{_panel_counts_sentence(names, lead)}{opposed}{holds}"


def lede(names: Sequence[str], lead: PanelLead) -> str:
    """Return what the panel says of two tools beyond the headline, and what that hangs on, in two lines of a phone."""
    return _with_end(_first_that_fits(*_ledes(names, lead)), lead.holds_until, "it", _only_ones(lead))


def _ledes(names: Sequence[str], lead: PanelLead) -> tuple[str, ...]:
    """Return what a lede may say, the last one without the tools' names: they may be longer than a line."""
    if lead.outcome is PanelOutcome.FIRST_AHEAD:
        return _lead_basis(names[0], names[1], lead)
    if lead.outcome is PanelOutcome.SECOND_AHEAD:
        return _lead_basis(names[1], names[0], lead)
    if lead.outcome in {PanelOutcome.SHIPS_BOTH, PanelOutcome.SKIPS_BOTH}:
        return _panel_counts_sentence(names, lead), _agreement(lead, "them")
    sides = len(lead.only_first)
    if lead.outcome is not PanelOutcome.LEVEL or not sides:
        return (_panel_counts_sentence(names, lead),)
    ship = f"{_capitalised(voices(sides))} {_verb('ship', sides)} only"
    with_names = _opposed(names, lead).strip() if sides == 1 else f"{ship} {names[0]}, {number(sides)} only {names[1]}."
    return with_names, f"{ship} the one, {number(sides)} only the other."


def _panel_counts_sentence(names: Sequence[str], lead: PanelLead) -> str:
    judged = len(lead.judged_both)
    if lead.reason_for_none:
        return _REASONS_FOR_NO_LEAD[lead.reason_for_none]
    if lead.outcome in {PanelOutcome.SHIPS_BOTH, PanelOutcome.SKIPS_BOTH}:
        return _agreement(lead, f"{names[0]} and {names[1]}")
    if lead.outcome is PanelOutcome.LEVEL:
        return f"Each is shipped by {lead.ship_first} of the {judged} reviewers who judged both."
    counts = sorted((lead.ship_first, lead.ship_second), reverse=True)
    return (
        f"{counts[0]} of {judged} against {counts[1]} of {judged}{_of_whom(lead)}: ahead by {voices(lead.margin)}"
        f"{_deciders(lead.deciders)}."
    )


def _agreement(lead: PanelLead, which: str) -> str:
    judged, verb = len(lead.judged_both), "ship" if lead.outcome is PanelOutcome.SHIPS_BOTH else "skip"
    return f"{_all_of(judged)} {_judged_both(lead)} {_verb(verb, judged)} {which} alike."


def decision(names: Sequence[str], lead: PanelLead) -> str:
    """Return what one reviewer's voice decides, or "" where it takes more than one."""
    if len(lead.deciders) != 1:
        return ""
    ahead = names[0] if lead.outcome is PanelOutcome.FIRST_AHEAD else names[1]
    return f"One voice decides it: {lead.deciders[0].mention} ships only {ahead}."


def panel_counts(names: Sequence[str], panels: Sequence[Panel], today: date) -> str:
    """Return each tool's count side by side, naming no winner, and what most support hangs on."""
    sentence = f"The panel ships {_counts(names, panels)}. {_no_winner(names)}"
    holds_until = support_holds_until(panels, today)
    if not holds_until:
        return sentence
    name = names[most_supported(panels, today)[0]]
    return f"{sentence} {name} has most support until {_change_sides(_reviewers(holds_until), holds_until)}."


def counts_lede(names: Sequence[str], panels: Sequence[Panel], today: date) -> str:
    """Return what there is to say of three or four tools beyond the headline."""
    holds_until = support_holds_until(panels, today)
    what = f"{names[most_supported(panels, today)[0]]}’s lead" if holds_until else ""
    return _with_end(_no_winner(names), holds_until, what)


def _no_winner(names: Sequence[str]) -> str:
    return f"Of {number(len(names))} tools no winner is named."


def _with_end(sentence: str, holds_until: int | None, what: str, only_ones: Sequence[ReviewerSummary] = ()) -> str:
    """Return the sentence and what ends a lead, as fully as a lede has room for."""
    if not holds_until:
        return sentence
    end = "ends" if holds_until == 1 else "end"
    who = [_reviewers(holds_until), number(holds_until)]
    if only_ones and holds_until == 1:
        who.insert(0, " or ".join(each.mention for each in only_ones))
    return _first_that_fits(
        *(f"{sentence} {_capitalised(each)} changing sides {end} {what}." for each in who), sentence
    )


def _first_that_fits(*sentences: str) -> str:
    """Return the first of these that two lines of a phone hold, or the last one."""
    return next((each for each in sentences if len(wrap(each, LEDE_LETTERS)) <= 2), sentences[-1])


def answer(panel: Panel, community: Community) -> str:
    """Return what reviewers and readers would do, in a sentence; readers once they have an interval."""
    reviewers = _would_ship(panel)
    if not reviewers or not community.interval:
        return reviewers and f"{reviewers}."
    likes = _verdict_of(community)
    if likes is None:
        return f"{reviewers}, and readers are divided."
    if panel.majority not in {None, likes}:
        return f"{reviewers}, but most readers would{'' if likes is Verdict.SHIP else ' not'}."
    return f"{reviewers}, and {'so would most readers' if likes is Verdict.SHIP else 'most readers would not'}."


def _would_ship(panel: Panel) -> str:
    """Return "All five reviewers would ship it" or "Two of five reviewers would ship it"; "" where there is none."""
    if panel.total <= 1:
        return f"The one reviewer would{'' if panel.ship else ' not'} ship it" if panel.total else ""
    if not panel.ship:
        return f"None of the {_reviewers(panel.total)} would ship it"
    if panel.ship == panel.total:
        return f"{'Both' if panel.total == len(_ALL_OF_TWO) else f'All {number(panel.total)}'} reviewers would ship it"
    return f"{_capitalised(number(panel.ship))} of {_reviewers(panel.total)} would ship it"


def majority(panel: Panel, community: Community) -> str:
    """Return what the verdicts of one tool's panel and readers hang on, or "" where neither has a clear one."""
    parts = []
    if voices_needed := voices_to_divide(panel.ship, panel.total - panel.ship):
        parts.append(
            f"The panel’s {_verdict(2 * panel.ship > panel.total)} holds until {_reviewers_change(voices_needed)}"
        )
    if votes := readers_to_divide(community):
        readers = f"readers’ {_verdict(community.ship > community.skip)} holds until {_readers_change(votes)}"
        reach = f"their {CONFIDENCE_PERCENT}{PERCENT} interval then reaches 50{PERCENT}"
        parts.append(f"{'the' if parts else 'The'} {readers}: {reach}")
    return f"{', and '.join(parts)}." if parts else ""


def between(names: Sequence[str], lead: PanelLead, communities: Sequence[Community]) -> str:
    """Return which of two tools the panel puts ahead, which the readers do, and what each of these hangs on; or "".

    Readers put one ahead where its whole interval lies above the other's: they need not have judged both.
    """
    sentences = []
    if lead.holds_until:
        ahead = names[0] if lead.outcome is PanelOutcome.FIRST_AHEAD else names[1]
        change = _change_sides(_reviewers(lead.holds_until), lead.holds_until)
        sentences.append(f"The panel puts {ahead} ahead until {change}.")
    for ahead, votes in (
        (names[0], votes_to_overlap(communities[0], communities[1])),
        (names[1], votes_to_overlap(communities[1], communities[0])),
    ):
        if votes:
            sentences.append(f"Readers put {ahead} ahead until {votes} vote{' changes' if votes == 1 else 's change'}.")
    return " ".join(sentences)


def readers_sentence(names: Sequence[str], readers: ReadersOfBoth | None) -> str:
    """Return what the readers who judged both say of two tools, with its basis; None is for more than two tools."""
    if readers is None:
        return "Each tool has its own readers; a lead among them is worked out for two tools at a time."
    only = f"{readers.only_a} would ship only {names[0]} and {readers.only_b} only {names[1]}"
    basis = f"Of the {_readers(readers.total)} who judged both, {only}"
    level = readers_to_level(readers) or 0
    holds = f"The lead holds until {_change_sides(_readers(level), level)}."
    return {
        Lead.NOBODY: "No reader has judged both yet.",
        Lead.TOO_CLOSE: f"{basis}: too close to call.",
        Lead.A: f"{basis}: the readers lean to {names[0]}. {holds}",
        Lead.B: f"{basis}: the readers lean to {names[1]}. {holds}",
    }[readers.lead]


def disagreement(name: str, panel: Panel, community: Community) -> str:
    """Return that panel and readers part on a tool, or on the same side, which of them is keener.

    Needs a panel, and a community with an interval.
    """
    if community.interval is None:
        raise ValueError(f"{name} has too few votes for an interval")
    panels, readers = f"{panel.ship} of {panel.total}", f"{community.percent}{PERCENT}"
    if {panel.majority, _verdict_of(community)} == set(Verdict):
        what = f"Panel and readers part on {name}: {panels} reviewers ship it, but {readers} of readers do"
    elif community.is_keener_than(panel.ship, panel.total):
        what = f"Readers are keener on {name} than the panel: {readers} against {panels}"
    else:
        what = f"The panel is keener on {name} than readers: {panels} against {readers}"
    return f"{what}, beyond the readers’ {CONFIDENCE_PERCENT}{PERCENT} interval."


def _verdict_of(community: Community) -> Verdict | None:
    """Return what most readers clearly say; None where they are divided, or too few."""
    if readers_to_divide(community) is None:
        return None
    return Verdict.SHIP if community.ship > community.skip else Verdict.SKIP


def _unless_left_out(lead: PanelLead, words: str, words_if_left_out: str) -> str:
    return words_if_left_out if lead.left_out else words


def _verb(verb: str, count: int) -> str:
    return f"{verb}s" if count == 1 else verb


def _lead_basis(ahead: str, behind: str, lead: PanelLead) -> tuple[str, ...]:
    """Return "All five would ship Alpha, four Beta.", and "Five against four, of five reviewers."."""
    most, fewest = sorted((lead.ship_first, lead.ship_second), reverse=True)
    judged = len(lead.judged_both)
    if judged == 1:
        return (f"Only one reviewer {_who(lead).removeprefix('who ')}.",)
    fewer = number(fewest) if fewest else "none"
    of_whom = f"the {number(judged)} {_who(lead)}" if lead.left_out else _reviewers(judged)
    part = _capitalised(_part(most, lead))
    return (
        f"{part} would ship {ahead}, {fewer} {behind}.",
        f"{part} {_verb('ship', most)} {ahead}, {fewer} {behind}.",
        f"{_capitalised(number(most))} against {fewer}, of {of_whom}.",
    )


def _part(count: int, lead: PanelLead) -> str:
    """Return "all five", "three of five", or where reviewers are left out "three of the four who judged both"."""
    judged = len(lead.judged_both)
    whole, who = number(judged), f" {_who(lead)}" if lead.left_out else ""
    if count == judged:
        return f"{_ALL_OF_TWO[bool(who)] if judged == len(_ALL_OF_TWO) else f'all {whole}'}{who}"
    return f"{number(count)} of {'the ' if who else ''}{whole}{who}"


_ALL_OF_TWO = ("both", "the two")  # "both who judged both" would be read twice


def _who(lead: PanelLead) -> str:
    return f"who {'recently ' if lead.too_old else ''}judged both"


def _of_whom(lead: PanelLead) -> str:
    """Return whom a count is of, where a tool's card counts others too."""
    return f", of the {number(len(lead.judged_both))} {_judged_both(lead)}" if lead.left_out else ""


def _judged_both(lead: PanelLead) -> str:
    """Return who counts, as a sentence has room to say it."""
    return f"who judged both{f' within {OLD_AFTER.days} days' if lead.too_old else ''}"


def _count_headline(names: Sequence[str], panels: Sequence[Panel], today: date) -> str:
    reviewed = [name for name, panel in zip(names, panels, strict=True) if panel.total]
    if len(reviewed) <= 1:
        return f"Only {reviewed[0]} is reviewed." if reviewed else "No panel verdict yet."
    places = most_supported(panels, today)
    if len(places) == 1:
        panel = panels[places[0]]
        return f"{names[places[0]]} has most support: {panel.ship} of {panel.total} would ship it."
    if not any(panel.ship for panel in panels):
        return f"The panel would ship none of the {number(len(names))}."
    counts = [f"{panels[place].ship} of {panels[place].total}" for place in places]
    if places:
        if len(places) == len(names) and len(set(counts)) == 1:
            return f"All {number(len(names))} have the same support: {counts[0]} would ship each."
        how = f"{counts[0]} would ship each" if len(set(counts)) == 1 else f"{listed(counts)} would ship them"
        return f"{listed([names[place] for place in places])} have most support: {how}."
    return f"Who would ship them: {_counts(names, panels)}."


def _until(lead: PanelLead) -> str:
    """Return "one reviewer changes sides", or "one of the two changes sides" where only those named before can."""
    count, only_ones = lead.holds_until or 0, _only_ones(lead)
    is_named = len(only_ones) > 1 and only_ones == lead.deciders
    return _change_sides(f"{number(count)} of the {number(len(only_ones))}" if is_named else _reviewers(count), count)


def _only_ones(lead: PanelLead) -> tuple[ReviewerSummary, ...]:
    """Return those without whom a lead does not end in so few changes.

    Of an even margin each change has to move two voices. An odd one also ends where the last to change says otherwise
    of one tool, which anybody may do.
    """
    return () if lead.margin % 2 else lead.supporters


def _change_sides(who: str, count: int) -> str:
    """Changing sides is to ship only the tool that one skipped: it moves a lead by two."""
    return f"{who} change{'s' if count == 1 else ''} sides"


def _reviewers_change(count: int) -> str:
    return f"{_reviewers(count)} change{'s' if count == 1 else ''} their mind"


def _readers_change(count: int) -> str:
    return f"{_readers(count)} change{'s' if count == 1 else ''} their mind"


def _verdict(is_ship: bool) -> str:
    return (Verdict.SHIP if is_ship else Verdict.SKIP).upper()


def _readers(count: int) -> str:
    return "one reader" if count == 1 else f"{count} readers"


_NEITHER_AHEAD = "so the panel puts neither ahead."
_REASONS_FOR_NO_LEAD = {
    PanelOutcome.NOT_REVIEWED: "Nobody on the panel has looked at either tool yet.",
    PanelOutcome.ONLY_FIRST_REVIEWED: f"The panel has looked at one of the two, {_NEITHER_AHEAD}",
    PanelOutcome.ONLY_SECOND_REVIEWED: f"The panel has looked at one of the two, {_NEITHER_AHEAD}",
    PanelOutcome.NOBODY_JUDGED_BOTH: f"Different reviewers judged each of them, {_NEITHER_AHEAD}",
    PanelOutcome.TOO_OLD: f"Nobody judged both in the last {OLD_AFTER.days} days, {_NEITHER_AHEAD}",
}


def _all_of(count: int) -> str:
    """Return "The one reviewer", "The two reviewers" or "All three reviewers"."""
    return f"{'All' if count > len(_ALL_OF_TWO) else 'The'} {_reviewers(count)}"


def _reviewers(count: int) -> str:
    return f"{number(count)} reviewer{'' if count == 1 else 's'}"


def _counts(names: Sequence[str], panels: Sequence[Panel]) -> str:
    return listed(
        [
            f"{name} {panel.ship} of {panel.total}" if panel.total else f"{name} not reviewed yet"
            for name, panel in zip(names, panels, strict=True)
        ]
    )


def _deciders(reviewers: Sequence[ReviewerSummary]) -> str:
    return f" ({listed([reviewer.mention for reviewer in reviewers])})" if reviewers else ""


def _opposed(names: Sequence[str], lead: PanelLead) -> str:
    parts: list[str] = []
    for name, side in zip(names, (lead.only_first, lead.only_second), strict=True):
        if side:
            verb = "" if parts else f" {_verb('ship', len(side))}"
            parts.append(f"{listed([reviewer.mention for reviewer in side])}{verb} only {name}")
    return f" {_capitalised(', '.join(parts))}." if parts else ""


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
