"""Refuses requests that another site makes a visitor's browser send. Public forms carry no token: see ADR 2."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, abort, current_app, request

from verdicts.config import current_settings

View = TypeVar("View", bound=Callable[..., object])

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_CROSS_ORIGIN_VIEWS: set[Callable[..., object]] = set()
REFUSAL = "This request seems to come from another site, so nothing was done. Use the form on our own page."


def init_app(app: Flask) -> None:
    app.before_request(refuse_cross_origin)


def allow_cross_origin(view: View) -> View:
    """Mark a view that mail programs and providers post to. The secret in its address authorises the request."""
    _CROSS_ORIGIN_VIEWS.add(view)
    return view


def refuse_cross_origin() -> None:
    if request.method in SAFE_METHODS or current_app.view_functions.get(request.endpoint or "") in _CROSS_ORIGIN_VIEWS:
        return
    fetch_site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if not is_same_origin(fetch_site, origin, current_settings().base_url):
        abort(403, REFUSAL)


def is_same_origin(fetch_site: str | None, origin: str | None, base_url: str) -> bool:
    """Say whether a page of this site sent a request that changes something.

    Browsers send `Sec-Fetch-Site` only over https and to localhost. Without it, `Origin` must be BASE_URL.
    """
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin == base_url
