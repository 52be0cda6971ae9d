"""What a lead hangs on: the fewest people who would have to say otherwise for it not to be named.

Whoever is counted in a lead could have said the opposite, of one tool or of both; nobody is added or taken away. Of
two tools, to say the opposite of both is to change sides. Each
function counts in whole numbers, by the rule that names its lead. Those of readers return None where it names none.
"""

from bisect import bisect_left
from collections.abc import Iterable
from fractions import Fraction
from math import isqrt, sqrt

from verdicts.voting.community import PERCENTAGE_FROM, Z_SQUARED, Community, lower_end, upper_end
from verdicts.voting.readers_of_both import Lead, ReadersOfBoth, least_undecided_minority


def voices_to_level(margin: int, swings: Iterable[int]) -> int:
    """Return how many voices it takes to make up a margin.

    `swings` says of each voice by how much it could change the margin: 2 where it ships only the tool that is ahead
    and would ship only the other. Raises ValueError where all of them together do not make it up.
    """
    voices = made_up = 0
    for swing in sorted(swings, reverse=True):
        if made_up >= margin:
            break
        voices, made_up = voices + 1, made_up + swing
    if made_up < margin:
        raise ValueError("The margin is larger than all of its voices.")
    return voices


def voices_to_divide(ship: int, skip: int) -> int | None:
    """Return how many voices would have to change for a count to have no majority, or None where it has none."""
    margin = abs(ship - skip)
    return voices_to_level(margin, [2] * max(ship, skip)) if margin else None


def readers_to_level(readers: ReadersOfBoth) -> int | None:
    """Return how many readers of both tools would have to change sides for the sign test to name no lead.

    A reader who would ship only the other tool from now on weakens the lead more than any other change does.
    """
    if readers.lead not in {Lead.A, Lead.B}:
        return None
    return least_undecided_minority(readers.only_a + readers.only_b) - min(readers.only_a, readers.only_b)


def readers_to_divide(community: Community) -> int | None:
    """Return how many readers would have to change their vote for a tool's interval to hold one half.

    The interval leaves one half out exactly where the square of the margin is more than Z_SQUARED for each vote:
    see voting.queries.readers_verdict.
    """
    margin = abs(community.ship - community.skip)
    largest_undecided = isqrt(int(Fraction(Z_SQUARED) * community.counted))
    if community.counted < PERCENTAGE_FROM or margin <= largest_undecided:
        return None
    return (margin - largest_undecided + 1) // 2  # a vote that changes takes two from the margin


def votes_to_overlap(ahead: Community, behind: Community) -> int | None:
    """Return how many votes for two tools would have to change for their intervals to overlap.

    Both tools' votes can change; of all ways to divide the changes between them, the shortest counts.
    """
    if not ahead.interval or not behind.interval or ahead.interval.low <= behind.interval.high:
        return None
    all_changes = range(1, ahead.ship + behind.skip + 1)
    guess = round(_fractions_to_overlap(ahead, behind, ahead.interval.low, behind.interval.high))
    # The guess is right but for fractions of votes. To search all changes takes milliseconds where they are many.
    for changes in (all_changes[max(0, guess - 3) : guess + 2], all_changes):
        at = bisect_left(changes, True, key=lambda votes: _can_overlap(ahead, behind, votes))
        if 0 < at < len(changes):
            return changes[at]
    return all_changes[at]


def _fractions_to_overlap(ahead: Community, behind: Community, most: float, least: float) -> float:
    """Return how many votes would have to change if fractions of them could.

    An end of an interval is at a share where `share * total` votes miss the tool's own by z times the root of
    `total * share * (1 - share)`: so the interval is defined. Of all shares from `least` to `most` at which both ends
    could meet, the derivative says where that takes fewest votes.
    """
    z, roots = sqrt(Z_SQUARED), (sqrt(ahead.counted), sqrt(behind.counted))
    slope = (roots[1] - roots[0]) / z
    share = min(most, max(least, (1 - slope / sqrt(1 + slope * slope)) / 2))
    reach = z * sum(roots) * sqrt(share * (1 - share))
    return ahead.ship - behind.ship + (behind.counted - ahead.counted) * share - reach


def _can_overlap(ahead: Community, behind: Community, votes: int) -> bool:
    """Say whether the intervals overlap where so many votes have changed, divided between the tools as well as can be.

    An upper end is concave in the votes for a tool, and a lower end convex. So the overlap is concave in how many of
    the changes the tool that is ahead has, and the most of it is where it stops growing.
    """

    def overlap(lost: int) -> float:
        return upper_end(behind.ship + votes - lost, behind.counted) - lower_end(ahead.ship - lost, ahead.counted)

    lost = range(max(0, votes - behind.skip), min(votes, ahead.ship) + 1)
    best = bisect_left(lost[:-1], True, key=lambda each: overlap(each + 1) <= overlap(each))
    return overlap(lost[best]) >= 0
