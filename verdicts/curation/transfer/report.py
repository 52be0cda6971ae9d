"""What an import did, or would do."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from verdicts.curation.catalog_file.faults import shown
from verdicts.curation.catalog_file.rows import Entry
from verdicts.curation.editing.changes import Change


@dataclass(frozen=True)
class Count:
    created: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class ImportReport:
    """How many records of each kind were created and changed, each of them in words, and their differences."""

    categories: Count
    reviewers: Count
    tools: Count
    reviews: Count
    comparisons: Count
    changes: tuple[str, ...]
    differences: tuple[Change, ...]

    @property
    def counts(self) -> dict[str, Count]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Count)}

    @property
    def figures(self) -> dict[str, tuple[None, str]]:
        """What was done to each kind of record, as the trail takes it; nothing of those that were left alone."""
        touched = {kind: each for kind, each in self.counts.items() if each.created or each.changed}
        return {kind: (None, f"{each.created:,} new, {each.changed:,} changed") for kind, each in touched.items()}

    @property
    def fingerprint(self) -> str:
        """A hash of all that the report says, so that two can be told apart."""
        told = [*(f"{kind} {count}" for kind, count in self.counts.items()), *self.changes]
        return sha256("\n".join(told).encode()).hexdigest()

    @property
    def changed_anything(self) -> bool:
        return bool(self.changes)


def named(slug: str, told: str) -> str:
    """Return a record's slug as a report names it, and beside it the other one by which the file knows the record."""
    return shown(slug) if slug == told else f"{shown(slug)} (named {shown(told)} in the file)"


def report_on(entries: dict[str, list[Entry]], differences: Iterable[Change]) -> ImportReport:
    """Make a report of the entries of each kind."""
    counts = {kind: _count(found) for kind, found in entries.items()}
    changes = tuple(line for found in entries.values() for line in _lines(found))
    return ImportReport(**counts, changes=changes, differences=tuple(differences))


def _count(entries: list[Entry]) -> Count:
    created = sum(entry.is_new for entry in entries)
    changed = sum(bool(entry.changes) and not entry.is_new for entry in entries)
    return Count(created, changed, len(entries) - created - changed)


def _lines(entries: list[Entry]) -> list[str]:
    told = [entry for entry in entries if entry.did_something]
    return [f"new {entry.name}" if entry.is_new else f"{entry.name}: {', '.join(entry.changes)}" for entry in told]
