"""Verdicts: a named panel says SHIP or SKIP for every AI tool, and readers vote."""

from verdicts.app import create_app

__all__ = ["create_app"]
