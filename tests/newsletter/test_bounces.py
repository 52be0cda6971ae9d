"""Returned mail: our token alone says whose it is, and the report says what it means."""

from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.newsletter.bounce_messages import (
    complaint,
    delivery_report,
    exim_notice,
    global_delivery_report,
    letter_to,
    our_letter,
    qmail_notice,
)
from tests.newsletter.world import make_subscriber, statuses
from verdicts.extensions import begin_write, db
from verdicts.newsletter import bounces
from verdicts.newsletter.bounces import BounceReport, ReportKind
from verdicts.newsletter.returned_mail import NotUnderstood, parse_message
from verdicts.newsletter.tokens import TOKEN_LENGTH, TokenContent, bounce_token, leave_token, preferences_token

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]

OURS = TokenContent(1, 3)
FORGED = "a" * TOKEN_LENGTH


def kind_of(raw: bytes) -> str | None:
    """Return what a message reports; None for nothing, "?" where it is not understood."""
    try:
        report = parse_message(raw)
    except NotUnderstood:
        return "?"
    return str(report.kind) if report else None


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_bounce_is_known_by_the_header_of_the_letter_that_it_returns(headers_only: bool) -> None:
    raw = delivery_report(original=our_letter(), headers_only=headers_only)
    assert parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


def test_a_bounce_is_known_by_the_address_it_goes_to() -> None:
    raw = delivery_report(to=f"bounce+{bounce_token(3, 1)}@bounces.verdicts.test")
    assert parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


def test_a_bounce_is_known_though_a_server_wrote_the_address_in_capitals() -> None:
    raw = delivery_report(to=f"BOUNCE+{bounce_token(3, 1).upper()}@BOUNCES.VERDICTS.TEST")
    assert parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


@pytest.mark.parametrize(
    ("status", "diagnostic", "is_final"),
    [
        ("5.1.1", "smtp; 550 5.1.1 No such user", True),
        ("5.1.10", "smtp; 550 5.1.10 RecipientNotFound", True),
        ("5.1.2", "dns; no such domain", True),
        ("5.0.0", "smtp; 550 5.1.1 User unknown", True),
        ("5.0.0", "smtp; 550 User unknown", True),
        ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", True),
        ("5.4.1", "smtp; 550 5.4.1 [ann@contoso.test]: Recipient address rejected: Access denied", True),
        ("5.4.1", "smtp; 554 5.4.1 Relay access denied", False),
        ("5.5.0", "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", True),
        ("5.5.0", "smtp; 550 5.5.0 Blocked by policy: mailbox unavailable", False),
        ("5.0.0", "smtp; 554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0]", True),
        ("5.0.0", "smtp; 554 Message rejected as spam by the user's filter, unknown user", False),
        ("5.0.0", 'X-Postfix; unknown user: "ann"', True),
        ("5.1.0", "smtp; 554 5.1.0 Sender denied", False),
        ("5.1.0", "smtp; 550 5.1.1 <ann@example.org>... User unknown", True),
        ("5.4.310", "smtp; 550 5.4.310 DNS domain example.test does not exist", True),
        ("5.5.0", "smtp; 450 4.2.0 User unknown in greylist", False),
        ("4.4.7", "smtp; 550 5.1.1 User unknown", False),
        ("5.1.8", "smtp; 550 5.1.8 Bad sender", False),
        ("5.2.2", "smtp; 552 5.2.2 Mailbox full", False),
        ("5.7.1", "smtp; 550 5.7.1 Blocked for spam", False),
        ("5.7.1", "smtp; 550 5.7.1 Message refused", False),
        ("5.7.1", "smtp; 550 5.7.1 No such user!", True),
        ("5.2.0", "smtp; 550 5.2.0 User unknown", True),
        ("5.3.5", "smtp; 553 5.3.5 <ann@example.org>: user unknown", True),
        ("5.1.351", "smtp; 550 5.1.351 Remote server returned unknown recipient", True),
        ("5.7.515", "smtp; 550 5.7.515 Authenticate", False),
        ("4.1.1", "smtp; 450 4.1.1 Try later", False),
        ("", "", None),
        ("5.1", "", None),
        ("nonsense", "smtp; 550 at 15.1.1.1", None),
        ("5.0.0", "smtp; 554 Transaction failed", None),
        ("5.4.1", "smtp; 550 5.4.1 no answer from host", None),
    ],
)
def test_only_a_mailbox_that_does_not_exist_ends_a_subscription(
    status: str, diagnostic: str, is_final: bool | None
) -> None:
    raw = delivery_report(status, diagnostic=diagnostic, original=our_letter())
    assert kind_of(raw) == {True: "bounce", False: None, None: "?"}[is_final]


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 Invalid sender",
        "550 5.1.1 <panel@verdicts.test>: Sender address rejected: User unknown",
        "550 5.1.1 sender verify failed",
        "550 5.1.2 Sender domain not found",
        "550 5.1.2 Your domain does not exist",
        "550 5.1.1 Return-Path is no valid address",
        "550 5.1.8 Who are you?",
        "550 User unknown: verdicts@verdicts.test",
        "550 5.1.2 Domain verdicts.test does not exist",
    ],
)
@pytest.mark.parametrize("status", ["5.1.1", "5.0.0", "5.1.2"])
def test_a_report_that_the_sender_is_invalid_ends_no_subscription(status: str, reply: str) -> None:
    assert kind_of(delivery_report(status, diagnostic=f"smtp; {reply}", original=our_letter())) is None


