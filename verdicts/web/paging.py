"""Pages of long lists, and the numbers that addresses and forms name: pages and records."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Generic, TypeVar

from flask import abort

T = TypeVar("T")

MAX_ID = 2**31 - 1
MAX_PAGE = 10_000
ID = f"<int(max={MAX_ID}):id>"  # in the rule of a route


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `number` counts from 1, `total` counts the rows of all pages."""

    rows: Sequence[T]
    number: int
    total: int
    page_size: int

    @property
    def pages(self) -> int:
        return max(1, ceil(self.total / self.page_size))


def load_page(load: Callable[[int], tuple[Sequence[T], int]], text: str, page_size: int) -> Page[T]:
    """Return the page that a text names. `load` takes a page's number and returns its rows and the total.

    A page past the end shows the first one: lists that editors work off get shorter while they work.
    """
    number = page_number(text)
    rows, total = load(number)
    if not rows and number > 1:
        number, (rows, total) = 1, load(1)
    return Page(rows, number, total, page_size)


def page_number(text: str) -> int:
    """Return the page that a text names, 1 for an empty text. Answers 400 for anything else."""
    number = _positive(text, MAX_PAGE) if text else 1
    return number or abort(400, f"A page is a whole number from 1 to {MAX_PAGE}.")


def read_id(text: str) -> int | None:
    """Return the id that a text names, None for an empty text. Answers 400 for anything else."""
    if not text:
        return None
    return _positive(text, MAX_ID) or abort(400, f"A record is named by a whole number from 1 to {MAX_ID}.")


def _positive(text: str, most: int) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if is_number and 1 <= int(text) <= most else None
