"""What mail servers say, and what becomes of the delivery, of the subscription and of the edition."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.conftest import ON_ONE_DATABASE
from tests.digest.mailing_list import make_edition, make_subscribers, state_of, states
from tests.makers import NOW
from verdicts.digest import delivery as steps
from verdicts.digest.models import DeliveryState, EditionState
from verdicts.digest.recording import record_outcome
from verdicts.extensions import commit_or_retry, db
from verdicts.mailing.outcomes import Outcome, OutcomeKind, Step
from verdicts.newsletter.models import Status, subscriber

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]

READERS, LEASE = 20, timedelta(minutes=20)
ACCEPTED = Outcome(OutcomeKind.ACCEPTED, 250, "2.0.0", "kept")
RCPT, DATA, DOT, MAIL = Step.RCPT, Step.DATA, Step.DOT, Step.MAIL
# The delivery of one reader, while others are accepted; the subscription, after the same reply in two editions; the
# edition in which everybody gets this reply.
GONE = (DeliveryState.FAILED, Status.BOUNCED, EditionState.PAUSED)
FAILS = (DeliveryState.FAILED, Status.CONFIRMED, EditionState.PAUSED)
WAITS = (DeliveryState.DEFERRED, Status.CONFIRMED, EditionState.SENDING)
STOPS = (DeliveryState.PENDING, Status.CONFIRMED, EditionState.PAUSED)

REPLIES = [
    # RFC 3463, section 3.2: addresses
    (RCPT, "550 5.1.0 Other address status", FAILS),
    (RCPT, "550 5.1.1 Bad destination mailbox address", GONE),
    (RCPT, "550 5.1.2 Bad destination system address", GONE),
    (RCPT, "553 5.1.3 Bad destination mailbox address syntax", GONE),
    (RCPT, "553 5.1.4 Destination mailbox address ambiguous", FAILS),
    (RCPT, "551 5.1.6 Destination mailbox has moved, no forwarding address", GONE),
    (RCPT, "550 5.1.7 Bad sender's mailbox address syntax", FAILS),
    (RCPT, "550 5.1.8 Bad sender's system address", FAILS),
    (RCPT, "556 5.1.10 Recipient address has null MX", GONE),
    (DOT, "554 5.1.0 Sender denied", FAILS),
    (DOT, "550 5.1.8 Bad sender's system address", FAILS),
    (DOT, "550 5.1.1 User unknown", GONE),
    # Section 3.3: mailboxes
    (RCPT, "550 5.2.0 Other or undefined mailbox status", FAILS),
    (RCPT, "550 5.2.1 Mailbox disabled, not accepting messages", FAILS),
    (RCPT, "552 5.2.2 Mailbox full", WAITS),
    (DOT, "552 5.2.3 Message length exceeds administrative limit", FAILS),
    (RCPT, "550 5.2.4 Mailing list expansion problem", FAILS),
    # Sections 3.4 and 3.5: systems and routing
    (DOT, "554 5.3.0 Other or undefined mail system status", FAILS),
    (RCPT, "452 4.3.1 Mail system full", WAITS),
    (RCPT, "450 4.3.2 System not accepting network messages", WAITS),
    (DOT, "552 5.3.4 Message too big for system", FAILS),
    (RCPT, "550 5.4.0 Other or undefined network or routing status", FAILS),
    (RCPT, "451 4.4.1 No answer from host", WAITS),
    (RCPT, "550 5.4.4 Unable to route", FAILS),
    (RCPT, "554 5.4.6 Routing loop detected", FAILS),
    # Sections 3.6 to 3.8: protocol, content, security
    (RCPT, "503 5.5.1 Invalid command", FAILS),
    (DATA, "554 5.5.1 No valid recipients", FAILS),
    (RCPT, "452 4.5.3 Too many recipients", WAITS),
    (DOT, "554 5.6.0 Other or undefined media error", FAILS),
    (RCPT, "553 5.6.7 Non-ASCII addresses not permitted", FAILS),
    (RCPT, "550 5.7.0 Other or undefined security status", FAILS),
    (RCPT, "550 5.7.1 Delivery not authorized, message refused", FAILS),
    (RCPT, "530 5.7.0 Authentication required", FAILS),
    (RCPT, "535 5.7.8 Authentication credentials invalid", FAILS),
    (MAIL, "530 5.7.0 Must issue a STARTTLS command first", STOPS),
    (MAIL, "550 5.1.0 Sender rejected", STOPS),
    (MAIL, "553 5.1.8 Domain of sender address does not exist", STOPS),
    # Google
    (RCPT, "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking", GONE),
    (RCPT, "550 5.2.1 The email account that you tried to reach is disabled.", FAILS),
    (RCPT, "452 4.2.2 The recipient's inbox is out of storage space.", WAITS),
    (RCPT, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents", WAITS),
    (DOT, "550 5.7.26 This mail has been blocked because the sender is unauthenticated.", FAILS),
    (DOT, "550 5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail.", FAILS),
    (DOT, "550 5.4.5 Daily user sending limit exceeded.", FAILS),
    # Microsoft
    (RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", GONE),
    (RCPT, "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", GONE),
    (RCPT, "550 5.4.1 no", FAILS),
    (RCPT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", GONE),
    (RCPT, "550 5.7.606 Access denied, banned sending IP [192.0.2.1].", FAILS),
    (DOT, "550 5.7.515 Access denied, sending domain example.org does not meet the required authentication", FAILS),
    (RCPT, "550 5.7.1 messages from [192.0.2.1] weren't sent. part of their network is on our block list", FAILS),
    (RCPT, "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.", WAITS),
    (RCPT, "550 5.1.351 Remote server returned unknown recipient or mailbox unavailable", GONE),
    (RCPT, "550 5.4.310 DNS domain example.invalid does not exist [Message=InfoDomainNonexistent]", GONE),
    # Yahoo and AOL
    (RCPT, "554 delivery error: dd This user doesn't have a yahoo.com account [0] - mta1008", GONE),
    (RCPT, "552 1 Requested mail action aborted, mailbox not found", GONE),
    (DOT, "554 30 Sorry, your message cannot be delivered. This mailbox is over quota (554.22).", WAITS),
    (RCPT, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume", WAITS),
    (DOT, "554 5.7.9 Message not accepted for policy reasons.", FAILS),
    # Apple, Comcast, GMX, Mail.ru, Yandex, QQ
    (RCPT, "550 5.1.1 <user@icloud.example>: user lookup success but no user record found", GONE),
    (RCPT, "550 5.1.1 Not our Customer", GONE),
    (RCPT, "554 resimta-ch2 comcast 192.0.2.1 Comcast block for spam. Please see https://postmaster.example", FAILS),
    (RCPT, "554-gmx.example (mxgmx) Nemesis ESMTP Service not available, IP address is block listed", FAILS),
    (RCPT, "550 Message was not accepted -- invalid mailbox. Local mailbox is unavailable: user not found", GONE),
    (RCPT, "550 5.7.1 No such user!", GONE),
    (RCPT, "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help", GONE),
    # Postfix, Exim, qmail, Cisco
    (RCPT, "550 5.1.1 <…>: Recipient address rejected: User unknown in local recipient table", GONE),
    (RCPT, "554 5.7.1 <…>: Relay access denied", FAILS),
    (RCPT, "550 5.7.1 <mail.example>: Helo command rejected: Host not found, unknown domain", FAILS),
    (RCPT, "550 User … does not exist", GONE),
    (RCPT, "450 4.2.0 <…>: Recipient address rejected: Greylisted", WAITS),
    (RCPT, "550 5.1.1 Sender address rejected: User unknown", FAILS),
    (RCPT, "550 Unrouteable address", GONE),
    (RCPT, "550 Sender verify failed", FAILS),
    (RCPT, "550 sorry, no mailbox here by that name. (#5.1.1)", GONE),
    (RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", FAILS),
    (RCPT, "550 #5.1.0 Address rejected.", FAILS),
    (RCPT, "554 no", FAILS),
    (RCPT, "550 no", FAILS),
]  # fmt: skip


def record(edition_id: int, *outcomes: tuple[int, Outcome]) -> None:
    """Let the server answer these subscribers in turn."""
    leases = {each.subscriber_id: each for each in commit_or_retry(lambda: _claim(edition_id))}
    for subscriber_id, outcome in outcomes:
        lease = leases[subscriber_id]
        commit_or_retry(lambda lease=lease: steps.start_transmission(lease, LEASE, NOW))
        commit_or_retry(lambda lease=lease, outcome=outcome: record_outcome(lease, outcome, NOW))


def _claim(edition_id: int) -> list[steps.Lease]:
    return steps.claim(edition_id, "a worker", READERS, LEASE, NOW)


def statuses() -> list[Status]:
    found = db.session.scalars(sa.select(subscriber.c.status).order_by(subscriber.c.id)).all()
    db.session.rollback()
    return list(found)


@pytest.mark.parametrize(("step", "reply", "expected"), REPLIES, ids=[reply[:40] for _, reply, _ in REPLIES])
def test_a_reply_decides_about_the_delivery_the_subscription_and_the_edition(
    step: Step, reply: str, expected: tuple[DeliveryState, Status, EditionState]
) -> None:
    answer = Outcome.from_reply(step, int(reply[:3]), reply[4:].encode())
    readers = make_subscribers(READERS)
    for week in (46, 47):
        edition = make_edition(readers, week=week)
        record(edition, (1, ACCEPTED), (2, ACCEPTED), (3, answer), (4, ACCEPTED))
    delivery, subscription = states(edition)[3], statuses()[2]
    all_refused = make_edition(readers[3:], week=48)
    record(all_refused, *((reader, answer) for reader in readers[3:]))
    assert (delivery, subscription, state_of(all_refused)) == expected
    assert set(statuses()) - {subscription} <= {Status.CONFIRMED}
    assert set(states(all_refused).values()) <= {DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.DEFERRED}
