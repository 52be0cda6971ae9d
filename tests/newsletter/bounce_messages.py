"""Returned mail, as mail servers and providers make it from our letters."""

import quopri
from binascii import b2a_base64
from email.message import EmailMessage
from email.policy import SMTP

from verdicts.newsletter.headers import delivery_headers, unsubscribe_headers
from verdicts.newsletter.tokens import leave_token


def our_letter(edition_id: int = 3, subscriber_id: int = 1) -> EmailMessage:
    """Return a letter as it was sent, with the headers of its delivery and for unsubscribing."""
    letter = EmailMessage(SMTP)
    letter["From"], letter["To"], letter["Subject"] = "verdicts@verdicts.test", "ann@example.org", "Week 47"
    unsubscribe = unsubscribe_headers(leave_token(subscriber_id, 1))
    for name, value in {**delivery_headers(edition_id, subscriber_id), **unsubscribe}.items():
        letter[name] = value
    letter.set_content(f"News.\n\nLeave: {unsubscribe['List-Unsubscribe']}\n")
    return letter


def delivery_report(
    status: str = "5.1.1",
    action: str = "failed",
    diagnostic: str = "smtp; 550 5.1.1 No such user",
    *,
    original: EmailMessage | None = None,
    to: str = "verdicts@verdicts.test",
    headers_only: bool = False,
) -> bytes:
    """Return a delivery report (RFC 3464) as a mail server writes one."""
    head = f"From: MAILER-DAEMON@mx.example.org\nTo: {to}\nSubject: Undelivered Mail\nMIME-Version: 1.0\n"
    head += 'Content-Type: multipart/report; report-type=delivery-status; boundary="b1"\n'
    words = "--b1\nContent-Type: text/plain\n\nI am sorry. <ann@example.org>: no such user.\n"
    facts = "--b1\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
    facts += f"Final-Recipient: rfc822; ann@example.org\nAction: {action}\nStatus: {status}\n"
    facts += f"Diagnostic-Code: {diagnostic}\n\n"
    return f"{head}\n{words}\n{facts}{_returned(original, headers_only)}--b1--\n".encode()


def global_delivery_report(encoding: str, report_type: str, original: EmailMessage) -> bytes:
    """Return a delivery report about an address that is not ASCII (RFC 6533)."""
    head = "From: MAILER-DAEMON@mx.example.org\nTo: verdicts@verdicts.test\nSubject: Unzustellbar\nMIME-Version: 1.0\n"
    head += f'Content-Type: multipart/report{report_type}; boundary="b1"\n'
    facts = "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: utf-8; jörg@bücher.example\nAction: failed\n"
    facts += "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <jörg@bücher.example> gibt es nicht\n"
    encode = {"base64": b2a_base64, "quoted-printable": quopri.encodestring}.get(encoding, bytes)
    part = f"--b1\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    letter = "--b1\nContent-Type: message/global\n\n" + original.as_string().replace("\r\n", "\n")
    return f"{head}\n".encode() + part + encode(facts.encode()) + f"\n{letter}\n--b1--\n".encode()


def qmail_notice(reply: str = "Sorry, no mailbox here by that name. (#5.1.1)") -> bytes:
    """Return a failure as qmail writes it (QSBMF), with a copy of our letter."""
    head = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.org\nTo: verdicts@verdicts.test\nSubject: failure notice\n"
    text = "Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your message to"
    text += f" the following addresses.\nThis is a permanent error; I've given up.\n\n<ann@example.org>:\n{reply}\n\n"
    letter = our_letter().as_string().replace("\r\n", "\n")
    return f"{head}\n{text}--- Below this line is a copy of the message.\n\nReturn-Path: <x@y.test>\n{letter}".encode()


def exim_notice(reply: str = "550 5.1.1 <ann@example.org>: User unknown") -> bytes:
    """Return a failure as Exim writes it, with a copy of our letter."""
    head = "X-Failed-Recipients: ann@example.org\nAuto-Submitted: auto-replied\nFrom: Mailer-Daemon@mx.example.org\n"
    head += "To: verdicts@verdicts.test\nSubject: Mail delivery failed: returning message to sender\n"
    text = "This message was created automatically by mail delivery software.\n\nA message that you sent could not be"
    text += (
        " delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
    )
    text += "  ann@example.org\n    host mx.example.org [192.0.2.1]\n    SMTP error from remote mail server:\n"
    text += f"    {reply}\n\n"
    copy = "------ This is a copy of the message, including all the headers. ------\n\n"
    letter = our_letter().as_string().replace("\r\n", "\n")
    return f"{head}\n{text}{copy}{letter}".encode()


def complaint(
    *, original: EmailMessage | None = None, headers_only: bool = False, feedback_type: str = "abuse"
) -> bytes:
    """Return a complaint (RFC 5965) as a mailbox provider writes one."""
    head = "From: fbl@example.org\nTo: verdicts@verdicts.test\nSubject: FW: Week 47\nMIME-Version: 1.0\n"
    head += 'Content-Type: multipart/report; report-type=feedback-report; boundary="b1"\n'
    words = "--b1\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
    facts = f"--b1\nContent-Type: message/feedback-report\n\nFeedback-Type: {feedback_type}\nVersion: 1\n\n"
    return f"{head}\n{words}\n{facts}{_returned(original, headers_only)}--b1--\n".encode()


def letter_to(to: str, subject: str = "Hello", body: str = "", **headers: str) -> bytes:
    """Return an ordinary letter to us."""
    letter = EmailMessage(SMTP)
    letter["From"], letter["To"], letter["Subject"] = "ann@example.org", to, subject
    for name, value in headers.items():
        letter[name.replace("_", "-")] = value
    letter.set_content(body)
    return bytes(letter)


def _returned(original: EmailMessage | None, headers_only: bool) -> str:
    if original is None:
        return ""
    text = original.as_string().replace("\r\n", "\n")
    if headers_only:
        return f"--b1\nContent-Type: text/rfc822-headers\n\n{text.partition(chr(10) * 2)[0]}\n\n"
    return f"--b1\nContent-Type: message/rfc822\n\n{text}\n"
