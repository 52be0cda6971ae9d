"""What a reply asks of us: RFC 5321's codes and RFC 3463's enhanced status codes, put into a few actions."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from verdicts.mailing.outcomes import Outcome, OutcomeKind, Step

GIVE_UP_AFTER = timedelta(hours=48)
SHORTEST_DELAY = timedelta(minutes=5)
LONGEST_DELAY = timedelta(hours=4)

_ABOUT_OUR_ADDRESS = {"5.1.7", "5.1.8"}
_OUR_FAULT = {530, 535, 554}


class Action(StrEnum):
    """What to do with a message, its address and its edition."""

    ACCEPT = "accept"
    # The connection failed or the server closes it (421): the message is as good as before, on another connection.
    RECONNECT_AND_RETRY = "reconnect-and-retry"
    RETRY = "retry"  # after retry_delay, until GIVE_UP_AFTER
    SUPPRESS = "suppress"  # there is no such mailbox: never write to this address again
    FAIL = "fail"  # this message will not reach this mailbox, and neither the address nor we are to blame
    PAUSE = "pause"  # our own fault: nothing gets through until an operator has mended it; nobody is suppressed
    UNRECOGNISED = "unrecognised"  # the message failed; three of these running are our own fault
    UNCERTAIN = "uncertain"  # nobody knows whether it arrived: never sent again by itself


def verdict_on(outcome: Outcome) -> Action:
    """Return what an outcome asks for."""
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            return Action.ACCEPT
        case OutcomeKind.LOST_BEFORE:
            return Action.RECONNECT_AND_RETRY
        case OutcomeKind.LOST_AFTER:
            return Action.UNCERTAIN
        case OutcomeKind.REFUSED:
            return _verdict_on_refusal(outcome)


def retry_delay(tries: int, random: Callable[[], float]) -> timedelta:
    """Return how long to wait after so many tries (from 1), with full jitter: 5 minutes to at most 4 hours.

    `random` gives a number from 0 to 1, as random.random does.
    """
    doublings = min(tries, 10)  # far more than it takes to reach the longest
    ceiling = min(LONGEST_DELAY, SHORTEST_DELAY * (1 << doublings))
    return SHORTEST_DELAY + (ceiling - SHORTEST_DELAY) * random()


def _verdict_on_refusal(outcome: Outcome) -> Action:
    if outcome.code == 421:
        return Action.RECONNECT_AND_RETRY
    if outcome.code is not None and 400 <= outcome.code < 500:
        return Action.RETRY
    if outcome.code is None or outcome.step in {Step.CONNECT, Step.MAIL}:
        return Action.PAUSE  # neither the recipient nor the letter has been spoken of yet
    return _by_enhanced_status(outcome.enhanced or "") or _by_code(outcome.code, bool(outcome.enhanced))


def _by_enhanced_status(status: str) -> Action | None:
    if status.startswith("5.7.") or status in _ABOUT_OUR_ADDRESS:
        return Action.PAUSE
    if status.startswith("5.1."):
        return Action.SUPPRESS
    if status == "5.2.2":
        return Action.RETRY  # full today
    if status.startswith("5.2.") or status == "5.6.7":
        return Action.FAIL  # about this mailbox alone, or an address that the server cannot carry
    return None


def _by_code(code: int, has_status: bool) -> Action:
    if code in _OUR_FAULT:
        return Action.PAUSE
    is_full = code == 552 and not has_status  # so RFC 5321 has it
    return Action.RETRY if is_full else Action.UNRECOGNISED
