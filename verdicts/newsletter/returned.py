"""Mail that comes back: delivery reports (RFC 3464), complaints (RFC 5965), and letters that ask to leave."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from verdicts.mailing.outcomes import Action, Outcome, OutcomeKind, action_for
from verdicts.newsletter.reports import Report, ReportKind, report_from
from verdicts.newsletter.tokens import Purpose, tokens_in

LARGEST_MESSAGE = 1024 * 1024
_ADDRESSED = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Subject")
_STATUS = re.compile(r"(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.]\d)")
_SAYS_NOTHING = "5.0.0"


def read(raw: bytes) -> Report | None:
    """Return what a message that came back reports; None for what is no report, or names nobody by a genuine token.

    Only the first LARGEST_MESSAGE bytes are looked at. One that is nested so deep that no reader gets through is none.
    """
    try:
        return _read(raw)
    except RecursionError:
        return None


def _read(raw: bytes) -> Report | None:
    message = message_from_bytes(raw[:LARGEST_MESSAGE])
    report = str(message.get_param("report-type") or "").lower()
    if message.get_content_type() != "multipart/report":
        return _leaving(message)
    if report == "feedback-report":
        return report_from(ReportKind.COMPLAINT, _text_of(message))
    if report == "delivery-status" and _no_such_mailbox(message):
        return report_from(ReportKind.BOUNCE, _text_of(message))
    return None


def is_final(status: str) -> bool:
    """Say whether a status code (RFC 3463) means that there is no such mailbox: what sending would suppress for."""
    return action_for(Outcome(OutcomeKind.REFUSED, 550, status, "")) is Action.SUPPRESS


def status_in(text: str) -> str | None:
    """Return the first permanent status code in a text, such as 5.1.1."""
    found = _STATUS.search(text)
    return found[0] if found else None


def _leaving(message: Message) -> Report | None:
    # Not the body: whoever answers a letter may quote it, and their own token with it.
    addressed = " ".join(_decoded(value) for name in _ADDRESSED for value in message.get_all(name, []))
    token = next(tokens_in(Purpose.LEAVE, addressed), None)
    return Report(ReportKind.LEAVE, token, is_leave_token=True) if token else None


def _decoded(value: object) -> str:
    """Return a header's words, also where a mail program has encoded them."""
    try:
        return str(make_header(decode_header(str(value))))
    except (ValueError, LookupError):
        return str(value)


def _no_such_mailbox(message: Message) -> bool:
    return any(
        str(block.get("Action", "")).strip().lower() == "failed" and _is_final(block) for block in _blocks(message)
    )


def _is_final(block: Message) -> bool:
    status = status_in(str(block.get("Status", "")))
    if status in {None, _SAYS_NOTHING}:
        status = status_in(str(block.get("Diagnostic-Code", "")))
    return status is not None and is_final(status)


def _blocks(message: Message) -> Iterator[Message]:
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status" and part.is_multipart():
            yield from (block for block in part.get_payload() if isinstance(block, Message))


def _text_of(message: Message) -> str:
    """Return all headers and texts of a message and whatever it holds, decoded."""
    pieces: list[str] = []
    for part in message.walk():
        pieces += [str(value) for value in part.values()]
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            pieces.append(content.decode("utf-8", "replace") if isinstance(content, bytes) else "")
    return "\n".join(pieces)
