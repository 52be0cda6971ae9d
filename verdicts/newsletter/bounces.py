"""Mail that comes back: delivery reports (RFC 3464), complaints (RFC 5965), and requests to unsubscribe.

The subscriber is identified by our own tokens only, never by an address.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from enum import StrEnum

from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, action_for
from verdicts.newsletter import leaving, queries
from verdicts.newsletter.models import Status
from verdicts.newsletter.tokens import Purpose, TokenContent, find_tokens

MAX_MESSAGE_BYTES = 1024 * 1024
_ADDRESS_HEADERS = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Subject")
_STATUS = re.compile(r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.]\d)")
_UNSPECIFIC_STATUS = "5.0.0"


class ReportKind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    LEAVE = "leave"


_REASONS = {ReportKind.COMPLAINT: Status.COMPLAINED, ReportKind.LEAVE: Status.LEFT}


@dataclass(frozen=True)
class BounceReport:
    """What happened to a letter, and the token that identifies its subscriber."""

    kind: ReportKind
    token: TokenContent
    is_leave_token: bool = False


def apply(report: BounceReport, now: datetime) -> bool:
    """End the subscription whose reader complains or leaves; return whether it was active.

    Bounces go through digest.reports. The caller has called begin_write(), and commits.
    """
    id = report.token.subscriber_id
    if report.is_leave_token:
        subscription = queries.find(id)
        if subscription is None or subscription.generation != report.token.number:
            return False
    return leaving.end(id, _REASONS[report.kind], now)


def find_report(kind: ReportKind, text: str) -> BounceReport | None:
    """Return the report on the letter whose token is in a text; None without a genuine token.

    Letters also contain a leave token, which is enough for complaints; bounces need the bounce token.
    """
    if token := next(find_tokens(Purpose.BOUNCE, text), None):
        return BounceReport(kind, token)
    return _leave_token_report(kind, text) if kind is not ReportKind.BOUNCE else None


def parse_message(raw: bytes) -> BounceReport | None:
    """Return what a returned message reports; None where it is no report or has no genuine token.

    Only the first MAX_MESSAGE_BYTES are read. A message that is nested too deep to parse is no report.
    """
    try:
        return _parse(raw)
    except RecursionError:
        return None


def is_permanent(status: str) -> bool:
    """Return whether a status code (RFC 3463) means that there is no such mailbox, as when sending."""
    return action_for(Outcome(OutcomeKind.REFUSED, 550, status, "")) is Action.SUPPRESS


def find_status(text: str) -> str | None:
    """Return the first permanent status code in a text, such as 5.1.1."""
    match = _STATUS.search(text)
    return match[0] if match else None


def _parse(raw: bytes) -> BounceReport | None:
    message = message_from_bytes(raw[:MAX_MESSAGE_BYTES])
    report = str(message.get_param("report-type") or "").lower()
    if message.get_content_type() != "multipart/report":
        return _find_leave_request(message)
    if report == "feedback-report":
        return find_report(ReportKind.COMPLAINT, _text_of(message))
    if report == "delivery-status" and _no_such_mailbox(message):
        return find_report(ReportKind.BOUNCE, _text_of(message))
    return None


def _find_leave_request(message: Message) -> BounceReport | None:
    # Not in the body: a reply may quote our letter, which contains a token too.
    headers = " ".join(_decoded(value) for name in _ADDRESS_HEADERS for value in message.get_all(name, []))
    return _leave_token_report(ReportKind.LEAVE, headers)


def _leave_token_report(kind: ReportKind, text: str) -> BounceReport | None:
    token = next(find_tokens(Purpose.LEAVE, text), None)
    return BounceReport(kind, token, is_leave_token=True) if token else None


def _decoded(value: object) -> str:
    """Return a header's text, decoded where a mail program has encoded it."""
    try:
        return str(make_header(decode_header(str(value))))
    except (ValueError, LookupError):
        return str(value)


def _no_such_mailbox(message: Message) -> bool:
    return any(
        str(block.get("Action", "")).strip().lower() == "failed" and _has_permanent_status(block)
        for block in _blocks(message)
    )


def _has_permanent_status(block: Message) -> bool:
    status = find_status(str(block.get("Status", "")))
    if status in {None, _UNSPECIFIC_STATUS}:
        status = find_status(str(block.get("Diagnostic-Code", "")))
    return status is not None and is_permanent(status)


def _blocks(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _text_of(message: Message) -> str:
    """Return all headers and texts of a message and of the messages in it, decoded."""
    pieces: list[str] = []
    for part in message.walk():
        pieces += [str(value) for value in part.values()]
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            pieces.append(content.decode("utf-8", "replace") if isinstance(content, bytes) else "")
    return "\n".join(pieces)
