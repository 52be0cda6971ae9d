"""Addresses of pages that several modules name, each written once."""

from functools import lru_cache
from typing import Any

from flask import Flask, current_app

from verdicts.config import current_settings

_REMEMBERED = "verdicts.addresses"  # in app.extensions
MAX_REMEMBERED = 1024  # a search has addresses that nobody else asks for, and they stay as long


def init_app(app: Flask) -> None:
    @lru_cache(MAX_REMEMBERED)
    def remembered(endpoint: str, **values: Any) -> str:
        return app.url_for(endpoint, **values)

    app.extensions[_REMEMBERED] = remembered
    app.add_template_global(path_to, "url_for")


def path_to(endpoint: str, **values: object) -> str:
    """Return what url_for does: pages name the same few addresses again and again."""
    for name, value in values.items():
        if isinstance(value, list):
            values[name] = tuple(value)
    path: str = current_app.extensions[_REMEMBERED](endpoint, **values)
    return path


def absolute(path: str) -> str:
    """Return a path of ours as a whole address, as feeds, sitemaps and other sites need it."""
    return current_settings().base_url + path


def category_path(slug: str) -> str:
    return path_to("categories.show", slug=slug)


def reviewer_path(slug: str) -> str:
    return path_to("reviewers.show", slug=slug)
