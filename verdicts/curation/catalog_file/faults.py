"""What is wrong with records: each fault with the path to the value, in sentences."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MAX_FAULTS_PRINTED = 50
MAX_SHOWN_LENGTH = 60

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """What is wrong with one value of a file or record, and what to do: the path to it, and one or two sentences.

    `other` is the path to another value that the words speak of. As text a fault is "tools[3].name: Fill this in.".
    """

    path: Path
    words: str
    other: Path | None = None

    def __str__(self) -> str:
        words = self.words if self.other is None else f"{self.words} See {format_path(self.other)}."
        return f"{format_path(self.path)}: {words}" if self.path else words

    def within(self, path: Path) -> "Fault":
        """Return the fault of a record as one of the file that holds the record at this path."""
        return Fault((*path, *self.path), self.words, self.other)


class CatalogRefused(Exception):
    """The file cannot be imported; `faults` holds everything that is wrong, as "place: words"."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(map(str, faults))
        super().__init__(self.faults)

    def __str__(self) -> str:
        more = len(self.faults) - MAX_FAULTS_PRINTED
        return "\n".join([*self.faults[:MAX_FAULTS_PRINTED], *([f"… and {more} more"] if more > 0 else [])])


def format_path(path: Path) -> str:
    """Return a path as `tools[3].reviews[1].verdict`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def shown(value: object) -> str:
    """Return a value as a message may quote it: short, and with nothing that a terminal would obey."""
    if isinstance(value, str):
        return f'"{_printable(value)}"'
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return _printable(json.dumps(value, default=str))


def _printable(text: str) -> str:
    short = text if len(text) <= MAX_SHOWN_LENGTH else f"{text[:MAX_SHOWN_LENGTH]}…"
    return printable(short)


def printable(text: str) -> str:
    """Return a text with nothing that a terminal would obey."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)
