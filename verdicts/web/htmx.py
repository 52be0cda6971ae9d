"""Telling htmx's requests from a browser's own."""

from flask import request


def wants_fragment() -> bool:
    """Say whether htmx asks: it swaps what it gets into the page, so it gets the fragment and not the page."""
    return request.headers.get("HX-Request") == "true"
