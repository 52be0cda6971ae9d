"""What an import did, or would do."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from verdicts.curation.editing.changes import RecordChange
from verdicts.curation.transfer.entries import ImportEntry
from verdicts.curation.transfer.field_changes import FieldChange


@dataclass(frozen=True)
class Count:
    created: int
    changed: int
    unchanged: int


@dataclass(frozen=True)
class ReportedRecord:
    """A record that was created or changed, in words, and its changed fields with both values."""

    words: str
    fields: tuple[FieldChange, ...]

    @property
    def table(self) -> dict[str, tuple[str, str]]:
        """Each field that differs, with its value before and after."""
        pairs: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for each in self.fields:
            pairs[each.label][0].append(each.before)
            pairs[each.label][1].append(each.after)
        return {
            label: ("\n".join(filter(None, old)), "\n".join(filter(None, new))) for label, (old, new) in pairs.items()
        }

    @property
    def lines(self) -> Iterator[str]:
        """The record, and each of its fields on a line of its own."""
        yield self.words
        yield from (f"  {each}" for each in self.fields)


@dataclass(frozen=True)
class ImportReport:
    """How many records of each kind were created and changed, each of them in words, and their differences.

    `drafts` counts the new tools and comparisons that became drafts.
    """

    counts: dict[str, Count]
    records: tuple[ReportedRecord, ...]
    differences: tuple[RecordChange, ...]
    drafts: int = 0

    @property
    def changes(self) -> tuple[str, ...]:
        return tuple(each.words for each in self.records)

    @property
    def figures(self) -> dict[str, tuple[None, str]]:
        """How many records were created and changed, for the activity log: only kinds of which any were."""
        touched = {kind: each for kind, each in self.counts.items() if each.created or each.changed}
        figures = {kind: (None, f"{each.created:,} new, {each.changed:,} changed") for kind, each in touched.items()}
        return figures | ({"drafts": (None, f"{self.drafts:,}")} if self.drafts else {})

    @property
    def fingerprint(self) -> str:
        """A hash of all that the report says, so that two reports can be compared."""
        counts = (f"{kind} {count}" for kind, count in self.counts.items())
        lines = [*counts, *(line for each in self.records for line in each.lines)]
        return sha256("\n".join(lines).encode()).hexdigest()

    @property
    def changed_anything(self) -> bool:
        return bool(self.records)


def make_report(
    entries: dict[str, list[ImportEntry]], differences: Iterable[RecordChange], *, as_drafts: bool = False
) -> ImportReport:
    """Return a report of the entries of each kind."""
    counts = {kind: _count(each) for kind, each in entries.items()}
    records = tuple(_reported(entry) for each in entries.values() for entry in each if entry.has_changed)
    drafts = counts["tools"].created + counts["comparisons"].created if as_drafts else 0
    return ImportReport(counts, records, tuple(differences), drafts)


def _reported(entry: ImportEntry) -> ReportedRecord:
    words = f"new {entry.name}" if entry.is_new else f"{entry.name}: {', '.join(entry.changes)}"
    return ReportedRecord(words, () if entry.is_new else tuple(entry.fields))


def _count(entries: list[ImportEntry]) -> Count:
    created = sum(entry.is_new for entry in entries)
    changed = sum(entry.has_changed and not entry.is_new for entry in entries)
    return Count(created, changed, len(entries) - created - changed)
