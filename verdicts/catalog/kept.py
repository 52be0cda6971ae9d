"""What hangs on the catalogue alone, kept in memory while its content version stays the same."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import current_app

from verdicts.catalog.content_version import content_version
from verdicts.extensions import is_writing

KEPT = "verdicts.kept"  # in app.extensions
MAX_AGE = timedelta(minutes=1)  # what becomes public at its moment changes no content version
MAX_KEPT = 500  # values under one name; the one that was not asked for longest goes first

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


@dataclass
class _Store:
    """Values by their keys, all of one content version."""

    version: int = 0
    values: OrderedDict[Any, tuple[datetime, Any]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def find(self, keys: Sequence[Any], version: int, now: datetime) -> dict[Any, Any]:
        with self.lock:
            if self.version != version:
                self.values.clear()
                self.version = version
            found = {key: self.values[key][1] for key in keys if key in self.values and self._is_good(key, now)}
            for key in found:
                self.values.move_to_end(key)
        return found

    def keep(self, values: Mapping[Any, Any], version: int, now: datetime) -> None:
        with self.lock:
            if self.version == version:
                self.values.update({key: (now, value) for key, value in values.items()})
                while len(self.values) > MAX_KEPT:
                    self.values.popitem(last=False)

    def _is_good(self, key: Any, now: datetime) -> bool:
        at = self.values[key][0]
        return bool(at <= now < at + MAX_AGE)


def load_each(
    name: str, keys: Sequence[K], load: Callable[[list[K]], Mapping[K, V]], version: int, now: datetime
) -> dict[K, V]:
    """Return the value of each key: those that are kept under this name, and what `load` returns of the others.

    `version` was read before what `load` reads. Nobody may change a value. Within a transaction that writes, as that of
    a preview, nothing is kept or taken: others must not see it.
    """
    if is_writing():
        return dict(load(list(keys)))
    store: _Store = current_app.extensions.setdefault(KEPT, {}).setdefault(name, _Store())
    found: dict[K, V] = store.find(keys, version, now)
    if missing := [key for key in keys if key not in found]:
        loaded = load(missing)
        store.keep(loaded, version, now)
        found |= loaded
    return found


def kept(load: Callable[[datetime], T]) -> Callable[[datetime], T]:
    """Keep what `load` returns of the catalogue at a moment, for MAX_AGE at most.

    It takes one statement, and those of `load` where it is not kept. Nobody may change what it returns.
    """

    @wraps(load)
    def load_or_keep(now: datetime) -> T:
        name = f"{load.__module__}.{load.__name__}"
        return load_each(name, [None], lambda _keys: {None: load(now)}, content_version(), now)[None]

    return load_or_keep
