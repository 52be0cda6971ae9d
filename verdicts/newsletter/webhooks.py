"""Events that mail providers post: Amazon SES, Mailgun, Postmark, SendGrid, or a plain format of our own."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from verdicts.mailing.sender_words import names_sender
from verdicts.newsletter.bounces import BounceReport, ReportKind, find_report
from verdicts.newsletter.failures import has_status, is_mailbox_missing
from verdicts.newsletter.feedback import find_feedback_kind
from verdicts.newsletter.headers import sender_address
from verdicts.newsletter.returned_mail import NotUnderstood

Event = Mapping[str, object]

# The fields in which providers state an event's kind, why it happened, and a reply's status code. Names and words are
# compared without case and punctuation: "group_unsubscribe" is "groupunsubscribe".
_KIND_FIELDS = {"kind", "event", "eventtype", "notificationtype", "recordtype", "type"}
_FEEDBACK_FIELDS = {"complaintfeedbacktype", "feedbacktype"}
_STATUS_FIELDS = {"status", "enhancedcode"}
_RECIPIENT_FIELDS = {"recipient", "email", "emailaddress"}
_REASON_FIELDS = {"diagnosticcode", "reason", "response", "details", "message", "description", "bounceclassification"}
_COMPLAINTS = {"complaint", "complained", "spamcomplaint", "spamreport"}
_LEAVE_REQUESTS = {"leave", "unsubscribe", "unsubscribed", "groupunsubscribe"}
_BOUNCES = {"bounce", "bounced", "failed", "hardbounce"}
_CHANGES = {"subscriptionchange", "subscription"}
_NOTHING = {
    *("delivery", "delivered", "send", "processed", "accepted", "stored", "open", "opened", "click", "clicked"),
    *("linkclick", "deferred", "deliverydelay", "reject", "rejected", "renderingfailure", "inbound", "subscribe"),
    *("groupresubscribe", "subscriptionconfirmation", "unsubscribeconfirmation", "amazonsnssubscriptionsucceeded"),
}
# Why a provider did not even try: the address is on its own list.
_LISTED = {
    "bouncedaddress": ReportKind.BOUNCE,
    "suppressbounce": ReportKind.BOUNCE,
    "spamreportingaddress": ReportKind.COMPLAINT,
    "suppresscomplaint": ReportKind.COMPLAINT,
    "unsubscribedaddress": ReportKind.LEAVE,
    "suppressunsubscribe": ReportKind.LEAVE,
    "hardbounce": ReportKind.BOUNCE,
    "spamcomplaint": ReportKind.COMPLAINT,
}
_PERMANENT = {"hardbounce", "bademailaddress", "noemail", "invalidaddress"}
_NO_MATTER_OF_THE_MAILBOX = {
    *("blocked", "temporary", "transient", "softbounce", "undetermined", "autoresponder", "addresschange", "dnserror"),
    *("spamnotification", "virusnotification", "challengeverification", "openrelaytest", "dmarcpolicy", "subscribe"),
    *("templaterenderingfailed", "smtpapierror", "inbounderror", "manuallydeactivated", "unconfirmed"),
}


@dataclass(frozen=True)
class Events:
    """What a provider's JSON reports, and the events that an operator must look at. Others mean nothing to us."""

    reports: tuple[BounceReport, ...]
    not_understood: tuple[object, ...]


def parse_events(payload: object) -> Events:
    """Return the reports in a provider's JSON. Without a genuine token an event is not understood."""
    reports, not_understood = [], []
    for event in _events(payload):
        try:
            report = _parse_event(event)
        except NotUnderstood:
            not_understood.append(event)
        else:
            reports += [report] if report else []
    return Events(tuple(reports), tuple(not_understood))


def find_sns_confirmation_url(payload: object) -> str | None:
    """Return the URL that an operator must open before Amazon SNS posts events. We never open it ourselves."""
    if isinstance(payload, dict) and payload.get("Type") == "SubscriptionConfirmation":
        return str(payload.get("SubscribeURL", ""))[:2000]
    return None


