"""What files of both formats become, the bounds that hold for both, and how a file is refused."""

from collections import Counter
from typing import Any, NoReturn

from verdicts.curation.catalog_file.faults import CatalogRefused, Fault
from verdicts.texts import line_and_column

MEGABYTE = 1024 * 1024
MAX_YAML_SIZE = 5 * MEGABYTE  # its parser takes ten times as long as JSON's
MAX_DEPTH = 20
TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"


class Mapping(dict[str, Any]):
    """A mapping that remembers which keys were given twice."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        counts = Counter(key for key, _value in pairs) if len(pairs) > len(self) else {}
        self.repeated = tuple(key for key, count in counts.items() if count > 1)


def place_in(text: str, index: int) -> str:
    """Return where a character stands, as the end of a sentence."""
    line, column = line_and_column(text, index)
    return f" at line {line}, column {column}"


def refuse(words: str) -> NoReturn:
    raise CatalogRefused([Fault((), f"The file {words}.")])
