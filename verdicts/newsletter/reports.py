"""Reports: bounces, complaints, and letters that ask to leave. Whose they are is known by our own token alone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from verdicts.newsletter import leaving, queries
from verdicts.newsletter.tokens import Purpose, TokenContent, tokens_in


class ReportKind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    LEAVE = "leave"


@dataclass(frozen=True)
class Report:
    """What happened to a letter, and whose letter it was."""

    kind: ReportKind
    token: TokenContent
    is_leave_token: bool = False


def act_on(report: Report, now: datetime) -> bool:
    """End the subscription that a report is about; say whether it was still under way.

    The caller has called begin_write(), and commits.
    """
    id = report.token.subscriber_id
    if report.is_leave_token:
        found = queries.find(id)
        if found is None or found.generation != report.token.number:
            return False
    end = {
        ReportKind.BOUNCE: leaving.bounced,
        ReportKind.COMPLAINT: leaving.complained,
        ReportKind.LEAVE: leaving.leave,
    }[report.kind]
    return end(id, now)


def report_from(kind: ReportKind, text: str) -> Report | None:
    """Return the report of this kind on the letter whose token stands in a text; None without a genuine one.

    A letter holds its leave token too, which is enough to know who complained; bounces go by their own token.
    """
    if token := next(tokens_in(Purpose.BOUNCE, text), None):
        return Report(kind, token)
    token = next(tokens_in(Purpose.LEAVE, text), None) if kind is not ReportKind.BOUNCE else None
    return Report(kind, token, is_leave_token=True) if token else None
