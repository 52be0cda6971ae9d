"""Events of mail providers, each in the form that its documentation shows, with our token."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps import new_app
from tests.conftest import ON_ONE_DATABASE
from verdicts.newsletter import webhooks
from verdicts.newsletter.headers import delivery_headers
from verdicts.newsletter.tokens import TOKEN_LENGTH, TokenContent, bounce_token, leave_token

pytestmark = [ON_ONE_DATABASE, pytest.mark.usefixtures("app")]


def token() -> str:
    return bounce_token(3, 1)


def ses(kind: str, details: dict[str, Any], key: str = "notificationType") -> dict[str, Any]:
    headers = [{"name": "Subject", "value": "Week 47"}, {"name": "X-Verdicts-Delivery", "value": token()}]
    event = {key: kind, kind.lower(): details, "mail": {"source": "verdicts@verdicts.test", "headers": headers}}
    return {"Type": "Notification", "MessageId": "1", "TopicArn": "arn", "Message": json.dumps(event)}


def ses_bounce(kind: str, status: str) -> dict[str, Any]:
    recipient = {"emailAddress": "ann@example.org", "action": "failed", "status": status}
    return {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": [recipient]}


def mailgun(event: str, **more: Any) -> dict[str, Any]:
    data = {"event": event, "recipient": "ann@example.org", "user-variables": {"delivery": token()}} | more
    return {"signature": {"token": "x", "timestamp": "1", "signature": "y"}, "event-data": data}


def postmark(record: str, **more: Any) -> dict[str, Any]:
    return {"RecordType": record, "Email": "ann@example.org", "Metadata": {"delivery": token()}} | more


def sendgrid(event: str, **more: Any) -> dict[str, Any]:
    return {"event": event, "email": "ann@example.org", "timestamp": 1, "delivery": token()} | more


GONE = {"code": 550, "message": "5.1.1 The email account does not exist", "enhanced-code": "5.1.1"}
WRAPPED = "550 permanent failure for one or more recipients (ann@example.org:550 5.1.1 rejected)"
SPAM = {"code": 550, "message": "5.7.1 Message refused as spam", "enhanced-code": "5.7.1"}
NO_ACCESS = {"code": 550, "message": "5.4.1 Recipient address rejected: Access denied", "enhanced-code": "5.4.1"}
FEEDBACK = {
    **dict.fromkeys(("abuse", "fraud", "virus", "other", "Abuse"), "complaint"),
    **dict.fromkeys(("not-spam", "auth-failure"), None),
    "opt-out": "leave",
}


def feedback(type_: str) -> Callable[[], dict[str, str]]:
    return lambda: {"kind": "complaint", "feedback_type": type_, "token": token()}


EVENTS = [
    ("bounce", lambda: ses("Bounce", ses_bounce("Permanent", "5.1.1"))),
    ("bounce", lambda: ses("Bounce", ses_bounce("Permanent", "5.1.1"), "eventType")),
    ("bounce", lambda: ses("Bounce", {"bounceType": "Permanent", "bouncedRecipients": []})),
    (None, lambda: ses("Bounce", ses_bounce("Transient", "4.4.7"))),
    (None, lambda: ses("Bounce", ses_bounce("Permanent", "5.7.1"))),
    ("complaint", lambda: ses("Complaint", {"complaintFeedbackType": "abuse"})),
    ("complaint", lambda: ses("Complaint", {"complaintFeedbackType": "other"})),
    ("complaint", lambda: ses("Complaint", {"complaintFeedbackType": None})),
    ("complaint", lambda: ses("Complaint", {"complaintFeedbackType": "virus"}, "eventType")),
    (None, lambda: ses("Complaint", {"complaintFeedbackType": "not-spam"})),
    (None, lambda: ses("Complaint", {"complaintFeedbackType": "auth-failure"}, "eventType")),
    ("leave", lambda: ses("Complaint", {"complaintFeedbackType": "opt-out"})),
    ("leave", lambda: ses("Subscription", {"newTopicPreferences": {"unsubscribeAll": True}}, "eventType")),
    (None, lambda: ses("Subscription", {"newTopicPreferences": {"unsubscribeAll": False}}, "eventType")),
    ("bounce", lambda: ses("Bounce", ses_bounce("Permanent", "5.0.0"))),
    (None, lambda: ses("Bounce", ses_bounce("Undetermined", "5.0.0"))),
    (None, lambda: ses("Delivery", {})),
    ("bounce", lambda: mailgun("failed", severity="permanent", **{"delivery-status": GONE})),
    (None, lambda: mailgun("failed", severity="permanent", **{"delivery-status": SPAM})),
    (None, lambda: mailgun("failed", severity="temporary", **{"delivery-status": {"code": 450}})),
    ("bounce", lambda: mailgun("failed", severity="permanent", **{"delivery-status": NO_ACCESS})),
    ("bounce", lambda: mailgun("failed", severity="permanent", reason="suppress-bounce")),
    ("complaint", lambda: mailgun("failed", severity="permanent", reason="suppress-complaint")),
    ("leave", lambda: mailgun("failed", severity="permanent", reason="suppress-unsubscribe")),
    (None, lambda: mailgun("complained", **{"feedback-type": "not-spam"})),
    ("complaint", lambda: mailgun("complained")),
    ("leave", lambda: mailgun("unsubscribed")),
    (None, lambda: mailgun("opened")),
    ("bounce", lambda: postmark("Bounce", Type="HardBounce", TypeCode=1, Description="Unknown user")),
    (None, lambda: postmark("Bounce", Type="SoftBounce", TypeCode=4096)),
    (None, lambda: postmark("Bounce", Type="Transient", TypeCode=2)),
    ("complaint", lambda: postmark("SpamComplaint", Type="SpamComplaint", TypeCode=512)),
    (None, lambda: postmark("Bounce", Type="SpamNotification", TypeCode=512)),
    (None, lambda: postmark("Bounce", Type="VirusNotification", TypeCode=8192)),
    (None, lambda: postmark("Bounce", Type="AutoResponder", TypeCode=64)),
    ("leave", lambda: postmark("Bounce", Type="Unsubscribe", TypeCode=16)),
    ("complaint", lambda: postmark("Bounce", Type="SpamComplaint", TypeCode=100001)),
    ("bounce", lambda: postmark("Bounce", Type="BadEmailAddress", TypeCode=100000)),
    ("bounce", lambda: postmark("Bounce", Type="HardBounce", Details="smtp;550 5.5.0 mailbox unavailable")),
    (None, lambda: postmark("Bounce", Type="HardBounce", Details="smtp;550 5.7.1 Blocked", Subject="GPT 5.1.1")),
    ("complaint", lambda: postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="SpamComplaint")),
    ("bounce", lambda: postmark("SubscriptionChange", SuppressSending=True, SuppressionReason="HardBounce")),
    ("leave", lambda: postmark("SubscriptionChange", SuppressSending=True, Origin="Recipient")),
    (None, lambda: postmark("SubscriptionChange", SuppressSending=False, Origin="Recipient")),
    (None, lambda: postmark("Delivery")),
    ("bounce", lambda: sendgrid("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 No such user")),
    (None, lambda: sendgrid("bounce", type="blocked", status="5.7.1", reason="550 5.7.1 Blocked")),
    (None, lambda: sendgrid("bounce", type="bounce", status="5.7.1", reason="550 5.7.1 Refused")),
    (None, lambda: sendgrid("deferred", response="450")),
    ("complaint", lambda: sendgrid("spamreport")),
    ("bounce", lambda: sendgrid("bounce", type="bounce", status="5.0.0", reason="550 No such user")),
    ("bounce", lambda: sendgrid("bounce", type="bounce", status="5.0.0", bounce_classification="Invalid Address")),
    ("complaint", lambda: sendgrid("dropped", reason="Spam Reporting Address")),
    ("bounce", lambda: sendgrid("dropped", reason="Bounced Address")),
    ("leave", lambda: sendgrid("dropped", reason="Unsubscribed Address")),
    (None, lambda: sendgrid("dropped", reason="Spam Content")),
    (None, lambda: sendgrid("group_resubscribe")),
    ("leave", lambda: sendgrid("group_unsubscribe")),
    ("leave", lambda: sendgrid("unsubscribe")),
    ("bounce", lambda: {"kind": "bounce", "status": "5.1.1", "token": token()}),
    (None, lambda: sendgrid("bounce", type="bounce", status="5.1.1", reason="550 5.1.1 Invalid sender")),
    (None, lambda: postmark("Bounce", Type="HardBounce", Details="smtp;550 5.1.2 Domain verdicts.test not found")),
    ("bounce", lambda: sendgrid("bounce", status="5.0.0", reason=WRAPPED)),
    ("complaint", lambda: {"kind": "complaint", "token": token()}),
    *((kind, feedback(type_)) for type_, kind in FEEDBACK.items()),
    ("leave", lambda: {"kind": "leave", "token": leave_token(1, 1)}),
]


def kinds_in(payload: object) -> list[str]:
    return [str(report.kind) for report in webhooks.parse_events(payload).reports]


@pytest.mark.parametrize(("kind", "event"), EVENTS)
def test_an_event_means_what_its_provider_means_by_it(kind: str | None, event: Any) -> None:
    assert kinds_in(event()) == ([kind] if kind else [])


def test_a_batch_is_read_whole_and_what_is_not_understood_is_counted() -> None:
    batch = [sendgrid("spamreport"), sendgrid("open"), "nonsense", sendgrid("unsubscribe"), None]
    assert kinds_in(batch) == ["complaint", "leave"]
    assert webhooks.parse_events(batch).not_understood == ("nonsense", None)


@pytest.mark.parametrize(
    "event",
    [
        lambda: sendgrid("something-new"),
        lambda: sendgrid("bounce", type="bounce", status="5.0.0", reason="554 Transaction failed"),
        lambda: feedback("something-new")(),
        lambda: {"event": "spamreport", "email": "ann@example.org"},
        lambda: {"Type": "Notification", "Message": "no JSON"},
        dict,
    ],
)
def test_what_is_not_understood_ends_nothing_and_is_not_dropped(event: Any) -> None:
    events = webhooks.parse_events(event())
    assert (events.reports, len(events.not_understood)) == ((), 1)


@pytest.mark.parametrize("event", [event for kind, event in EVENTS if kind is None])
def test_what_means_nothing_is_understood(event: Any) -> None:
    assert webhooks.parse_events(event()).not_understood == ()


@pytest.mark.parametrize("event", [event for kind, event in EVENTS if kind])
def test_the_same_event_with_a_forged_token_means_nothing(event: Any) -> None:
    genuine = [token(), leave_token(1, 1)]
    text = json.dumps(event())
    for each in genuine:
        text = text.replace(each, "b" * TOKEN_LENGTH)
    assert kinds_in(json.loads(text)) == []


def test_whose_event_it_is_says_the_token_and_not_the_address_beside_it() -> None:
    event = sendgrid("spamreport", email="ben@example.org")
    assert [report.token for report in webhooks.parse_events(event).reports] == [TokenContent(1, 3)]


def test_the_confirmation_that_amazon_asks_for_is_found_and_never_opened() -> None:
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/confirm?x=1"}
    assert kinds_in(asked) == []
    assert webhooks.find_sns_confirmation_url(asked) == "https://sns.example/confirm?x=1"
    assert webhooks.find_sns_confirmation_url([asked]) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Bounce", "Notification", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Type", "Message", "event", "event-data", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_no_json_breaks_the_reader(payload: object) -> None:
    assert kinds_in(payload) == []


@pytest.mark.parametrize(
    ("server", "event"),
    [
        (
            "smtp.eu.mailgun.org",
            lambda headers: mailgun("complained", **{"user-variables": json.loads(headers["X-Mailgun-Variables"])}),
        ),
        (
            "smtp.postmarkapp.com",
            lambda headers: postmark("SpamComplaint", Metadata={"delivery": headers["X-PM-Metadata-delivery"]}),
        ),
        (
            "smtp.sendgrid.net",
            lambda headers: {"event": "spamreport", **json.loads(headers["X-SMTPAPI"])["unique_args"]},
        ),
    ],
)
def test_letters_ask_their_provider_to_say_which_delivery_an_event_is_about(
    app: Flask, tmp_path: Path, server: str, event: Callable[[dict[str, str]], dict[str, Any]]
) -> None:
    with new_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path, MAIL_SERVER=server):
        headers = delivery_headers(3, 1)
        (report,) = webhooks.parse_events(event(headers)).reports
    assert (report.kind, report.token) == ("complaint", TokenContent(1, 3))


def test_letters_ask_no_other_server_for_anything() -> None:
    assert list(delivery_headers(3, 1)) == ["X-Verdicts-Delivery"]
