"""Which tools' verdicts changed most often."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from verdicts.catalog.kinds import Verdict

WINDOW = timedelta(days=365)


@dataclass(frozen=True)
class StoredRevision:
    """An earlier state of a review, and the verdict that the review has now."""

    tool_id: int
    review_id: int
    until: date
    verdict: Verdict
    wording_only: bool
    verdict_now: Verdict


@dataclass(frozen=True)
class Changes:
    """How often a tool's verdicts changed, and when last: to SHIP and to SKIP."""

    tool_id: int
    to_ship: int
    to_skip: int
    last: date

    @property
    def count(self) -> int:
        return self.to_ship + self.to_skip


def count_changes(newest_first: Iterable[StoredRevision]) -> list[Changes]:
    """Return the changes of each tool that has any, most first. A correction of wording is none."""
    after: dict[int, Verdict] = {}
    changes: dict[int, Changes] = {}
    for each in newest_first:
        if each.wording_only:
            continue
        verdict = after.get(each.review_id, each.verdict_now)
        after[each.review_id] = each.verdict
        if verdict is not each.verdict:
            known = changes.get(each.tool_id, Changes(each.tool_id, 0, 0, each.until))
            to_ship = verdict is Verdict.SHIP
            changes[each.tool_id] = Changes(
                each.tool_id, known.to_ship + to_ship, known.to_skip + (not to_ship), known.last
            )
    return sorted(changes.values(), key=lambda each: -each.count)
