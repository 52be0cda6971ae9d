"""Addresses of pages that several modules name, each written once."""

from functools import lru_cache
from typing import Any

from flask import Flask, url_for

from verdicts.config import current_settings


def init_app(app: Flask) -> None:
    @lru_cache(maxsize=4096)
    def remembered(endpoint: str, values: tuple[tuple[str, Any], ...]) -> str:
        return app.url_for(endpoint, **dict(values))

    def url_for_templates(endpoint: str, **values: object) -> str:
        """Return what url_for does: pages name the same few addresses again and again."""
        hashable = ((key, tuple(value) if isinstance(value, list) else value) for key, value in values.items())
        return remembered(endpoint, tuple(hashable))

    app.add_template_global(url_for_templates, "url_for")


def absolute(path: str) -> str:
    """Return a path of ours as a whole address, as feeds, sitemaps and other sites need it."""
    return current_settings().base_url + path


def category_path(slug: str) -> str:
    return url_for("categories.show", slug=slug)


def reviewer_path(slug: str) -> str:
    return url_for("reviewers.show", slug=slug)
