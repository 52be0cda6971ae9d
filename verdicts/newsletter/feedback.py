"""The types of readers' feedback (RFC 5965, 6430 and 6591), which providers' events use, too."""

import re

from verdicts.newsletter.bounces import ReportKind

_COMPLAINTS = {"abuse", "fraud", "virus", "other"}
_LEAVE_REQUESTS = {"opt-out", "opt-out-list"}
_NOTHING = {"not-spam", "auth-failure", "miscategorized"}
_FIRST_WORD = re.compile(r"[\s\"']*([\w-]*)")


def find_feedback_kind(feedback_type: str) -> ReportKind | None:
    """Return what feedback of a type asks for; None where it asks for nothing. Raises LookupError for other types."""
    match = _FIRST_WORD.match(feedback_type)
    word = match[1].lower().replace("_", "-") if match else ""
    if word in _COMPLAINTS:
        return ReportKind.COMPLAINT
    if word in _LEAVE_REQUESTS:
        return ReportKind.LEAVE
    if word in _NOTHING:
        return None
    raise LookupError(f"{word[:40]!r} is no type of feedback")
