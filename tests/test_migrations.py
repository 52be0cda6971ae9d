"""The migrations against real databases."""

from flask import Flask
from flask_migrate import check, downgrade, upgrade


def test_the_migrations_build_what_the_models_describe(app: Flask) -> None:
    assert check() is None


def test_the_migrations_run_backwards_and_forwards(app: Flask) -> None:
    downgrade(revision="base")
    upgrade()
    assert check() is None
