"""Addresses of every public view, over the tools of tests.web.rich."""

import re
from collections.abc import Iterator

from flask import Flask

# What stands for the variables of public routes.
VALUES = {"pair": "alpha-vs-beta", "name": "2026-w47", "extension": "atom", "number": "1", "kind": "tools"}
SLUGS = {"/categories/": "developer-tools", "/reviewers/": "builder"}


def list_public(app: Flask) -> Iterator[tuple[str, str]]:
    """Yield the endpoint of each public view, and a path that leads to it."""
    for rule in app.url_map.iter_rules():
        if hasattr(app.view_functions[rule.endpoint], "known_arguments") and "GET" in (rule.methods or ()):
            yield rule.endpoint, _path_of(rule.rule)


def _path_of(rule: str) -> str:
    slug = next((slug for start, slug in SLUGS.items() if start in rule), "alpha")
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: {**VALUES, "slug": slug}[found[1]], rule)
