"""The current application's settings, typed."""

from flask import current_app

from verdicts.config import Settings


def current_settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
