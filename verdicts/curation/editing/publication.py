"""What readers see, and from when: publishing, unpublishing, archiving. Nothing is lost by any of them."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from verdicts.catalog.content_version import bump_content_version
from verdicts.catalog.models import Tool
from verdicts.comparisons.models import Comparison
from verdicts.extensions import db

Publishable: TypeAlias = Tool | Comparison


class PublicationState(StrEnum):
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
    """Return the state of a tool that is known to exist."""
    row = db.session.get_one(Tool, tool_id)
    return state_of(row.published_at, row.archived_at, now)


def was_public(row: Publishable, now: datetime) -> bool:
    """Say whether readers could ever see it, now or before."""
    return row.first_published_at is not None and row.first_published_at <= now


def publish(row: Publishable, now: datetime, at: datetime | None = None) -> None:
    """Let readers see it from `at` on, or at once. What they have seen before is no news when it comes back."""
    when = max(at or now, now)
    is_known = was_public(row, now)
    row.published_at = row.first_published_at if is_known and when == now else when
    row.first_published_at = row.first_published_at if is_known else when
    row.archived_at = None
    bump_content_version()


def unpublish(row: Publishable, now: datetime) -> None:
    """Make it a draft: readers see it no more."""
    if not was_public(row, now):
        row.first_published_at = None
    row.published_at, row.archived_at = None, None
    bump_content_version()


def archive(row: Publishable, now: datetime) -> None:
    """Archive it: readers see it no more, and editors only where they filter a list for what is archived."""
    unpublish(row, now)
    row.archived_at = now
