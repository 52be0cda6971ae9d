"""The web floor: one door a room, plus errors, headers and caching. It only translates."""

from flask import Flask

import verdicts.comparisons.models
import verdicts.voting.models  # noqa: F401


def init_app(app: Flask) -> None:
    """Open the doors."""