def test_a_report_that_names_the_visible_senders_domain_ends_no_subscription_wherever_it_goes() -> None:
    diagnostic = "smtp; 550 5.1.2 Domain verdicts.test does not exist"
    to = f"bounce+{bounce_token(3, 1)}@bounces.example"
    assert kind_of(delivery_report("5.1.2", diagnostic=diagnostic, to=to)) is None


@pytest.mark.parametrize(
    "reply", ["550 5.1.1 Invalid sender", "550 5.1.1 sender verify failed", "550 5.1.2 Your domain does not exist"]
)
def test_a_notice_that_the_sender_is_invalid_ends_no_subscription(reply: str) -> None:
    assert [kind_of(notice(reply)) for notice in (qmail_notice, exim_notice)] == [None, None]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("550 5.1.1 rejected", "bounce"),
        ("550 5.4.1 Recipient address rejected: Access denied", "bounce"),
        ("550 No such user", "bounce"),
        ("550 5.1.1 Invalid sender", None),
        ("550 5.2.2 full", None),
        ("550 5.7.1 spam", None),
        ("blocked", None),
    ],
)
@pytest.mark.parametrize("status", ["5.0.0", "5.7.0", "5.7.1", "5.3.0", "5.1.1"])
def test_a_report_about_a_barracuda_gateway_is_judged_by_what_the_server_behind_it_said(
    status: str, said: str, kind: str | None
) -> None:
    diagnostic = f"smtp; 550 permanent failure for one or more recipients\n (ann@example.org:{said})"
    assert kind_of(delivery_report(status, diagnostic=diagnostic, original=our_letter())) == kind


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_a_report_of_anything_but_a_failure_means_nothing(action: str) -> None:
    assert kind_of(delivery_report(action=action, original=our_letter())) is None


@pytest.mark.parametrize("action", ["", "fehlgeschlagen", "error"])
def test_a_report_that_does_not_say_what_happened_is_not_understood(action: str) -> None:
    assert kind_of(delivery_report(action=action, original=our_letter())) == "?"


@pytest.mark.parametrize("action", ["Failed", "FAILED (bad mailbox)", "failed; permanent"])
def test_a_failure_is_known_however_its_action_is_written(action: str) -> None:
    assert kind_of(delivery_report(action=action, original=our_letter())) == "bounce"


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("report_type", ["; report-type=global-delivery-status", "; report-type=delivery-status", ""])
def test_a_report_with_addresses_of_any_script_is_read_however_it_is_encoded(encoding: str, report_type: str) -> None:
    raw = global_delivery_report(encoding, report_type, our_letter())
    assert parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


def test_a_report_is_known_by_its_parts_where_its_type_is_missing() -> None:
    for raw in (delivery_report(original=our_letter()), complaint(original=our_letter())):
        for type_ in (b" report-type=delivery-status;", b" report-type=feedback-report;"):
            raw = raw.replace(type_, b"")
        assert b"report-type" not in raw
        assert parse_message(raw) is not None
        assert parse_message(raw.replace(b"multipart/report", b"multipart/mixed")) is not None


