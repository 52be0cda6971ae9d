"""Looking at an edition before, or after, it is frozen: as a whole letter, or mailed to one address as a test."""

from dataclasses import dataclass
from datetime import datetime

from verdicts.config import current_settings
from verdicts.digest.blocks import Block, Choices, copy_for
from verdicts.digest.copies import Press, Recipient
from verdicts.digest.editions import Edition, NothingToSay
from verdicts.digest.models import EditionState
from verdicts.digest.queries import blocks_of
from verdicts.digest.rendering import render, subject_of
from verdicts.digest.sight import items_in_sight

NOBODY = 0


@dataclass(frozen=True)
class Proof:
    """The letter as someone gets it who reads of everything."""

    subject: str
    text: str
    html: str


def of(edition: Edition, now: datetime) -> Proof:
    """Return an edition's letter: as it was frozen, or as it would be frozen now. Raises NothingToSay."""
    subject, blocks = _letter(edition, now)
    if (copy := copy_for(blocks, Choices())) is None:
        raise NothingToSay(edition.name)
    return Proof(subject, *copy)


def letter_to(edition: Edition, address: str, now: datetime) -> tuple[str, bytes]:
    """Return envelope sender and message of a test letter; its tokens are nobody's, so its links change nothing.

    Raises NothingToSay, or InvalidAddress (mailing.addresses).
    """
    settings = current_settings()
    subject, blocks = _letter(edition, now)
    sender = edition.sender or settings.mail.default_sender
    # Its Message-ID is its own each time: a mail program would hide a second test as a copy of the first.
    press = Press(edition.id, f"[Test] {subject}", sender, blocks, f"=_{now.timestamp():.6f}", now.isoformat())
    recipient = Recipient(NOBODY, address, NOBODY)
    if (raw := press.print(recipient, now)) is None:
        raise NothingToSay(edition.name)
    return press.envelope_from(recipient), raw


def _letter(edition: Edition, now: datetime) -> tuple[str, list[Block]]:
    blocks = [] if edition.state is EditionState.DRAFT else blocks_of(edition.id)
    if blocks:
        return edition.subject, blocks
    items = items_in_sight(edition, now)
    return subject_of(edition, items), render(edition, items)
