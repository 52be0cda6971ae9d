"""Lists behind the log-in, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Generic, TypeVar

from flask import abort

T = TypeVar("T")

LAST_PAGE = 10_000


@dataclass(frozen=True)
class Sheet(Generic[T]):
    """One page of a list, with how much it holds in all."""

    rows: Sequence[T]
    number: int
    total: int
    a_page: int

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / self.a_page))


def sheet(read: Callable[[int], tuple[Sequence[T], int]], text: str, a_page: int) -> Sheet[T]:
    """Return the page that a text names, or the first where a list that is worked off no longer reaches so far."""
    number = page_number(text)
    rows, total = read(number)
    if not rows and number > 1:
        number, (rows, total) = 1, read(1)
    return Sheet(rows, number, total, a_page)


def page_number(text: str) -> int:
    """Return the page that a text names, the first for none. Anything else is answered 400."""
    if not text:
        return 1
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 1 <= int(text) <= LAST_PAGE):
        abort(400, f"A page is a whole number from 1 to {LAST_PAGE}.")
    return int(text)
