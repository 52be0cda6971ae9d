"""What readers see, and from when: publishing, taking back, putting away. Nothing is lost by any of them."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from verdicts.catalog.models import Tool
from verdicts.catalog.publishing import bump_content_version
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db

Publishable: TypeAlias = Tool | Comparison


class PublicationState(StrEnum):
    """Where something stands that readers may or may not see."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ARCHIVED = "archived"


def state_of(published_at: datetime | None, archived_at: datetime | None, now: datetime) -> PublicationState:
    if archived_at:
        return PublicationState.ARCHIVED
    if published_at is None:
        return PublicationState.DRAFT
    return PublicationState.PUBLISHED if published_at <= now else PublicationState.SCHEDULED


def state_of_tool(tool_id: int, now: datetime) -> PublicationState:
    """Return where a tool stands that is known to be there."""
    row = db.session.get_one(Tool, tool_id)
    return state_of(row.published_at, row.archived_at, now)


def publish(row: Publishable, now: datetime, at: datetime | None = None) -> None:
    """Let readers see it from `at` on, or at once. What they have seen before is no news when it comes back."""
    when = max(at or now, now)
    was_seen = row.first_published_at is not None and row.first_published_at <= now
    row.published_at = row.first_published_at if was_seen and when == now else when
    row.first_published_at = row.first_published_at if was_seen else when
    row.archived_at = None
    bump_content_version()


def unpublish(row: Publishable, now: datetime) -> None:
    """Make it a draft again: readers see it no more."""
    if row.first_published_at and row.first_published_at > now:
        row.first_published_at = None
    row.published_at, row.archived_at = None, None
    bump_content_version()


def archive(row: Publishable, now: datetime) -> None:
    """Put it away: readers see it no more, and editors only where they ask for what is put away."""
    unpublish(row, now)
    row.archived_at = now
