"""Where the page cache keeps pages: stores that are bounded by bytes and lose what was not read for longest."""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum

from verdicts.web.site_state import SiteState, Source

MEBIBYTE = 1024 * 1024
ENTRY_BYTES = 1024  # what an entry costs beside its texts, roughly

Key = tuple[str, ...]


class StoreName(StrEnum):
    """Which pages share a store. What anyone can make up must push out nothing else."""

    PAGES = "pages"
    PAIRS = "pairs"  # comparisons of two tools: real pages, but very many
    PICTURES = "pictures"  # for other sites
    MADE_UP = "made-up"  # comparisons of more tools, redirects, and whatever has a query


MAX_BYTES_IN_ALL = 7 * MEBIBYTE // 2  # of each worker
_PARTS = {StoreName.PAGES: 5, StoreName.PAIRS: 4, StoreName.PICTURES: 1, StoreName.MADE_UP: 2}
MAX_BYTES = {name: MAX_BYTES_IN_ALL * part // sum(_PARTS.values()) for name, part in _PARTS.items()}


@dataclass
class CachedPage:
    """A response as it was rendered, when `state` was what pages depended on.

    `checked_at` is the cache's clock when it was rendered, or seen last to be unchanged. `sources` are those that its
    view says it depends on, None where it says nothing. `unchanged_headers` go with a 304. `viewed_path` is what a
    view of it counts for, "" where it is no page; `empty_search` a search that found nothing. `queued_until` is for how
    long a request that renders it again may wait for a thread.
    """

    status: str
    headers: list[tuple[str, str]]
    unchanged_headers: list[tuple[str, str]]
    body: bytes
    etag: str
    state: SiteState
    checked_at: float
    sources: frozenset[Source] | None = None
    viewed_path: str = ""
    empty_search: str | None = None
    queued_until: float = float("-inf")

    def age(self, now: float) -> float:
        return now - self.checked_at


class PageStore:
    """Pages by key, `max_bytes` in all. It has no lock of its own."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pages: OrderedDict[Key, CachedPage] = OrderedDict()
        self.bytes = 0

    def __contains__(self, key: Key) -> bool:
        return key in self._pages

    def keys(self) -> list[Key]:
        """Return the keys, the one that was read last at the end."""
        return list(self._pages)

    def get(self, key: Key) -> CachedPage:
        self._pages.move_to_end(key)
        return self._pages[key]

    def put(self, key: Key, page: CachedPage) -> None:
        self.discard(key)
        self._pages[key] = page
        self.bytes += _size(key, page)
        while self.bytes > self._max_bytes:
            oldest, dropped = self._pages.popitem(last=False)
            self.bytes -= _size(oldest, dropped)

    def discard(self, key: Key) -> None:
        page = self._pages.pop(key, None)
        if page:
            self.bytes -= _size(key, page)


def _size(key: Key, page: CachedPage) -> int:
    return (
        ENTRY_BYTES + sum(map(len, key)) + sum(len(name) + len(value) for name, value in page.headers) + len(page.body)
    )
