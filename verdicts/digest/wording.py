"""What an edition says of itself: its subject, made of what is in it."""

from collections import Counter
from collections.abc import Sequence

from verdicts.comparisons.wording import listed, number
from verdicts.digest.models import ItemKind

_SAID = (
    (ItemKind.VERDICT_CHANGE, "change of mind", "changes of mind"),
    (ItemKind.PRICE_MOVE, "new price", "new prices"),
    (ItemKind.NEW_COMPARISON, "new comparison", "new comparisons"),
    (ItemKind.NEW_TOOL, "new tool", "new tools"),
)
MOST_SAID = 3


def subject(kinds: Sequence[ItemKind]) -> str:
    """Return what is in an edition, the rarest kinds of news first: "Two changes of mind and one new tool"."""
    counts = Counter(kinds)
    parts = [
        f"{number(counts[kind])} {one if counts[kind] == 1 else many}" for kind, one, many in _SAID if counts[kind]
    ]
    if parts:
        words = listed(parts[:MOST_SAID])
        return words[:1].upper() + words[1:]
    return "Where you part from the panel" if counts[ItemKind.DISAGREEMENT] else "How you voted this week"