def test_a_report_that_somebody_forwards_is_no_report_to_us() -> None:
    head = b"From: ann@example.org\nSubject: Look\nContent-Type: multipart/mixed; boundary=b0\n\n--b0\n"
    inner = b"Content-Type: message/rfc822\n\n" + delivery_report(original=our_letter()) + b"\n--b0--\n"
    assert kind_of(head + inner) == "?"


def test_a_line_that_begins_with_from_breaks_no_report() -> None:
    lines = "\nFrom the desk of the panel\n\nFrom us Mon Nov 23 08:00:00 2026\n"
    for raw in (delivery_report(original=our_letter()), qmail_notice(), exim_notice()):
        for changed in (
            raw.replace(b"\nNews.\n", lines.encode()),
            b"From <> Mon Nov 23 08:00:00 2026\n" + raw,
            b">" + raw,
        ):
            assert kind_of(changed) == "bounce", changed


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up.", "bounce"),
        ("Sorry, no mailbox here by that name. (#5.1.1)", "bounce"),
        ("Sorry, I couldn't find any host named example.test. (#5.1.2)", "bounce"),
        ("Remote host said: 550 Requested action not taken: mailbox unavailable", "bounce"),
        ("Remote host said: 552 5.2.2 Mailbox full", None),
        ("Remote host said: 550 5.7.1 Blocked", None),
        ("Remote host said: 554 Transaction failed", "?"),
    ],
)
def test_the_notices_of_qmail_and_exim_are_judged_by_what_the_server_said(reply: str, kind: str | None) -> None:
    assert [kind_of(notice(reply)) for notice in (qmail_notice, exim_notice)] == [kind, kind]


def test_a_notice_of_delay_means_nothing() -> None:
    delay = exim_notice().replace(b"could not be delivered to one or more of its", b"has not yet been delivered to its")
    assert kind_of(delay.replace(b"This is a permanent error. ", b"")) is None


def test_a_notice_without_our_letter_is_not_understood() -> None:
    assert kind_of(qmail_notice().partition(b"--- Below")[0]) == "?"


@pytest.mark.parametrize(
    ("feedback_type", "kind"),
    [
        ("abuse", "complaint"),
        ("Fraud", "complaint"),
        ("virus", "complaint"),
        ("other", "complaint"),
        ("abuse (a comment)", "complaint"),
        ("opt-out", "leave"),
        ("not-spam", None),
        ("auth-failure", None),
        ("something-new", "?"),
        ("", "?"),
    ],
)
def test_feedback_is_judged_by_its_type(feedback_type: str, kind: str | None) -> None:
    assert kind_of(complaint(original=our_letter(), feedback_type=feedback_type)) == kind


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_complaint_is_known_by_the_letter_it_is_about(headers_only: bool) -> None:
    raw = complaint(original=our_letter(), headers_only=headers_only)
    assert parse_message(raw) == BounceReport(ReportKind.COMPLAINT, OURS)


def test_a_complaint_is_known_by_the_leave_link_where_a_provider_dropped_our_header() -> None:
    letter = our_letter()
    del letter["X-Verdicts-Delivery"]
    assert parse_message(complaint(original=letter)) == BounceReport(ReportKind.COMPLAINT, TokenContent(1, 1), True)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(lambda token: letter_to(f"leave+{token}@bounces.verdicts.test"), id="address"),
        pytest.param(lambda token: letter_to("verdicts@verdicts.test", f"leave {token}"), id="subject"),
        pytest.param(lambda token: letter_to("verdicts@verdicts.test", f"LEAVE {token.upper()}"), id="capitals"),
        pytest.param(lambda token: letter_to("x@y.test", Delivered_To=f"leave+{token}@b.test"), id="Delivered-To"),
    ],
)
def test_a_letter_asks_to_leave_by_its_address_or_subject(raw: object) -> None:
    assert callable(raw)
    assert parse_message(raw(leave_token(1, 1))) == BounceReport(ReportKind.LEAVE, TokenContent(1, 1), True)


def test_who_answers_a_letter_and_quotes_it_does_not_leave() -> None:
    quoted = our_letter().get_content()
    assert kind_of(letter_to("verdicts@verdicts.test", "Re: Week 47", f"Great issue!\n> {quoted}")) == "?"


