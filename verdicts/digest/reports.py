"""What reports about emails do: returned mail, complaints and providers' events."""

from datetime import datetime

from verdicts.digest import brake
from verdicts.newsletter import bounces
from verdicts.newsletter.bounces import BounceReport, ReportKind
from verdicts.newsletter.hard_bounces import Effect


def apply(report: BounceReport, now: datetime) -> Effect:
    """Do what a report asks for; return the effect. The caller has called begin_write(), and commits."""
    if report.kind is ReportKind.BOUNCE:
        return brake.record_hard_bounce(report.token.subscriber_id, report.token.number, now)
    return Effect.ENDED if bounces.apply(report, now) else Effect.NONE
