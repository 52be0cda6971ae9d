"""Whether a failed delivery means that there is no such mailbox: by its status code, else by its words."""

import re
from collections.abc import Iterator

from verdicts.mailing.missing_mailbox import says_mailbox_is_missing
from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, action_for

_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]\d)")
# Codes that servers also use where they mean a missing mailbox: their words decide.
_VAGUE_STATUS = re.compile(r"5\.(?:0\.\d+|1\.0|3\.0|4\.\d+|5\.\d+)")


def is_mailbox_missing(*texts: str) -> bool | None:
    """Return whether there is no such mailbox, from what is known of a failure; None where nothing tells.

    The texts are in order of trust, such as a report's status code and then the server's reply. The first code that is
    not vague decides, and without one the words do.
    """
    for status in _statuses(texts):
        if not _VAGUE_STATUS.fullmatch(status):
            return _is_missing_by_status(status)
    return says_mailbox_is_missing("\n".join(texts))


def has_status(*texts: str) -> bool:
    """Return whether a text holds an enhanced status code (RFC 3463)."""
    return any(_statuses(texts))


def _statuses(texts: tuple[str, ...]) -> Iterator[str]:
    return (match[0] for text in texts for match in _STATUS.finditer(text))


def _is_missing_by_status(status: str) -> bool:
    return action_for(Outcome(OutcomeKind.REFUSED, 550, status, "")) is Action.HARD_BOUNCE
