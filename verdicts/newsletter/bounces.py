"""Bounces, complaints and requests to leave: what follows for the subscription that one of them is about.

The subscriber is identified by our own tokens only, never by an address.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verdicts.newsletter import leaving, queries
from verdicts.newsletter.models import Status
from verdicts.newsletter.tokens import Purpose, TokenContent, find_tokens


class ReportKind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    LEAVE = "leave"


_REASONS = {ReportKind.COMPLAINT: Status.COMPLAINED, ReportKind.LEAVE: Status.LEFT}


@dataclass(frozen=True)
class BounceReport:
    """What happened to a letter, and the token that identifies its subscriber."""

    kind: ReportKind
    token: TokenContent
    is_leave_token: bool = False


def apply(report: BounceReport, now: datetime) -> bool:
    """End the subscription whose reader complains or leaves; return whether it was active.

    Bounces go through digest.reports. The caller has called begin_write(), and commits.
    """
    id = report.token.subscriber_id
    if report.is_leave_token:
        subscription = queries.find(id)
        if subscription is None or subscription.generation != report.token.number:
            return False
    return leaving.end(id, _REASONS[report.kind], now)


def find_report(kind: ReportKind, text: str) -> BounceReport | None:
    """Return the report on the letter whose token is in a text; None without a genuine token.

    Letters also contain a leave token, which is enough for complaints; bounces need the bounce token.
    """
    if token := next(find_tokens(Purpose.BOUNCE, text), None):
        return BounceReport(kind, token)
    return find_leave_report(kind, text) if kind is not ReportKind.BOUNCE else None


def find_leave_report(kind: ReportKind, text: str) -> BounceReport | None:
    """Return the report on the subscription whose leave token is in a text; None without a genuine one."""
    token = next(find_tokens(Purpose.LEAVE, text), None)
    return BounceReport(kind, token, is_leave_token=True) if token else None
