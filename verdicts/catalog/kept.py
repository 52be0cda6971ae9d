"""Figures that hang on the catalogue alone, kept in memory while its content version stays the same."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import current_app

from verdicts.catalog.content_version import content_version

KEPT = "verdicts.kept"  # in app.extensions
MAX_AGE = timedelta(minutes=1)  # what becomes public at its moment changes no content version

T = TypeVar("T")


@dataclass(frozen=True)
class _Kept:
    version: int
    at: datetime
    value: Any


def kept(load: Callable[[datetime], T]) -> Callable[[datetime], T]:
    """Keep what `load` returns of the catalogue at a moment, for MAX_AGE at most.

    It takes one statement, and those of `load` where it is not kept. Nobody may change what it returns.
    """

    @wraps(load)
    def load_or_keep(now: datetime) -> T:
        values: dict[str, _Kept] = current_app.extensions.setdefault(KEPT, {})
        version, name = content_version(), f"{load.__module__}.{load.__name__}"
        old = values.get(name)
        if old and old.version == version and old.at <= now < old.at + MAX_AGE:
            value: T = old.value
            return value
        value = load(now)
        values[name] = _Kept(version, now, value)
        return value

    return load_or_keep
