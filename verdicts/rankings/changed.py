"""Which tools' verdicts changed most often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from verdicts.catalog.kinds import Verdict

WINDOW = timedelta(days=365)
SHOWN = 4  # of the changes of one tool


@dataclass(frozen=True)
class StoredRevision:
    """An earlier state of a review, and the verdict that the review has now."""

    tool_id: int
    review_id: int
    reviewer_id: int
    until: date
    verdict: Verdict
    wording_only: bool
    verdict_now: Verdict


@dataclass(frozen=True)
class Change:
    """From one verdict to the other, on a day."""

    on: date
    reviewer_id: int
    before: Verdict
    after: Verdict


def list_changes(newest_first: Iterable[StoredRevision]) -> dict[int, list[Change]]:
    """Return the changes of each tool that has any, newest first; the tool with most of them first.

    Of equally many, the newest change comes first. A correction of wording is none.
    """
    after: dict[int, Verdict] = {}
    changes: dict[int, list[Change]] = {}
    for each in newest_first:
        if each.wording_only:
            continue
        verdict = after.get(each.review_id, each.verdict_now)
        after[each.review_id] = each.verdict
        if verdict is not each.verdict:
            change = Change(each.until, each.reviewer_id, each.verdict, verdict)
            changes.setdefault(each.tool_id, []).append(change)
    return dict(sorted(changes.items(), key=lambda each: -len(each[1])))
