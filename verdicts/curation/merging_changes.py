"""What a merge did to each record by itself, so that the trail can bring back what it wrote over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from verdicts.catalog.models import Tool
from verdicts.comparisons.merging import ComparisonMove, Fate
from verdicts.comparisons.models import Comparison
from verdicts.curation.editing.changes import Change, Parts, changes_of, parts_of, slug_of, whole_parts_of
from verdicts.curation.editing.publication import Publication, standing
from verdicts.curation.transfer import existing


@dataclass(frozen=True)
class Untouched:
    """The records that a merge will touch, as they are before it."""

    keep_id: int
    kept: Parts
    kept_logo: str | None
    gone: tuple[Change, ...]
    comparisons: dict[int, Parts]
    archived: tuple[Change, ...]


def look(keep_id: int, drop_id: int, moves: Sequence[ComparisonMove], now: datetime) -> Untouched:
    """Look at what a merge will touch. A fixed number of statements."""
    tools, compared = existing.tools_anew([keep_id, drop_id]), existing.comparisons_anew([move.id for move in moves])
    stays = {move.id for move in moves if move.fate is not Fate.ARCHIVED}
    return Untouched(
        keep_id=keep_id,
        kept=parts_of(tools[keep_id]),
        kept_logo=tools[keep_id].logo_digest,
        gone=tuple(_gone(tools[drop_id])),
        comparisons={id: parts_of(row) for id, row in compared.items() if id in stays},
        archived=tuple(change for id, row in compared.items() if id not in stays for change in _archived(row, now)),
    )


def changes_since(before: Untouched) -> Iterator[Change]:
    """Yield what a merge has done since: to what went, to comparisons, and last to the tool that stays."""
    yield from before.gone
    yield from before.archived
    for id, row in existing.comparisons_anew(before.comparisons).items():
        yield from changes_of(row, before.comparisons[id])
    kept = existing.tools_anew([before.keep_id])[before.keep_id]
    if kept.logo_digest != before.kept_logo:
        logo = {"logo": (kept.logo_digest or "")[:12]}
        yield Change(kept.id, kept.name, {}, logo, "tool", "changed the logo of")
    yield from changes_of(kept, before.kept)


def _gone(tool: Tool) -> Iterator[Change]:
    for kind, record in whole_parts_of(tool).items():
        if record:
            yield Change(tool.id, tool.slug, record, {}, kind, "merged away")


def _archived(row: Comparison, now: datetime) -> Iterator[Change]:
    state = standing(row.published_at, row.archived_at, now)
    if state is not Publication.ARCHIVED:
        before, after = ({"publication": str(each)} for each in (state, Publication.ARCHIVED))
        yield Change(row.id, slug_of(row), before, after, "comparison", "archived")
