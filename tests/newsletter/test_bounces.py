"""Returned mail: our token alone says whose it is, and the report says what it means."""

from base64 import b64encode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ON_ONE_DATABASE
from tests.makers import NOW
from tests.newsletter.bounce_messages import complaint, delivery_report, letter_to, our_letter
from tests.newsletter.world import make_subscriber, statuses
from verdicts.extensions import begin_write, db
from verdicts.newsletter import bounces
from verdicts.newsletter.bounces import BounceReport, ReportKind
from verdicts.newsletter.tokens import TOKEN_LENGTH, TokenContent, bounce_token, leave_token, preferences_token

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]

OURS = TokenContent(1, 3)
FORGED = "a" * TOKEN_LENGTH


def kind_of(raw: bytes) -> str | None:
    report = bounces.parse_message(raw)
    return str(report.kind) if report else None


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_bounce_is_known_by_the_header_of_the_letter_that_it_returns(headers_only: bool) -> None:
    raw = delivery_report(original=our_letter(), headers_only=headers_only)
    assert bounces.parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


def test_a_bounce_is_known_by_the_address_it_goes_to() -> None:
    raw = delivery_report(to=f"bounce+{bounce_token(3, 1)}@bounces.verdicts.test")
    assert bounces.parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


def test_a_bounce_is_known_though_a_server_wrote_the_address_in_capitals() -> None:
    raw = delivery_report(to=f"BOUNCE+{bounce_token(3, 1).upper()}@BOUNCES.VERDICTS.TEST")
    assert bounces.parse_message(raw) == BounceReport(ReportKind.BOUNCE, OURS)


@pytest.mark.parametrize(
    ("status", "diagnostic", "is_final"),
    [
        ("5.1.1", "smtp; 550 5.1.1 No such user", True),
        ("5.1.10", "smtp; 550 5.1.10 RecipientNotFound", True),
        ("5.1.2", "dns; no such domain", True),
        ("5.0.0", "smtp; 550 5.1.1 User unknown", True),
        ("5.0.0", "smtp; 550 User unknown", False),
        ("5.1.8", "smtp; 550 5.1.8 Bad sender", False),
        ("5.2.2", "smtp; 552 5.2.2 Mailbox full", False),
        ("5.7.1", "smtp; 550 5.7.1 Blocked for spam", False),
        ("5.7.515", "smtp; 550 5.7.515 Authenticate", False),
        ("4.1.1", "smtp; 450 4.1.1 Try later", False),
        ("", "", False),
        ("5.1", "", False),
        ("nonsense", "smtp; 550 at 15.1.1.1", False),
    ],
)
def test_only_a_mailbox_that_does_not_exist_ends_a_subscription(status: str, diagnostic: str, is_final: bool) -> None:
    raw = delivery_report(status, diagnostic=diagnostic, original=our_letter())
    assert kind_of(raw) == ("bounce" if is_final else None)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_a_report_of_anything_but_a_failure_means_nothing(action: str) -> None:
    assert kind_of(delivery_report(action=action, original=our_letter())) is None


@pytest.mark.parametrize("headers_only", [False, True])
def test_a_complaint_is_known_by_the_letter_it_is_about(headers_only: bool) -> None:
    raw = complaint(original=our_letter(), headers_only=headers_only)
    assert bounces.parse_message(raw) == BounceReport(ReportKind.COMPLAINT, OURS)


def test_a_complaint_is_known_by_the_leave_link_where_a_provider_dropped_our_header() -> None:
    letter = our_letter()
    del letter["X-Verdicts-Delivery"]
    assert bounces.parse_message(complaint(original=letter)) == BounceReport(
        ReportKind.COMPLAINT, TokenContent(1, 1), True
    )


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
    assert bounces.parse_message(raw(leave_token(1, 1))) == BounceReport(ReportKind.LEAVE, TokenContent(1, 1), True)


def test_who_answers_a_letter_and_quotes_it_does_not_leave() -> None:
    quoted = our_letter().get_content()
    assert kind_of(letter_to("verdicts@verdicts.test", "Re: Week 47", f"Great issue!\n> {quoted}")) is None


def test_an_answer_from_someone_on_holiday_means_nothing() -> None:
    to = f"bounce+{bounce_token(3, 1)}@bounces.verdicts.test"
    assert kind_of(letter_to(to, "Away", "Back on Monday.", Auto_Submitted="auto-replied")) is None


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
    assert bounces.parse_message(raw()) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_whatever_lies_in_a_mailbox_does_not_break_the_reader(raw: bytes) -> None:
    assert bounces.parse_message(raw) is None
    bounces.parse_message(delivery_report().replace(b"Status", raw))
    bounces.parse_message(complaint(original=our_letter()).replace(b"multipart", raw[:20]))


def test_a_huge_message_is_looked_at_in_its_first_part_only() -> None:
    raw = delivery_report(original=our_letter())
    head, rest = raw.split(b"--b1\n", 1)
    assert kind_of(head + b"--b1\n\n" + b"x" * 1024 * 1024 + b"\n--b1\n" + rest) is None


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
    assert bounces.parse_message(nested * 5000) is None


def test_a_letter_that_asks_to_leave_is_known_however_its_subject_is_encoded() -> None:
    subject = b64encode(f"leave {leave_token(1, 1)}".encode()).decode()
    raw = f"From: ann@example.org\r\nSubject: =?utf-8?b?{subject}?=\r\n\r\n\r\n".encode()
    assert kind_of(raw) == "leave"
