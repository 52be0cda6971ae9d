"""Mail that comes back: failures (RFC 3464, RFC 6533, or a server's own words), complaints (RFC 5965), and requests to
leave.
"""

import binascii
import quopri
import re
from collections.abc import Collection, Iterator
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from verdicts.mailing.sender_words import names_sender
from verdicts.newsletter.bounces import BounceReport, ReportKind, find_leave_report, find_report
from verdicts.newsletter.failures import is_mailbox_missing
from verdicts.newsletter.feedback import find_feedback_kind
from verdicts.newsletter.headers import sender_address

MAX_MESSAGE_BYTES = 1024 * 1024
_ADDRESS_HEADERS = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "Subject")
_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}
_FEEDBACK_TYPES = {"message/feedback-report"}
_RECEIPT_TYPES = {"message/disposition-notification", "message/global-disposition-notification"}
_OTHER_ACTIONS = {"delayed", "delivered", "relayed", "expanded"}
_AUTOMATIC_HEADERS = ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
_MAIL_SERVER = re.compile(r"\b(?:mailer[-_.]?daemon|postmaster)@", re.IGNORECASE)
# How mail servers begin a notice that is no report: qmail (QSBMF), Exim, Gmail, Postfix, sendmail.
_NOTICE = re.compile(
    r"\s*Hi\. This is the|This message was created automatically by mail delivery software"
    r"|Delivery to the following recipients? failed|This is the mail system at host"
    r"|The following addresses had permanent (?:fatal )?errors",
    re.IGNORECASE,
)
_DELAY = re.compile(
    r"has not yet been delivered|not been able to deliver .{0,40}yet|message delayed|will (?:be|keep) re?try"
)
# The letter that failed follows it.
_COPY = re.compile(r"^-{3,}[^\n]*(?:copy|original|below this line|return)", re.IGNORECASE | re.MULTILINE)


class NotUnderstood(ValueError):
    """A returned message may matter, but a program cannot tell how. The text says what it is."""


def parse_message(raw: bytes) -> BounceReport | None:
    """Return what a returned message reports; None where it reports nothing that ends a subscription.

    Raises NotUnderstood where an operator must look. Only the first MAX_MESSAGE_BYTES are read.
    """
    try:
        return _parse(message_from_bytes(re.sub(rb"\A>From ", b"From ", raw[:MAX_MESSAGE_BYTES])))
    except RecursionError:
        raise NotUnderstood("a message nested too deep to be read") from None


def _parse(message: Message) -> BounceReport | None:
    parts = list(_own_parts(message))
    types = {part.get_content_type() for part in parts}
    if types & _STATUS_TYPES:
        return _read_failure(message, [part for part in parts if part.get_content_type() in _STATUS_TYPES])
    if types & _FEEDBACK_TYPES:
        return _read_feedback(message, next(part for part in parts if part.get_content_type() in _FEEDBACK_TYPES))
    if types & _RECEIPT_TYPES:
        return None
    if (notice := _find_notice(message, parts)) is not None:
        return None if _DELAY.search(notice) else _failure(message, is_mailbox_missing(notice))
    return _read_letter(message)


def _read_failure(message: Message, parts: list[Message]) -> BounceReport | None:
    blocks = [block for part in parts for block in _blocks(part)]
    actions = [_action_of(block) for block in blocks]
    failed = [block for block, action in zip(blocks, actions, strict=True) if action == "failed"]
    if not failed and not _OTHER_ACTIONS.intersection(actions):
        raise NotUnderstood("a delivery report that does not say what happened")
    if not failed:
        return None
    # Reports go to the address that sent the letter.
    senders = (parseaddr(str(message.get("To", "")))[1], sender_address())
    return _failure(message, *(_is_mailbox_missing(block, senders) for block in failed))


def _action_of(block: Message) -> str:
    match = re.match(r"\s*(\w*)", str(block.get("Action", "")))
    return match[1].lower() if match else ""


def _is_mailbox_missing(block: Message, senders: Collection[str]) -> bool | None:
    replies = list(map(str, block.get_all("Diagnostic-Code", [])))
    recipient = str(block.get("Final-Recipient", "")).rpartition(";")[2].strip()
    if any(names_sender(reply, senders, recipient) for reply in replies):
        return False
    return is_mailbox_missing(str(block.get("Status", "")), *replies)


