"""The letter as blocks, and which of them make a subscriber's copy."""

from collections.abc import Sequence
from dataclasses import dataclass

from verdicts.digest.models import BlockKind
from verdicts.newsletter.models import Rhythm
from verdicts.newsletter.queries import Chosen as Choices

__all__ = ["LEAVE_TOKEN", "PREFERENCES_TOKEN", "Block", "Choices", "chosen", "copy_for"]

# In the foot, where a recipient's own links go. They stand for tokens, which nobody but the recipient may have.
LEAVE_TOKEN = "@@leave-token@@"  # noqa: S105  # nosec B105  # where a secret goes, not the secret
PREFERENCES_TOKEN = "@@preferences-token@@"  # noqa: S105  # nosec B105


@dataclass(frozen=True)
class Block:
    """A piece of the letter. `category_id` is where its news stands; a tool's own block names its `tool_ids`.

    Every item of an edition stands in its category's block, and again in one own block of its tool or tools.
    """

    kind: BlockKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    has_change: bool
    text: str
    html: str


def chosen(blocks: Sequence[Block], choices: Choices) -> tuple[int, ...] | None:
    """Return which blocks, by place, make this subscriber's copy; None where it would tell them nothing.

    Who wants to hear only of changes gets a copy, all of what they chose, where some of it tells of a change.
    """
    places = tuple(place for place, block in enumerate(blocks) if _takes(choices, block))
    news = [blocks[place] for place in places if blocks[place].kind in {BlockKind.CATEGORY, BlockKind.TOOL}]
    if choices.rhythm is Rhythm.ON_CHANGE:
        return places if any(block.has_change for block in news) else None
    return places if news else None


def copy_for(blocks: Sequence[Block], choices: Choices) -> tuple[str, str] | None:
    """Return this subscriber's text and HTML, tokens still to be spliced in; None where it would tell them nothing."""
    if (places := chosen(blocks, choices)) is None:
        return None
    return "".join(blocks[place].text for place in places), "".join(blocks[place].html for place in places)


def _takes(choices: Choices, block: Block) -> bool:
    """Say whether a block is in the copy; a tool's own only where its news does not stand there already."""
    reads_category = not choices.categories or block.category_id in choices.categories
    if block.kind is BlockKind.CATEGORY:
        return reads_category
    if block.kind is BlockKind.TOOL:
        return not reads_category and not choices.tools.isdisjoint(block.tool_ids)
    return True
