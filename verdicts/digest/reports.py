"""What reports about emails do: returned mail, complaints, providers' events, and refusals of single letters."""

from collections.abc import Mapping
from datetime import datetime

from verdicts.digest import brake
from verdicts.newsletter import bounces
from verdicts.newsletter.bounces import BounceReport, ReportKind
from verdicts.newsletter.hard_bounces import Effect
from verdicts.newsletter.headers import DELIVERY_HEADER


def apply(report: BounceReport, now: datetime) -> Effect:
    """Do what a report asks for; return the effect. The caller has called begin_write(), and commits."""
    if report.kind is ReportKind.BOUNCE:
        return brake.record_hard_bounce(report.token.subscriber_id, report.token.number, now)
    return Effect.ENDED if bounces.apply(report, now) else Effect.NONE


def record_missing_mailbox(headers: Mapping[str, str], now: datetime) -> None:
    """Record that the recipient of a single letter does not exist; do nothing if it is not about a subscription."""
    if report := bounces.find_report(ReportKind.BOUNCE, headers.get(DELIVERY_HEADER, "")):
        apply(report, now)
