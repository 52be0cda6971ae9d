"""An edition's letter for editors, before or after it is frozen: a preview, or a test message to one address."""

from dataclasses import dataclass
from datetime import datetime

from verdicts.config import current_settings
from verdicts.digest.blocks import Block, join_blocks
from verdicts.digest.editions import Edition, EditionIsEmpty
from verdicts.digest.messages import MessageBuilder, Recipient
from verdicts.digest.models import EditionState
from verdicts.digest.queries import list_blocks, list_items_with_visibility
from verdicts.digest.rendering import render_blocks, subject_of
from verdicts.newsletter.queries import SubscriberChoices

NO_SUBSCRIBER = 0


@dataclass(frozen=True)
class EmailPreview:
    """The letter for a subscriber to all categories."""

    subject: str
    text: str
    html: str


def load_preview(edition: Edition, now: datetime) -> EmailPreview:
    """Return an edition's letter: as it was frozen, or as it would be frozen now. Raises EditionIsEmpty."""
    subject, blocks = _load_subject_and_blocks(edition, now)
    if (parts := join_blocks(blocks, SubscriberChoices())) is None:
        raise EditionIsEmpty(edition.name)
    return EmailPreview(subject, *parts)


def build_test_message(edition: Edition, address: str, now: datetime) -> tuple[str, bytes]:
    """Return the envelope sender and the bytes of a test message. Its tokens belong to no subscriber.

    Raises EditionIsEmpty, or InvalidAddress (mailing.addresses).
    """
    settings = current_settings()
    subject, blocks = _load_subject_and_blocks(edition, now)
    sender = edition.sender or settings.mail.default_sender
    # With the same Message-ID a mail program would hide a second test as a copy of the first.
    salt, boundary = now.isoformat(), f"=_{now.timestamp():.6f}"
    builder = MessageBuilder(edition.id, subject, sender, blocks, boundary, salt, subject_prefix="[Test] ")
    recipient = Recipient(NO_SUBSCRIBER, address, token_generation=0)
    if (raw := builder.build(recipient, now)) is None:
        raise EditionIsEmpty(edition.name)
    return builder.envelope_from(recipient), raw


def _load_subject_and_blocks(edition: Edition, now: datetime) -> tuple[str, list[Block]]:
    blocks = [] if edition.state is EditionState.DRAFT else list_blocks(edition.id)
    if blocks:
        return edition.subject, blocks
    items = list_items_with_visibility(edition, now)
    return subject_of(edition, items), render_blocks(edition, items)
