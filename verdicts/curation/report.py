"""What an import did, or would do."""

from dataclasses import dataclass
from hashlib import sha256

from verdicts.curation.faults import shown
from verdicts.curation.rows import Entry


@dataclass(frozen=True)
class Count:
    created: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class Report:
    """How many records of each kind were created and changed, and each of them in words."""

    categories: Count
    reviewers: Count
    tools: Count
    reviews: Count
    comparisons: Count
    changes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, Count]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Count)}

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


def report_on(entries: dict[str, list[Entry]]) -> Report:
    """Make a report of the entries of each kind."""
    counts = {kind: _count(found) for kind, found in entries.items()}
    return Report(**counts, changes=tuple(line for found in entries.values() for line in _lines(found)))


def _count(entries: list[Entry]) -> Count:
    created = sum(entry.is_new for entry in entries)
    changed = sum(bool(entry.changes) and not entry.is_new for entry in entries)
    return Count(created, changed, len(entries) - created - changed)


def _lines(entries: list[Entry]) -> list[str]:
    told = [entry for entry in entries if entry.is_new or entry.changes]
    return [f"new {entry.name}" if entry.is_new else f"{entry.name}: {', '.join(entry.changes)}" for entry in told]
