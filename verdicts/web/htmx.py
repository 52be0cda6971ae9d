"""Telling htmx's requests from ordinary ones."""

from flask import request


def wants_fragment() -> bool:
    """Say whether htmx sent the request. It swaps the answer into the page, so it gets a fragment and not a page."""
    return request.headers.get("HX-Request") == "true"
