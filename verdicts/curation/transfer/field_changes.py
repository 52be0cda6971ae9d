"""What a change did to each field of a record, with the old and the new value in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from verdicts.catalog.models import PriceRecord, ReviewRevision
from verdicts.curation.catalog_file.dumping import Json
from verdicts.curation.catalog_file.faults import printable

NOTHING = "nothing"


@dataclass(frozen=True)
class FieldChange:
    """One field with its value before and after, as text; "" stands for none."""

    label: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{printable(self.label)}: {_quoted(self.before)} → {_quoted(self.after)}"


def field_changes(label: str, before: object, after: object) -> Iterator[FieldChange]:
    """Yield each value that differs. Entries of a list are compared by their first key, such as a plan's name."""
    if before == after:
        return
    if isinstance(before, dict) or isinstance(after, dict):
        yield from _between_records(label, *(each if isinstance(each, dict) else {} for each in (before, after)))
    elif _holds_records(before) or _holds_records(after):
        old, new = _by_first_value(before), _by_first_value(after)
        yield from _between_records(label, old, new)
        if set(old) == set(new) and list(old) != list(new):
            yield FieldChange(f"{label} order", ", ".join(old), ", ".join(new))
    else:
        yield FieldChange(label.replace("_", " "), _text(before), _text(after))


def history_gain(row: ReviewRevision) -> FieldChange:
    """Return what a review's history gained by an entry."""
    return FieldChange("history", "", f"{row.verdict}, until {row.until}. {row.reason}".strip())


def price_history_gain(row: PriceRecord) -> FieldChange:
    """Return what a price history gained by an entry."""
    cost = " ".join(map(str, filter(None, (row.model, row.amount, row.currency, row.period))))
    return FieldChange("price history", "", f"{cost}, until {row.until}. {row.reason or ''}".strip())


def _between_records(label: str, before: Json, after: Json) -> Iterator[FieldChange]:
    for key in dict.fromkeys([*before, *after]):
        yield from field_changes(f"{label} {key}".strip(), before.get(key), after.get(key))


def _holds_records(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _by_first_value(entries: object) -> Json:
    """Return the entries of a list by the value of the key that is declared first, by which they are known."""
    return {str(next(iter(each.values()))): each for each in entries} if isinstance(entries, list) else {}


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _quoted(text: str) -> str:
    return f'"{printable(text)}"' if text else NOTHING
