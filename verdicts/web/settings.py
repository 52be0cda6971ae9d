"""The current application's settings, typed."""

from verdicts.config import current_settings

__all__ = ["current_settings"]
