"""Events that mail providers post: Amazon SES, Mailgun, Postmark, SendGrid, or a plain format of our own."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress

from verdicts.newsletter.bounces import BounceReport, ReportKind, find_report, find_status, is_permanent

# The fields in which providers state an event's kind.
_KIND_FIELDS = ("kind", "event", "eventType", "notificationType", "RecordType", "Type", "type")
_COMPLAINTS = {"complaint", "complained", "spamcomplaint", "spamreport", "spamnotification"}
_LEAVE_REQUESTS = {"leave", "unsubscribe", "unsubscribed", "group_unsubscribe"}
_PERMANENT = {"hardbounce", "hard_bounce", "bademailaddress", "permanent"}
_BOUNCES = {"bounce", "bounced", "failed", *_PERMANENT}
_TEMPORARY = {"blocked", "temporary", "transient", "softbounce", "soft_bounce"}


def parse_events(payload: object) -> Iterator[BounceReport]:
    """Yield the reports in a provider's JSON. Events of other kinds and without a genuine token are skipped."""
    for event in _events(payload):
        kind = _find_kind(event)
        report = find_report(kind, json.dumps(event, ensure_ascii=False)) if kind else None
        if report:
            yield report


def find_sns_confirmation_url(payload: object) -> str | None:
    """Return the URL that an operator must open before Amazon SNS posts events. We never open it ourselves."""
    if isinstance(payload, dict) and payload.get("Type") == "SubscriptionConfirmation":
        return str(payload.get("SubscribeURL", ""))[:2000]
    return None


def _events(payload: object) -> Iterator[Mapping[str, object]]:
    for event in payload if isinstance(payload, list) else [payload]:
        if not isinstance(event, dict):
            continue
        if isinstance(event.get("Message"), str) and event.get("Type") == "Notification":
            with suppress(ValueError):  # it is not JSON
                yield from _events(json.loads(event["Message"]))
        elif isinstance(event.get("event-data"), dict):
            yield event["event-data"]
        else:
            yield event


def _find_kind(event: Mapping[str, object]) -> ReportKind | None:
    names = {str(event[name]).lower() for name in _KIND_FIELDS if isinstance(event.get(name), str)}
    if names & _COMPLAINTS:
        return ReportKind.COMPLAINT
    if names & _LEAVE_REQUESTS:
        return ReportKind.LEAVE
    return ReportKind.BOUNCE if names & _BOUNCES and _is_permanent(event, names) else None


def _is_permanent(event: Mapping[str, object], names: set[str]) -> bool:
    """Return whether there is no such mailbox: by the status code if there is one, else by the provider's word."""
    words = names | {word.lower() for word in _strings_in(event)}
    if words & _TEMPORARY:
        return False
    status = next(filter(None, map(find_status, _strings_in(event))), None)
    return is_permanent(status) if status else bool(words & _PERMANENT)


def _strings_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _strings_in(each)
