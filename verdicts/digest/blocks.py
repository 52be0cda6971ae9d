"""The letter as blocks, and the selection of blocks for a subscriber's copy."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from verdicts.digest.models import BlockKind
from verdicts.digest.subjects import join_phrases
from verdicts.newsletter.models import Rhythm
from verdicts.newsletter.queries import SubscriberChoices

# In the foot. A copy has its recipient's own tokens there, which nobody else may see.
LEAVE_PLACEHOLDER = "@@leave-token@@"
PREFERENCES_PLACEHOLDER = "@@preferences-token@@"
# In the head: the preview of the first news that a copy holds.
PREVIEW_PLACEHOLDER = "@@preview@@"
# Gmail cuts an email off after 102 KB. This is the size as sent, encoded.
MAX_HTML_BYTES = 100_000
_NEWS_KINDS = {BlockKind.CATEGORY, BlockKind.TOOL}


@dataclass(frozen=True)
class Block:
    """A piece of the letter. Every item is in a block of its category, and again in a block of its own tools.

    `category_id` is the category of its news. Only a block of tools has `tool_ids`. `subject` is what the subject says
    of a copy that begins with this block, "" where the editor wrote the subject. Of two foot blocks, the first says
    that there is more on the web.
    """

    kind: BlockKind
    category_id: int | None
    tool_ids: tuple[int, ...]
    has_verdict_or_price_change: bool
    text: str
    html: str
    subject: str = ""
    preview: str = ""


def select_blocks(blocks: Sequence[Block], choices: SubscriberChoices) -> tuple[int, ...] | None:
    """Return the indexes of the blocks in a subscriber's copy; None if it would hold no news for them.

    A subscriber with Rhythm.ON_CHANGE gets all they chose, but only if a verdict or price in it changed.
    """
    chosen = (index for index, block in enumerate(blocks) if _is_chosen(block, choices))
    indexes = tuple(index for index in chosen if blocks[index].kind is not BlockKind.FOOT or index == len(blocks) - 1)
    news = [blocks[index] for index in indexes if blocks[index].kind in _NEWS_KINDS]
    if choices.rhythm is Rhythm.ON_CHANGE:
        return indexes if any(block.has_verdict_or_price_change for block in news) else None
    return indexes if news else None


def fit_blocks(blocks: Sequence[Block], indexes: Sequence[int], sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the indexes of a copy whose HTML has at most MAX_HTML_BYTES.

    Without the news at its end where there is too much, and then with the block that says so. `sizes` has the html_size
    of each block.
    """
    if sum(sizes[index] for index in indexes) <= MAX_HTML_BYTES:
        return tuple(indexes)
    head, foot = indexes[0], [index for index, block in enumerate(blocks) if block.kind is BlockKind.FOOT]
    room = MAX_HTML_BYTES - sizes[head] - sum(sizes[index] for index in foot)
    fitting = []
    for index in indexes[1:-1]:
        room -= sizes[index]
        if room < 0:
            break
        fitting.append(index)
    return (head, *fitting, *foot)


def html_size(block: Block) -> int:
    """Return the size of a block's HTML as sent, in bytes: quoted-printable, its placeholders replaced."""
    encoded = binascii.b2a_qp(block.html.encode("utf-8", "replace"), istext=True)
    previews = block.html.count(PREVIEW_PLACEHOLDER)
    return len(encoded) + encoded.count(b"\n") + 60 * block.html.count("@@") + 3000 * previews


def subject_for(blocks: Sequence[Block], indexes: Sequence[int]) -> str:
    """Return the subject of the copy with these blocks; "" where the editor wrote it."""
    news = [blocks[index] for index in indexes if blocks[index].kind in _NEWS_KINDS]
    phrases = [block.subject for block in news]
    if not phrases or not phrases[0]:
        return ""
    return join_phrases(phrases, sum(block.has_verdict_or_price_change for block in news[1:]))


def preview_for(blocks: Sequence[Block], indexes: Sequence[int]) -> str:
    """Return the preview of the copy with these blocks, as HTML."""
    return str(escape(next((blocks[index].preview for index in indexes if blocks[index].kind in _NEWS_KINDS), "")))


def join_blocks(blocks: Sequence[Block], choices: SubscriberChoices) -> tuple[str, str] | None:
    """Return a copy's text and HTML, with placeholders for its tokens; None if it would hold no news."""
    if (chosen := select_blocks(blocks, choices)) is None:
        return None
    indexes = fit_blocks(blocks, chosen, list(map(html_size, blocks)))
    html = "".join(blocks[index].html for index in indexes)
    preview = preview_for(blocks, indexes)
    return "".join(blocks[index].text for index in indexes), html.replace(PREVIEW_PLACEHOLDER, preview)


def _is_chosen(block: Block, choices: SubscriberChoices) -> bool:
    """Return whether the copy contains a block. A tool's block is left out if the copy contains its category."""
    reads_category = not choices.categories or block.category_id in choices.categories
    if block.kind is BlockKind.CATEGORY:
        return reads_category
    if block.kind is BlockKind.TOOL:
        return not reads_category and not choices.tools.isdisjoint(block.tool_ids)
    return True
