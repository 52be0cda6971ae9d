"""Refuses what another site makes a visitor's browser send. Public forms carry no token: see docs/adr."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, abort, current_app, request

from verdicts.web.settings import current_settings

View = TypeVar("View", bound=Callable[..., object])

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_FROM_ANYWHERE: set[Callable[..., object]] = set()
REFUSAL = "This request seems to come from another site, so nothing was done. Use the form on our own page."


def init_app(app: Flask) -> None:
    app.before_request(refuse_foreign_requests)


def from_anywhere(view: View) -> View:
    """Mark a view that mail programs and providers post to: the secret in its address is what authorises it."""
    _FROM_ANYWHERE.add(view)
    return view


def refuse_foreign_requests() -> None:
    if request.method in _SAFE_METHODS or current_app.view_functions.get(request.endpoint or "") in _FROM_ANYWHERE:
        return
    if not is_ours(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin"), current_settings().base_url):
        abort(403, REFUSAL)


def is_ours(fetch_site: str | None, origin: str | None, base_url: str) -> bool:
    """Decide whether a request that changes something was sent by a page of ours.

    Browsers state `Sec-Fetch-Site` to https and to localhost only; elsewhere `Origin` must be that of BASE_URL.
    """
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin == base_url