def test_an_answer_from_someone_on_holiday_means_nothing() -> None:
    to = f"bounce+{bounce_token(3, 1)}@bounces.verdicts.test"
    assert kind_of(letter_to(to, "Away", "Back on Monday.", Auto_Submitted="auto-replied")) is None


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@mx.example.org", "Mail System <Postmaster@mx.example.org>"])
def test_a_mail_servers_notice_in_words_of_its_own_is_not_understood(sender: str) -> None:
    to = f"bounce+{bounce_token(3, 1)}@bounces.verdicts.test"
    words = "Ihre Nachricht konnte nicht zugestellt werden: 550 Empfänger unbekannt."
    notice = letter_to(to, "Unzustellbar", words, Auto_Submitted="auto-replied").replace(
        b"ann@example.org", sender.encode()
    )
    assert kind_of(notice) == "?"


@pytest.mark.parametrize(
    "raw",
    [
        lambda: delivery_report(to=f"bounce+{FORGED}@bounces.verdicts.test"),
        lambda: delivery_report(to="ann@example.org"),
        lambda: delivery_report(to=f"bounce+{leave_token(1, 1)}@bounces.verdicts.test"),
        lambda: delivery_report(to=f"bounce+{preferences_token(1, 3)}@bounces.verdicts.test"),
        lambda: complaint(),
        lambda: letter_to(f"leave+{FORGED}@bounces.verdicts.test", "unsubscribe ann@example.org"),
        lambda: letter_to(f"leave+{preferences_token(1, 1)}@bounces.verdicts.test"),
    ],
)
def test_without_a_genuine_token_nothing_follows_whoever_is_named(raw: object) -> None:
    assert callable(raw)
    assert kind_of(raw()) == "?"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_whatever_lies_in_a_mailbox_does_not_break_the_reader(raw: bytes) -> None:
    assert kind_of(raw) in {None, "?"}
    kind_of(delivery_report().replace(b"Status", raw))
    kind_of(complaint(original=our_letter()).replace(b"multipart", raw[:20]))
    kind_of(global_delivery_report("base64", "", our_letter()).replace(b"global-delivery", raw))


def test_a_huge_message_is_looked_at_in_its_first_part_only() -> None:
    raw = delivery_report(original=our_letter())
    head, rest = raw.split(b"--b1\n", 1)
    assert kind_of(head + b"--b1\n\n" + b"x" * 1024 * 1024 + b"\n--b1\n" + rest) == "?"


def act(report: BounceReport) -> bool:
    begin_write()
    acted = bounces.apply(report, NOW)
    db.session.commit()
    return acted


@pytest.mark.parametrize(
    ("kind", "status"),
    [(ReportKind.COMPLAINT, "complained"), (ReportKind.LEAVE, "left")],
)
def test_a_report_ends_the_subscription_it_is_about_and_no_other(kind: ReportKind, status: str) -> None:
    make_subscriber()
    make_subscriber("ben@example.org")
    assert [act(BounceReport(kind, OURS)), act(BounceReport(kind, OURS))] == [True, False]
    assert statuses() == [status, "confirmed"]


def test_a_leave_token_of_an_earlier_generation_ends_nothing() -> None:
    make_subscriber(generation=2)
    assert not act(BounceReport(ReportKind.LEAVE, TokenContent(1, 1), is_leave_token=True))
    assert act(BounceReport(ReportKind.LEAVE, TokenContent(1, 2), is_leave_token=True))
    assert not act(BounceReport(ReportKind.LEAVE, TokenContent(99, 1), is_leave_token=True))


@pytest.mark.parametrize(
    "nested", [b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"]
)
def test_a_message_nested_to_break_readers_is_no_report(nested: bytes) -> None:
    assert kind_of(nested * 5000) == "?"


def test_a_letter_that_asks_to_leave_is_known_however_its_subject_is_encoded() -> None:
    subject = b64encode(f"leave {leave_token(1, 1)}".encode()).decode()
    raw = f"From: ann@example.org\r\nSubject: =?utf-8?b?{subject}?=\r\n\r\n\r\n".encode()
    assert kind_of(raw) == "leave"
