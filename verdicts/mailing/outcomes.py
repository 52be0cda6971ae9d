"""How a transmission ended, and what to do about it: RFC 5321's reply codes and RFC 3463's enhanced status codes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Self

GIVE_UP_AFTER = timedelta(hours=48)
MIN_RETRY_DELAY = timedelta(minutes=5)
MAX_RETRY_DELAY = timedelta(hours=4)
MAX_TEXT_LENGTH = 400

_ENHANCED_STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")
_STATUS_OF_OUR_ADDRESS = {"5.1.7", "5.1.8"}
_CODES_OF_OUR_FAULT = {530, 535, 554}


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
    SUPPRESS = "suppress"  # there is no such mailbox: never write to this address again
    FAIL = "fail"  # this message will not reach this mailbox, and neither the address nor we are to blame
    PAUSE = "pause"  # our own fault: stop until an operator has fixed it, and suppress nobody
    UNRECOGNISED = "unrecognised"  # the message failed; three of these in a row are our own fault
    UNCERTAIN = "uncertain"  # nobody knows whether it arrived: do not send it again automatically


@dataclass(frozen=True)
class Outcome:
    """How far a transmission got, with the reply that ended it.

    `code` is the reply's three digits, None where there was none; `enhanced` its status code (RFC 3463), if it has
    one; `text` the reply's or the error's text, printable, on one line and without the recipient's address.
    """

    kind: OutcomeKind
    code: int | None
    enhanced: str | None
    text: str
    step: Step = Step.DOT

    @classmethod
    def from_reply(cls, step: Step, code: int, reply: bytes, recipient: str = "") -> Self:
        """Return the outcome of a reply: accepted where it is 2xx and answers the final dot, refused otherwise."""
        text = _readable(reply.decode("utf-8", "replace"), recipient)
        enhanced = _ENHANCED_STATUS.match(text)
        is_accepted = step is Step.DOT and 200 <= code < 300
        kind = OutcomeKind.ACCEPTED if is_accepted else OutcomeKind.REFUSED
        return cls(kind, code, enhanced[1] if enhanced else None, text, step)

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


def _action_for_refusal(outcome: Outcome) -> Action:
    if outcome.code == 421:
        return Action.RECONNECT_AND_RETRY
    if outcome.code is not None and 400 <= outcome.code < 500:
        return Action.RETRY
    if outcome.code is None or outcome.step in {Step.CONNECT, Step.MAIL}:
        return Action.PAUSE  # the server knows neither recipient nor message yet
    return _action_for_status(outcome.enhanced or "") or _action_for_code(outcome.code, bool(outcome.enhanced))


def _action_for_status(status: str) -> Action | None:
    if status.startswith("5.7.") or status in _STATUS_OF_OUR_ADDRESS:
        return Action.PAUSE
    if status.startswith("5.1."):
        return Action.SUPPRESS
    if status == "5.2.2":
        return Action.RETRY  # the mailbox is full today
    if status.startswith("5.2.") or status == "5.6.7":
        return Action.FAIL  # about this mailbox only, or an address that the server cannot carry
    return None


def _action_for_code(code: int, has_status: bool) -> Action:
    if code in _CODES_OF_OUR_FAULT:
        return Action.PAUSE
    is_full = code == 552 and not has_status  # the meaning that RFC 5321 gives it
    return Action.RETRY if is_full else Action.UNRECOGNISED


def _readable(text: str, recipient: str) -> str:
    # Replies often repeat the address, and are stored for longer than the subscriber's address may be.
    if recipient:
        text = re.sub(re.escape(recipient), "…", text, flags=re.IGNORECASE)
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:MAX_TEXT_LENGTH]