def _failure(message: Message, *judgements: bool | None) -> BounceReport | None:
    if True in judgements:
        return _require(find_report(ReportKind.BOUNCE, _text_of(message)), "a failure")
    if None in judgements:
        raise NotUnderstood("a failure that does not say whether the mailbox exists")
    return None


def _read_feedback(message: Message, part: Message) -> BounceReport | None:
    types = [str(value) for block in _blocks(part) for value in block.get_all("Feedback-Type", [])]
    try:
        kind = find_feedback_kind(types[0] if types else "")
    except LookupError:
        raise NotUnderstood("feedback of an unknown type") from None
    return _require(find_report(kind, _text_of(message)), f"a {kind}") if kind else None


def _read_letter(message: Message) -> BounceReport | None:
    # Not in the body: a reply may quote our letter, which contains a token too.
    headers = " ".join(_decoded(value) for name in _ADDRESS_HEADERS for value in message.get_all(name, []))
    report = find_leave_report(ReportKind.LEAVE, headers)
    if report is None and (_is_from_mail_server(message) or not _is_automatic(message)):
        raise NotUnderstood("neither a report nor a request to leave with a token of ours")
    return report


def _require(report: BounceReport | None, name: str) -> BounceReport:
    if report is None:
        raise NotUnderstood(f"{name} without a token of ours")
    return report


def _find_notice(message: Message, parts: list[Message]) -> str | None:
    """Return what a server wrote about a failure, without the letter that failed; None in any other message."""
    text = next((_content(part) for part in parts if part.get_content_type() == "text/plain"), "")
    begins_so = bool(_NOTICE.match(text) or _NOTICE.search(text[:500]))
    return _COPY.split(text, maxsplit=1)[0] if begins_so or "X-Failed-Recipients" in message else None


def _is_from_mail_server(message: Message) -> bool:
    return _MAIL_SERVER.search(str(message.get("From", ""))) is not None


def _is_automatic(message: Message) -> bool:
    submitted = str(message.get("Auto-Submitted", "no")).strip().lower()
    return not submitted.startswith("no") or any(name in message for name in _AUTOMATIC_HEADERS)


def _own_parts(message: Message) -> Iterator[Message]:
    """Yield a message's parts, but not those of messages that are in it."""
    yield message
    if message.get_content_maintype() == "multipart":
        for part in _nested(message):
            yield from _own_parts(part)


def _blocks(part: Message) -> list[Message]:
    """Return the blocks of fields of a report's part, whether the part is encoded or not."""
    text = _report_text(part).replace("\r\n", "\n")
    return [message_from_string(block.lstrip("\n")) for block in re.split(r"\n[ \t]*\n", text) if block.strip()]


def _report_text(part: Message) -> str:
    """Return the text of a part of type message/…, which the email package takes for messages, encoded or not."""
    raw = "\n\n".join(map(_source, _nested(part))).encode("utf-8", "surrogateescape")
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        try:
            raw = binascii.a2b_base64(raw)
        except binascii.Error:
            return ""
    elif encoding == "quoted-printable":
        raw = quopri.decodestring(raw)
    return raw.decode("utf-8", "replace")


def _source(message: Message) -> str:
    """Return a message's fields and body as they were written, except for bytes of no known encoding in its body."""
    fields = "".join(f"{name}: {value}\n" for name, value in message.raw_items())
    body = "\n\n".join(map(_source, _nested(message))) or str(message.get_payload() or "")
    return f"{fields}\n{body}"


def _nested(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _text_of(message: Message) -> str:
    """Return all headers and texts of a message and of the messages in it, decoded."""
    pieces: list[str] = []
    for part in message.walk():
        pieces += [str(value) for value in part.values()]
        if not part.is_multipart():
            pieces.append(_content(part))
        elif part.get_content_maintype() == "message":
            pieces.append(_report_text(part))
    return "\n".join(pieces)


def _content(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _decoded(value: object) -> str:
    """Return a header's text, decoded where a mail program has encoded it."""
    try:
        return str(make_header(decode_header(str(value))))
    except (ValueError, LookupError):
        return str(value)