def _events(payload: object) -> Iterator[object]:
    for event in payload if isinstance(payload, list) else [payload]:
        if not isinstance(event, dict):
            yield event
        elif isinstance(event.get("Message"), str) and event.get("Type") == "Notification":
            message: object = event["Message"]
            with suppress(ValueError):  # it is not JSON
                message = json.loads(event["Message"])
            yield from _events(message)
        elif isinstance(event.get("event-data"), dict):
            yield event["event-data"]
        else:
            yield event


def _parse_event(event: object) -> BounceReport | None:
    if not isinstance(event, Mapping):
        raise NotUnderstood("an event that is no object")
    if (kind := _find_kind(event)) is None:
        return None
    if (report := find_report(kind, json.dumps(event, ensure_ascii=False))) is None:
        raise NotUnderstood("an event without a token of ours")
    return report


def _find_kind(event: Event) -> ReportKind | None:
    """Return what an event asks for, None where it asks for nothing. Raises NotUnderstood."""
    names = {_plain(value) for key, value in event.items() if _plain(key) in _KIND_FIELDS and isinstance(value, str)}
    if names & _COMPLAINTS:
        return _find_complaint_kind(event)
    if names & _LEAVE_REQUESTS:
        return ReportKind.LEAVE
    if names & _BOUNCES:
        return _find_bounce_kind(event)
    if "dropped" in names:
        return _find_listed_kind(event)
    if names & _CHANGES:
        return _find_change_kind(event)
    if names & _NOTHING:
        return None
    raise NotUnderstood("an event of an unknown kind")


def _find_complaint_kind(event: Event) -> ReportKind | None:
    """Return what feedback asks for by its type. Most providers pass on complaints only and state no type."""
    types = list(_values_of(event, _FEEDBACK_FIELDS))
    try:
        return find_feedback_kind(types[0]) if types else ReportKind.COMPLAINT
    except LookupError:
        raise NotUnderstood("feedback of an unknown type") from None


def _find_bounce_kind(event: Event) -> ReportKind | None:
    if listed := _find_listed_kind(event):
        return listed
    words = set(map(_plain, _strings_in(event)))
    if words & _NO_MATTER_OF_THE_MAILBOX:
        return None
    texts = [*_values_of(event, _STATUS_FIELDS), *_values_of(event, _REASON_FIELDS)]
    recipient = next(_values_of(event, _RECIPIENT_FIELDS), "")
    if any(names_sender(text, [sender_address()], recipient) for text in texts):
        return None
    is_missing = is_mailbox_missing(*texts)
    if is_missing is None and (words & _PERMANENT or _says_permanent(event, words, texts)):
        is_missing = True
    if is_missing is None:
        raise NotUnderstood("a failure that does not say whether the mailbox exists")
    return ReportKind.BOUNCE if is_missing else None


def _says_permanent(event: Event, words: set[str], texts: list[str]) -> bool:
    """Return whether "permanent" means the mailbox: Amazon's does, Mailgun's only where the server gave no code."""
    bounce_types = map(_plain, _values_of(event, {"bouncetype"}))
    return "permanent" in bounce_types or ("permanent" in words and not has_status(*texts))


def _find_listed_kind(event: Event) -> ReportKind | None:
    reasons = map(_plain, _values_of(event, {"reason", "suppressionreason"}))
    return next((_LISTED[reason] for reason in reasons if reason in _LISTED), None)


def _find_change_kind(event: Event) -> ReportKind | None:
    """Return what a change of Postmark's list asks for, or of Amazon's: their readers may leave there, too."""
    subscription = event.get("subscription")
    if isinstance(subscription, Mapping):
        preferences = subscription.get("newTopicPreferences")
        is_leaving = isinstance(preferences, Mapping) and preferences.get("unsubscribeAll") is True
        return ReportKind.LEAVE if is_leaving else None
    if event.get("SuppressSending") is not True:
        return None
    if listed := _find_listed_kind(event):
        return listed
    return ReportKind.LEAVE if event.get("Origin") == "Recipient" else None


def _values_of(value: object, names: set[str]) -> Iterator[str]:
    """Yield the strings in fields of these names, at any depth."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(each, str) and _plain(str(key)) in names:
                yield each
            else:
                yield from _values_of(each, names)
    elif isinstance(value, list):
        for each in value:
            yield from _values_of(each, names)


def _strings_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _strings_in(each)


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())
