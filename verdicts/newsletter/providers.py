"""What mail providers post: Amazon SES, Mailgun, Postmark, SendGrid, or the same facts in plainer words."""

import json
from collections.abc import Iterator, Mapping

from verdicts.newsletter.reports import Report, ReportKind, report_from
from verdicts.newsletter.returned import is_final, status_in

# Where each of them says what an event is.
_NAMES = ("kind", "event", "eventType", "notificationType", "RecordType", "Type", "type")
_COMPLAINTS = {"complaint", "complained", "spamcomplaint", "spamreport", "spamnotification"}
_LEAVINGS = {"leave", "unsubscribe", "unsubscribed", "group_unsubscribe"}
_FINAL = {"hardbounce", "hard_bounce", "bademailaddress", "permanent"}
_BOUNCES = {"bounce", "bounced", "failed", *_FINAL}
_NOT_FINAL = {"blocked", "temporary", "transient", "softbounce", "soft_bounce"}


def read(payload: object) -> Iterator[Report]:
    """Yield the reports in a provider's JSON; events of other kinds, and those with no genuine token, yield nothing."""
    for event in _events(payload):
        kind = _kind_of(event)
        report = report_from(kind, json.dumps(event, ensure_ascii=False)) if kind else None
        if report:
            yield report


def subscribe_url(payload: object) -> str | None:
    """Return the address that Amazon SNS asks to be opened before it posts anything else; we never open one."""
    if isinstance(payload, dict) and payload.get("Type") == "SubscriptionConfirmation":
        return str(payload.get("SubscribeURL", ""))[:2000]
    return None


def _events(payload: object) -> Iterator[Mapping[str, object]]:
    for event in payload if isinstance(payload, list) else [payload]:
        if not isinstance(event, dict):
            continue
        if isinstance(event.get("Message"), str) and event.get("Type") == "Notification":
            yield from _events(_parsed(event["Message"]))
        elif isinstance(event.get("event-data"), dict):
            yield event["event-data"]
        else:
            yield event


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _kind_of(event: Mapping[str, object]) -> ReportKind | None:
    names = {str(event[name]).lower() for name in _NAMES if isinstance(event.get(name), str)}
    if names & _COMPLAINTS:
        return ReportKind.COMPLAINT
    if names & _LEAVINGS:
        return ReportKind.LEAVE
    return ReportKind.BOUNCE if names & _BOUNCES and _is_final(event, names) else None


def _is_final(event: Mapping[str, object], names: set[str]) -> bool:
    """Say whether there is no such mailbox: by the status code if one is stated, else by the provider's own word."""
    words = names | {word.lower() for word in _words_in(event)}
    if words & _NOT_FINAL:
        return False
    status = next(filter(None, map(status_in, _words_in(event))), None)
    return is_final(status) if status else bool(words & _FINAL)


def _words_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _words_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _words_in(each)
