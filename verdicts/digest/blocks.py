"""The letter as blocks, and the selection of blocks for a subscriber's copy."""

from collections.abc import Sequence
from dataclasses import dataclass

from verdicts.digest.models import BlockKind
from verdicts.newsletter.models import Rhythm
from verdicts.newsletter.queries import SubscriberChoices

# In the foot. A copy has its recipient's own tokens there, which nobody else may see.
LEAVE_PLACEHOLDER = "@@leave-token@@"
PREFERENCES_PLACEHOLDER = "@@preferences-token@@"


@dataclass(frozen=True)
class Block:
    """A piece of the letter. Every item is in the block of its category, and again in a block of its own tools.

    `category_id` is the category of its news. Only a block of tools has `tool_ids`.
    """

    kind: BlockKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    has_verdict_or_price_change: bool
    text: str
    html: str


def select_blocks(blocks: Sequence[Block], choices: SubscriberChoices) -> tuple[int, ...] | None:
    """Return the indexes of the blocks in a subscriber's copy; None if it would hold no news for them.

    A subscriber with Rhythm.ON_CHANGE gets all they chose, but only if a verdict or price in it changed.
    """
    indexes = tuple(index for index, block in enumerate(blocks) if _is_chosen(block, choices))
    news = [blocks[index] for index in indexes if blocks[index].kind in {BlockKind.CATEGORY, BlockKind.TOOL}]
    if choices.rhythm is Rhythm.ON_CHANGE:
        return indexes if any(block.has_verdict_or_price_change for block in news) else None
    return indexes if news else None


def join_blocks(blocks: Sequence[Block], choices: SubscriberChoices) -> tuple[str, str] | None:
    """Return a copy's text and HTML, with placeholders for its tokens; None if it would hold no news."""
    if (indexes := select_blocks(blocks, choices)) is None:
        return None
    return "".join(blocks[index].text for index in indexes), "".join(blocks[index].html for index in indexes)


def _is_chosen(block: Block, choices: SubscriberChoices) -> bool:
    """Return whether the copy contains a block. A tool's block is left out if the copy contains its category."""
    reads_category = not choices.categories or block.category_id in choices.categories
    if block.kind is BlockKind.CATEGORY:
        return reads_category
    if block.kind is BlockKind.TOOL:
        return not reads_category and not choices.tools.isdisjoint(block.tool_ids)
    return True
