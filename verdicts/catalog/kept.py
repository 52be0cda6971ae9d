"""What hangs on the catalogue alone, kept in memory while readers see the same of it."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from flask import current_app

from verdicts.catalog.content_version import catalog_state
from verdicts.extensions import is_writing

KEPT = "verdicts.kept"  # in app.extensions
MAX_KEPT = 250  # values under one name; the one that was not asked for longest goes first

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass
class _Store:
    """Values by their keys, all of one state of the catalogue."""

    state: Hashable = None
    values: OrderedDict[Any, Any] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, keys: Sequence[Any], state: Hashable) -> dict[Any, Any]:
        with self.lock:
            if self.state != state:
                self.values.clear()
                self.state = state
            found = {key: self.values[key] for key in keys if key in self.values}
            for key in found:
                self.values.move_to_end(key)
        return found

    def keep(self, values: Mapping[Any, Any], state: Hashable, max_bytes: int | None) -> None:
        with self.lock:
            if self.state == state:
                self.values.update(values)
                while len(self.values) > MAX_KEPT or (max_bytes and sum(map(len, self.values.values())) > max_bytes):
                    self.values.popitem(last=False)


def load_each(
    name: str,
    keys: Sequence[K],
    load: Callable[[list[K]], Mapping[K, V]],
    state: Hashable,
    max_bytes: int | None = None,
) -> dict[K, V]:
    """Return the value of each key: those that are kept under this name, and what `load` returns of the others.

    `state` was read before what `load` reads, and differs wherever that does: see content_version.catalog_state().
    Nobody may change a value. Within a transaction that writes, as that of a preview, nothing is kept or taken: others
    must not see it. With `max_bytes` the values are bytes, so many in all.
    """
    if is_writing():
        return dict(load(list(keys)))
    store: _Store = current_app.extensions.setdefault(KEPT, {}).setdefault(name, _Store())
    found: dict[K, V] = store.find(keys, state)
    if missing := [key for key in keys if key not in found]:
        loaded = load(missing)
        store.keep(loaded, state, max_bytes)
        found |= loaded
    return found


def kept(load: Callable[[datetime], T]) -> Callable[..., T]:
    """Keep what `load` returns of the catalogue at a moment, and let it take the catalogue's state too.

    It takes one statement without the state, and those of `load` where it is not kept. Nobody may change the outcome.
    """

    @wraps(load)
    def load_or_keep(now: datetime, state: Hashable = None) -> T:
        name = f"{load.__module__}.{load.__name__}"
        return load_each(name, [None], lambda _keys: {None: load(now)}, state or catalog_state(now))[None]

    return load_or_keep
