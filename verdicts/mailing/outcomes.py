"""How a transmission ended, and what to do about it: RFC 5321's reply codes and RFC 3463's enhanced status codes."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self

from verdicts.mailing.missing_mailbox import find_wrapped_reply, says_mailbox_is_missing
from verdicts.mailing.sender_words import names_sender, speaks_of_sender

GIVE_UP_AFTER = timedelta(hours=48)
MIN_RETRY_DELAY = timedelta(minutes=5)
MAX_RETRY_DELAY = timedelta(hours=4)
MAX_TEXT_LENGTH = 400

_STATUSES_OF_SENDER = {"5.1.0", "5.1.7", "5.1.8"}
_CODES_OF_OUR_FAULT = {530, 535, 554}
_STATUS = r"([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)"
# At the start, or marked by # anywhere: "550 #5.1.0 Address rejected", "550 sorry, no mailbox here. (#5.1.1)".
_ENHANCED_STATUS = re.compile(rf"^\W{{0,2}}(?:5\d\d[ -])?(?:cuda_nsu )?{_STATUS}|#{_STATUS}")
_STATUSES_OF_MISSING_MAILBOX = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
# With these, or with no status, the words decide.
STATUS_THAT_SAYS_LITTLE = re.compile(r"|5\.[0345]\.\d+|5\.1\.(?:4|351)|5\.2\.0|5\.7\.1")
_MAILBOX_FULL = re.compile(
    r"\b(?:mailbox|inbox|user|account)\b.{0,30}\b(?:full|over ?quota)\b|\bexceeded storage allocation\b", re.IGNORECASE
)


class OutcomeKind(StrEnum):
    """How far a transmission got."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # a reply said no, or the server lacks what our settings require
    LOST_BEFORE = "lost-before"  # the connection failed before the final dot: nothing was delivered
    LOST_AFTER = "lost-after"  # it failed after the final dot: nobody knows (the gap of RFC 1047)


class Step(StrEnum):
    """The command that the server replied to."""

    CONNECT = "connect"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    DOT = "the final dot"


class Action(StrEnum):
    """What to do with a message, its address and its edition."""

    ACCEPT = "accept"
    # The connection failed or the server closes it (421): send the message again on another connection.
    RECONNECT_AND_RETRY = "reconnect-and-retry"
    RETRY = "retry"  # after retry_delay, until GIVE_UP_AFTER
    HARD_BOUNCE = "hard-bounce"  # there is no such mailbox
    FAIL = "fail"  # this message will not reach this mailbox, which may get others
    REFUSED = "refused"  # for good, and perhaps because of this site: digest.brake decides
    PAUSE = "pause"  # our own fault: stop until an operator has fixed it, and suppress nobody
    UNCERTAIN = "uncertain"  # nobody knows whether it arrived: do not send it again automatically


@dataclass(frozen=True)
class Outcome:
    """How far a transmission got, with the reply that ended it.

    `code` is the reply's three digits, None where there was none; `enhanced` its status code (RFC 3463), if it has
    one; `text` the reply's or the error's text, printable, on one line and without the recipient's address;
    `names_sender` whether a refusal named the letter's sender, its domain or the host that sent it.
    """

    kind: OutcomeKind
    code: int | None
    enhanced: str | None
    text: str
    step: Step = Step.DOT
    names_sender: bool = False

    @classmethod
    def from_reply(
        cls, step: Step, code: int, reply: bytes, recipient: str = "", senders: Collection[str] = ()
    ) -> Self:
        """Return the outcome of a reply: accepted where it is 2xx and answers the final dot, refused otherwise."""
        text = _readable(reply.decode("utf-8", "replace"), recipient)
        enhanced = find_status(text)
        is_accepted = step is Step.DOT and 200 <= code < 300
        kind = OutcomeKind.ACCEPTED if is_accepted else OutcomeKind.REFUSED
        return cls(kind, code, enhanced, text, step, not is_accepted and names_sender(text, senders, recipient))

    @classmethod
    def from_error(cls, kind: OutcomeKind, step: Step, error: object) -> Self:
        """Return the outcome of a failed connection, or of a server that lacks what our settings require."""
        return cls(kind, None, None, _readable(str(error) or type(error).__name__, ""), step)

    @property
    def summary(self) -> str:
        """What an operator reads: "refused at RCPT TO: 550 5.1.1 no such mailbox"; at most 500 characters."""
        answer = f"{self.code or ''} {self.text}".strip()
        return f"{self.kind.replace('-', ' ')} at {self.step}: {answer}"


