"""Which arguments of its query a public view reads. The others never reach it, so they make no pages of their own."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from verdicts.web.nul_bytes import holds_nul

V = TypeVar("V", bound=Callable[..., Any])

ANY_ENDING = "*"


def reads(*names: str) -> Callable[[V], V]:
    """Say which arguments a public view reads; `w-*` are all that begin with `w-`. Without it, it reads none."""

    def mark(view: V) -> V:
        view.known_arguments = names  # type: ignore[attr-defined]
        return view

    return mark


class KnownArguments:
    """Reduces queries to what their views read."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._names_of = lru_cache(maxsize=1024)(self._find_names)

    def reduce(self, path: str, query: str) -> str:
        """Return a query without the arguments that the path's view does not read.

        Where a path leads to no public view, its query stays as it is. So does one with a NUL, which is refused.
        """
        names = self._names_of(path)
        if names is None or holds_nul(query):
            return query
        return "&".join(each for each in query.split("&") if _is_known(_name_of(each), names))

    def is_public(self, path: str) -> bool:
        return self._names_of(path) is not None

    def _find_names(self, path: str) -> tuple[str, ...] | None:
        try:
            endpoint, _ = self._app.url_map.bind("").match(path, method="GET")
        except (HTTPException, RequestRedirect):
            return None
        return getattr(self._app.view_functions[endpoint], "known_arguments", None)


def _name_of(argument: str) -> str:
    name = argument.partition("=")[0].replace("+", " ")
    return unquote_to_bytes(name.encode("latin-1")).decode(errors="replace")  # PEP 3333


def _is_known(name: str, names: tuple[str, ...]) -> bool:
    return any(name == each or (each.endswith(ANY_ENDING) and name.startswith(each[:-1])) for each in names)
