"""What is wrong with a catalogue file, each fault with its place, in words."""

import json
from collections.abc import Sequence

MOST_FAULTS_PRINTED = 50
LONGEST_SHOWN = 60


class CatalogueRefused(Exception):
    """The file cannot be imported; `faults` holds everything that is wrong, as "place: words"."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(faults)

    def __str__(self) -> str:
        more = len(self.faults) - MOST_FAULTS_PRINTED
        return "\n".join([*self.faults[:MOST_FAULTS_PRINTED], *([f"… and {more} more"] if more > 0 else [])])


def place(*path: str | int) -> str:
    """Return a path into the file as `tools[3].reviews[1].verdict`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in path)
    return "".join(steps).removeprefix(".")


def fault(where: str, words: str) -> str:
    return f"{where}: {words}" if where else f"the file {words}"


def place_of(line: str) -> str:
    """Return the place that a fault was told of."""
    return line.partition(": ")[0]


def shown(value: object) -> str:
    """Return a value as a message may quote it: short, and with nothing that a terminal would obey."""
    if isinstance(value, str):
        return f'"{_printable(value)}"'
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return _printable(json.dumps(value, default=str))


def _printable(text: str) -> str:
    short = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in short)
