"""Whether a failed delivery means that there is no such mailbox: by its status code, else by its words."""

import re
from collections.abc import Iterator

from verdicts.mailing.missing_mailbox import find_wrapped_reply, says_mailbox_is_missing
from verdicts.mailing.outcomes import STATUS_THAT_SAYS_LITTLE, Action, Outcome, OutcomeKind, action_for
from verdicts.mailing.sender_words import speaks_of_sender

_STATUS = re.compile(r"(?<![\d.])[45]\.\d{1,3}\.\d{1,3}(?![\d.]\d)")
# A report's code may be one that the reporting server chose, where the reply beside it says more.
_STATUS_OF_SENDER = "5.1.0"
_STATUSES_OF_SENDER_ALONE = {"5.1.7", "5.1.8"}
# Codes that mean something else unless the words speak of a missing mailbox.
_STATUS_OF_SOMETHING_ELSE = re.compile(r"5\.1\.(?:4|351)|5\.2\.0|5\.7\.1")


def is_mailbox_missing(*texts: str) -> bool | None:
    """Return whether there is no such mailbox, from what is known of a failure; None where nothing tells.

    The texts are in order of trust, such as a report's status code and then the server's reply. The first code that
    says enough decides, and without one the words do. A code or words about the sender win over all.
    """
    texts = tuple(filter(None, map(find_wrapped_reply, texts))) or texts
    statuses = list(_statuses(texts))
    if _STATUSES_OF_SENDER_ALONE.intersection(statuses) or any(map(speaks_of_sender, texts)):
        return False
    for status in statuses:
        if status != _STATUS_OF_SENDER and not STATUS_THAT_SAYS_LITTLE.fullmatch(status):
            return _is_missing_by_status(status)
    by_words = says_mailbox_is_missing("\n".join(texts))
    if by_words is None and any(map(_STATUS_OF_SOMETHING_ELSE.fullmatch, statuses)):
        return False
    return by_words


def has_status(*texts: str) -> bool:
    """Return whether a text holds an enhanced status code (RFC 3463)."""
    return any(_statuses(texts))


def _statuses(texts: tuple[str, ...]) -> Iterator[str]:
    return (match[0] for text in texts for match in _STATUS.finditer(text))


def _is_missing_by_status(status: str) -> bool:
    return action_for(Outcome(OutcomeKind.REFUSED, 550, status, "")) is Action.HARD_BOUNCE
