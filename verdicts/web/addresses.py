"""Addresses of pages that several modules name, each written once."""

from flask import url_for

from verdicts.config import current_settings


def absolute(path: str) -> str:
    """Return a path of ours as a whole address, as feeds, sitemaps and other sites need it."""
    return current_settings().base_url + path


def category_path(slug: str) -> str:
    return url_for("categories.show", slug=slug)


def reviewer_path(slug: str) -> str:
    return url_for("reviewers.show", slug=slug)
