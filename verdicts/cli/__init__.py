"""The command floor: one module a room. It only translates."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Hang up the commands."""
