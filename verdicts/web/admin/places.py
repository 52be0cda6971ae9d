"""Where a form is, as far as its drafts are concerned."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from verdicts.staff import drafts
from verdicts.staff.drafts import Fields

View = TypeVar("View", bound=Callable[..., object])

_DRAFT_KEY = re.compile(r"[A-Za-z0-9_-]{8,20}")
_ENTRY = re.compile(r"[0-9]{1,9}")
_KEPT: set[Callable[..., object]] = set()
_SHOWN_AT: dict[Callable[..., object], tuple[str, tuple[str, ...]]] = {}


def keeps_what_is_typed(view: View) -> View:
    """Say of a view that its form has drafts: what is sent to it after a session has ended is kept as one."""
    _KEPT.add(view)
    return view


def shows_again(page: str, *, keeps: tuple[str, ...] = ()) -> Callable[[View], View]:
    """Say of a view that it shows its form again, on this page, where that comes without its token.

    What these fields hold is kept for that page where they are sent after a session has ended.
    """

    def mark(view: View) -> View:
        _SHOWN_AT[view] = page, keeps
        return view

    return mark


def is_shown_again(view: Callable[..., object]) -> bool:
    return view in _KEPT or view in _SHOWN_AT


def keeps_something(view: Callable[..., object]) -> bool:
    return view in _KEPT or bool(_SHOWN_AT.get(view, ("", ()))[1])


def what_is_kept(view: Callable[..., object], fields: Fields) -> Fields:
    """Return what is kept of the fields that were sent to a view: of a form with drafts, all of them."""
    return fields if view in _KEPT else [(name, value) for name, value in fields if name in _SHOWN_AT[view][1]]


def place_of_form(view: Callable[..., object]) -> str:
    """Return where the form is that was sent to this view: at its own address, or on the page that shows it."""
    if view not in _SHOWN_AT:
        return place()
    arguments: dict[str, object] = dict(request.view_args or {})
    return current_app.url_map.bind("").build(_SHOWN_AT[view][0], arguments, append_unknown=False)


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
    endpoint, arguments = _page_at(path)
    if endpoint in _fields_of_pages():
        return not mark and len(address) <= drafts.LONGEST_PLACE
    name, shape = _mark_of(arguments)
    is_whole = not mark or (query.startswith(f"{name}=") and bool(shape.fullmatch(query.removeprefix(f"{name}="))))
    has_drafts = current_app.view_functions.get(endpoint) in _KEPT
    return is_whole and has_drafts and len(address) <= drafts.LONGEST_PLACE


def what_is_kept_at(address: str, fields: Fields) -> Fields:
    """Return what is kept of the fields of a form at this address: of a form with drafts, all of them."""
    kept = _fields_of_pages().get(_page_at(address.partition("?")[0])[0])
    return fields if kept is None else [(name, value) for name, value in fields if name in kept]


def _page_at(path: str) -> tuple[str, Mapping[str, object]]:
    """Return the endpoint of a page and what its address holds; "" where there is none."""
    try:
        endpoint, arguments = current_app.url_map.bind("").match(path, "GET")
    except (HTTPException, RoutingException):
        return "", {}
    return endpoint, arguments


def _fields_of_pages() -> Mapping[str, set[str]]:
    """Return which fields are kept of the small forms on each page that has some."""
    found: dict[str, set[str]] = {}
    for page, fields in _SHOWN_AT.values():
        if fields:
            found.setdefault(page, set()).update(fields)
    return found


def _mark_of(arguments: Mapping[str, object] | None) -> tuple[str, re.Pattern[str]]:
    """Return what tells forms at one path apart: a key where it is of a new record, an entry of the trail elsewhere."""
    return ("restore", _ENTRY) if arguments else ("draft", _DRAFT_KEY)
