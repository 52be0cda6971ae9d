"""What became of a transmission."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

LONGEST_TEXT = 400
_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})\b")


class OutcomeKind(StrEnum):
    """How far a transmission came."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # a reply said no, or the server cannot do what our settings ask of it
    LOST_BEFORE = "lost-before"  # the connection failed before the final dot: nothing was handed over
    LOST_AFTER = "lost-after"  # it failed after the final dot: nobody knows (the gap of RFC 1047)


class Step(StrEnum):
    """What the server was asked when it answered."""

    CONNECT = "connect"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"
    DOT = "the final dot"


@dataclass(frozen=True)
class Outcome:
    """How far a transmission came, with the reply that ended it.

    `code` is the reply's three digits, None where there was none; `enhanced` its status code (RFC 3463), if it has
    one; `text` the reply's words or the fault's, printable, on one line and without the recipient's address.
    """

    kind: OutcomeKind
    code: int | None
    enhanced: str | None
    text: str
    step: Step = Step.DOT

    @classmethod
    def of_reply(cls, step: Step, code: int, reply: bytes, recipient: str = "") -> Self:
        """Return what a reply means: accepted where it is 2xx and answers the final dot, refused otherwise."""
        text = _readable(reply.decode("utf-8", "replace"), recipient)
        found = _ENHANCED.match(text)
        accepted = step is Step.DOT and 200 <= code < 300
        kind = OutcomeKind.ACCEPTED if accepted else OutcomeKind.REFUSED
        return cls(kind, code, found[1] if found else None, text, step)

    @classmethod
    def of_fault(cls, kind: OutcomeKind, step: Step, fault: object) -> Self:
        """Return what it means that the connection failed, or that the server lacks what our settings need."""
        return cls(kind, None, None, _readable(str(fault) or type(fault).__name__, ""), step)

    @property
    def words(self) -> str:
        """What an operator reads: "refused at RCPT TO: 550 5.1.1 no such mailbox"; at most 500 characters."""
        answer = f"{self.code or ''} {self.text}".strip()
        return f"{self.kind.replace('-', ' ')} at {self.step}: {answer}"


def _readable(text: str, recipient: str) -> str:
    # Replies like to repeat the address; what is kept of a reply may outlive the subscriber's.
    if recipient:
        text = re.sub(re.escape(recipient), "…", text, flags=re.IGNORECASE)
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:LONGEST_TEXT]