def action_for(outcome: Outcome) -> Action:
    """Return what to do after a transmission."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Action.ACCEPT
        case OutcomeKind.LOST_BEFORE:
            return Action.RECONNECT_AND_RETRY
        case OutcomeKind.LOST_AFTER:
            return Action.UNCERTAIN
        case OutcomeKind.REFUSED:
            return _action_for_refusal(outcome)


def retry_delay(tries: int, random: Callable[[], float]) -> timedelta:
    """Return how long to wait after this many tries (from 1): exponential, with full jitter.

    `random` returns a number from 0 to 1, as random.random does.
    """
    doublings = min(tries, 10)  # enough to reach the maximum, and no overflow
    ceiling = min(MAX_RETRY_DELAY, MIN_RETRY_DELAY * (1 << doublings))
    return MIN_RETRY_DELAY + (ceiling - MIN_RETRY_DELAY) * random()


def find_status(text: str) -> str | None:
    """Return the enhanced status code (RFC 3463) that a reply begins with, or that it marks with "#"."""
    match = _ENHANCED_STATUS.search(find_wrapped_reply(text) or text)
    return match[1] or match[2] if match else None


def is_about_this_site(outcome: Outcome) -> bool:
    """Return whether a refusal speaks of this site rather than of the recipient, so that it may end."""
    is_our_fault = outcome.code in _CODES_OF_OUR_FAULT or (outcome.enhanced or "").startswith("5.7.")
    return is_our_fault or _is_about_sender(outcome)


def _action_for_refusal(outcome: Outcome) -> Action:
    if outcome.code == 421:
        return Action.RECONNECT_AND_RETRY
    if outcome.code is not None and 400 <= outcome.code < 500:
        return Action.RETRY
    if outcome.code is None or outcome.step in {Step.CONNECT, Step.MAIL}:
        return Action.PAUSE  # the server knows neither recipient nor message yet
    return _action_for_recipient(outcome, outcome.code, outcome.enhanced or "")


def _action_for_recipient(outcome: Outcome, code: int, status: str) -> Action:
    if code < 500:
        return Action.REFUSED
    if _is_mailbox_missing(outcome, code, status):
        return Action.HARD_BOUNCE
    if status == "5.2.2" or (not status and (code == 552 or _MAILBOX_FULL.search(outcome.text))):
        return Action.RETRY  # the mailbox is full today: RFC 5321 gives 552 that meaning
    is_about_mailbox = status.startswith("5.2.") or status in {"5.1.4", "5.6.7"}
    return Action.FAIL if is_about_mailbox else Action.REFUSED


def _is_mailbox_missing(outcome: Outcome, code: int, status: str) -> bool:
    """Return whether a refusal for good says that there is no such mailbox, by its status code or its words."""
    if _is_about_sender(outcome):
        return False
    if status in _STATUSES_OF_MISSING_MAILBOX:
        return True
    says_little = STATUS_THAT_SAYS_LITTLE.fullmatch(status) is not None
    return says_little and says_mailbox_is_missing(f"{code} {outcome.text}") is True


def _is_about_sender(outcome: Outcome) -> bool:
    return outcome.enhanced in _STATUSES_OF_SENDER or outcome.names_sender or speaks_of_sender(outcome.text)


def _readable(text: str, recipient: str) -> str:
    # Replies often repeat the address, and are stored for longer than the subscriber's address may be.
    if recipient and "@" in text:
        text = re.sub(re.escape(recipient), "…", text, flags=re.IGNORECASE)
    printable = text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:MAX_TEXT_LENGTH]
