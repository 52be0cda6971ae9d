"""Where a form is, as far as its drafts are concerned."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from verdicts.staff import drafts

View = TypeVar("View", bound=Callable[..., object])

_DRAFT_KEY = re.compile(r"[A-Za-z0-9_-]{8,20}")
_ENTRY = re.compile(r"[0-9]{1,9}")
_KEPT: set[Callable[..., object]] = set()


def keeps_what_is_typed(view: View) -> View:
    """Say of a view that its form has drafts: what is sent to it after a session has ended is kept as one."""
    _KEPT.add(view)
    return view


def has_drafts(view: Callable[..., object]) -> bool:
    return view in _KEPT


def place() -> str:
    """Return where the draft of the form that is asked for is kept: its address.

    That of a new record has a key of its own, so that two tabs do not write over each other; and so has the form that
    shows an earlier version.
    """
    name, shape = _mark_of(request.view_args)
    value = request.args.get(name, "")
    return f"{request.path}?{name}={value}" if shape.fullmatch(value) else request.path


def is_a_place(address: str) -> bool:
    """Say whether there is a form with drafts at this address."""
    path, mark, query = address.partition("?")
    try:
        endpoint, arguments = current_app.url_map.bind("").match(path, "POST")
    except (HTTPException, RoutingException):
        return False
    name, shape = _mark_of(arguments)
    is_whole = not mark or (query.startswith(f"{name}=") and bool(shape.fullmatch(query.removeprefix(f"{name}="))))
    return is_whole and current_app.view_functions[endpoint] in _KEPT and len(address) <= drafts.LONGEST_PLACE


def _mark_of(arguments: Mapping[str, object] | None) -> tuple[str, re.Pattern[str]]:
    """Return what tells forms at one path apart: a key where it is of a new record, an entry of the trail elsewhere."""
    return ("restore", _ENTRY) if arguments else ("draft", _DRAFT_KEY)
