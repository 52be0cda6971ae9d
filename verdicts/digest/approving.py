"""What somebody saw of an edition when they decided: whoever approves it, approves that and nothing else."""

import hashlib
import json
from collections.abc import Sequence

from verdicts.digest.editions import DigestError, Edition
from verdicts.digest.news import Item


class ChangedMeanwhile(DigestError):
    """Somebody else has changed the edition since it was shown; nothing was done."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Somebody has changed edition {name} since you looked at it. Look at it again.")


def stamp_of(edition: Edition, items: Sequence[Item]) -> str:
    """Return a mark of all that an edition says: what it would be frozen as, or was, whoever its readers are."""
    said = [(item.id, item.dropped, item.is_out_of_sight) for item in items]
    return _hash(edition.id, edition.digest, edition.subject, edition.note, said)


def stamp_of_words(edition: Edition) -> str:
    """Return a mark of what an editor wrote themselves: the subject and the note."""
    return _hash(edition.id, edition.subject, edition.note)


def refuse_unless(seen: str, stamp: str, edition: Edition) -> None:
    """Raise ChangedMeanwhile unless somebody saw what is there. The edition is locked, or this proves nothing."""
    if seen != stamp:
        raise ChangedMeanwhile(edition.name)


def _hash(*said: object) -> str:
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
