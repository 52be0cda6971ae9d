"""What an import did, or would do."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from verdicts.curation.editing.changes import RecordChange
from verdicts.curation.transfer.entries import ImportEntry


@dataclass(frozen=True)
class Count:
    created: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class ImportReport:
    """How many records of each kind were created and changed, each of them in words, and their differences."""

    counts: dict[str, Count]
    changes: tuple[str, ...]
    differences: tuple[RecordChange, ...]

    @property
    def figures(self) -> dict[str, tuple[None, str]]:
        """How many records were created and changed, for the activity log: only kinds of which any were."""
        touched = {kind: each for kind, each in self.counts.items() if each.created or each.changed}
        return {kind: (None, f"{each.created:,} new, {each.changed:,} changed") for kind, each in touched.items()}

    @property
    def fingerprint(self) -> str:
        """A hash of all that the report says, so that two reports can be compared."""
        lines = [*(f"{kind} {count}" for kind, count in self.counts.items()), *self.changes]
        return sha256("\n".join(lines).encode()).hexdigest()

    @property
    def changed_anything(self) -> bool:
        return bool(self.changes)


def make_report(entries: dict[str, list[ImportEntry]], differences: Iterable[RecordChange]) -> ImportReport:
    """Return a report of the entries of each kind."""
    changed = [entry for each in entries.values() for entry in each if entry.has_changed]
    changes = [f"new {each.name}" if each.is_new else f"{each.name}: {', '.join(each.changes)}" for each in changed]
    return ImportReport({kind: _count(each) for kind, each in entries.items()}, tuple(changes), tuple(differences))


def _count(entries: list[ImportEntry]) -> Count:
    created = sum(entry.is_new for entry in entries)
    changed = sum(entry.has_changed and not entry.is_new for entry in entries)
    return Count(created, changed, len(entries) - created - changed)
