"""The CSV file of subscribers: addresses, with where and when their readers agreed."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO

from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import Address, parse_email

COLUMNS = ["email", "consent_source", "consent_at"]
MAX_SOURCE_LENGTH = 200
MAX_FAULTS = 20
# Spreadsheet programs run cells that begin so. `write` puts an apostrophe before them, and `read` removes it.
_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "'")


class InvalidCsv(Exception):
    """A file cannot be imported; `faults` describes each fault with its line."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(["refused, and nothing stored", *faults]))


@dataclass(frozen=True)
class Consent:
    """An address, and where and when its reader agreed to get mail."""

    address: Address
    source: str
    at: datetime


def read(text: str, now: datetime) -> list[Consent]:
    """Return a CSV file's consents, each address once. Raises InvalidCsv, which lists the first MAX_FAULTS faults."""
    lines = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        columns = _columns_of(next(lines, []))
        return _consents(lines, columns, now)
    except csv.Error as error:
        raise InvalidCsv([f"line {lines.line_num}: this is no CSV: {error}"]) from None


def write(consents: Iterable[tuple[str, str, datetime]]) -> str:
    """Return a CSV file: the header, then a line for each (address, source, time)."""
    file = StringIO(newline="")
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(COLUMNS)
    for address, source, at in consents:
        lines.writerow([_escaped(address), _escaped(source), at.astimezone(UTC).isoformat(timespec="seconds")])
    return file.getvalue()


def _columns_of(head: list[str]) -> list[int]:
    names = [name.strip().lower() for name in head]
    if missing := [column for column in COLUMNS if column not in names]:
        raise InvalidCsv([f"line 1: the head must name {', '.join(COLUMNS)}; it lacks {', '.join(missing)}"])
    return [names.index(column) for column in COLUMNS]


def _consents(lines: Iterator[list[str]], columns: list[int], now: datetime) -> list[Consent]:
    consents: dict[str, Consent] = {}
    faults: list[str] = []
    for number, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        try:
            consent = _consent(cells, columns, now)
        except ValueError as fault:
            faults.append(f"line {number}: {fault}")
        else:
            consents.setdefault(consent.address.key, consent)
    if faults:
        rest = len(faults) - MAX_FAULTS
        raise InvalidCsv(faults[:MAX_FAULTS] + ([f"and {rest} more"] if rest > 0 else []))
    return list(consents.values())


def _consent(cells: list[str], columns: list[int], now: datetime) -> Consent:
    if len(cells) <= max(columns):
        raise ValueError(f"it has {len(cells)} cells, which is too few")
    email, source, at = (_unescaped(cells[column]).strip() for column in columns)
    try:
        address = parse_email(email)
    except InvalidAddress as fault:
        raise ValueError(f"email {email[:80]!r}: {fault}") from None
    if not source or len(source) > MAX_SOURCE_LENGTH or not source.isprintable():
        raise ValueError(f"consent_source must say where its reader agreed, in 1 to {MAX_SOURCE_LENGTH} characters")
    return Consent(address, source, _parse_time(at, now))


def _parse_time(text: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"consent_at {text[:40]!r} is no date such as 2026-03-01 or 2026-03-01T12:00:00Z") from None
    try:
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"consent_at {text[:40]!r} lies before all calendars") from None
    if at > now:
        raise ValueError(f"consent_at {text} is yet to come")
    return at


def _escaped(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_PREFIXES) else cell


def _unescaped(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA_PREFIXES) else cell
