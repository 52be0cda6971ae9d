"""Moments, as commands take them."""

import re
from datetime import UTC, datetime

import click


def parse_moment(text: str) -> datetime:
    """Return a moment written in ISO 8601, in UTC unless it states its offset."""
    try:
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):  # 2026-W47 is ISO 8601 too, and the name of an edition
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"“{text[:40]}” is no moment: write it like 2026-11-23T08:00.") from None
