"""The CSV file of subscribers: addresses, with where and when their readers agreed."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO

from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.addresses import Address, parse_email
from verdicts.texts import character_fault, is_blank

COLUMNS = ["email", "consent_source", "consent_at"]
MAX_SOURCE_LENGTH = 200
MAX_FAULTS = 20
MAX_HEAD_LENGTH = 1000
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
    text = text.removeprefix("\ufeff")
    rows = _rows(text, _delimiter_of(text))
    head_at, head = next(((at, cells) for at, cells in rows if not _is_before_head(cells)), (1, []))
    return _consents(rows, _columns_of(head, head_at), now)


def _delimiter_of(text: str) -> str:
    """Return what separates the names of the head: a comma, or the semicolon or tab of many spreadsheet programs."""
    lines = re.split("\r\n|\r|\n", text[:MAX_HEAD_LENGTH])

    def count_columns(sign: str) -> int:
        rows = csv.reader(lines, delimiter=sign)
        head = next((cells for cells in rows if not _is_before_head(cells)), [])
        return len(set(COLUMNS) & set(_names(head)))

    return max(",;\t", key=count_columns)


def _is_before_head(cells: list[str]) -> bool:
    """Return whether a row is empty, or the line "sep=;" by which Excel knows what separates cells."""
    return not any(cells) or cells[0].lower().startswith("sep=")


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins, as an editor's program counts lines."""
    lines = csv.reader(StringIO(text, newline=""), strict=True, delimiter=delimiter)
    begins = 1
    try:
        for cells in lines:
            yield begins, cells
            begins = lines.line_num + 1
    except csv.Error as error:
        raise InvalidCsv([f"line {begins}: this is no CSV: {error}"]) from None


def write(consents: Iterable[tuple[str, str, datetime]]) -> str:
    """Return a CSV file: the header, then a line for each (address, source, time)."""
    file = StringIO(newline="")
    lines = csv.writer(file, lineterminator="\n")
    lines.writerow(COLUMNS)
    for address, source, at in consents:
        lines.writerow([_escaped(address), _escaped(source), at.astimezone(UTC).isoformat(timespec="seconds")])
    return file.getvalue()


def _names(head: list[str]) -> list[str]:
    return [name.strip().lower() for name in head]


def _columns_of(head: list[str], line: int) -> list[int]:
    names = _names(head)
    if missing := [column for column in COLUMNS if column not in names]:
        raise InvalidCsv([f"line {line}: the head must name {', '.join(COLUMNS)}; it lacks {', '.join(missing)}"])
    return [names.index(column) for column in COLUMNS]


def _consents(rows: Iterator[tuple[int, list[str]]], columns: list[int], now: datetime) -> list[Consent]:
    consents: dict[str, Consent] = {}
    faults: list[str] = []
    for number, cells in rows:
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
    if is_blank(source) or len(source) > MAX_SOURCE_LENGTH or character_fault(source):
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
