"""The only place where the web layer reads the clock. Feature packages take the time as an argument."""

from datetime import UTC, date, datetime


def now() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the current day in UTC."""
    return now().date()
