"""A tool's status: whether it goes on, or when it ended and what succeeds it."""

from typing import Any

from verdicts.catalog.kinds import ToolState
from verdicts.catalog.models import Tool
from verdicts.curation.catalog_file import schema
from verdicts.curation.catalog_file.copying import update
from verdicts.curation.catalog_file.dumping import Json, dump


def to_data(row: Any, successor: str | None) -> Json | None:
    """Return the status of a row of `tool`, None where it is active; `successor` is a slug."""
    if row.state in {None, ToolState.ACTIVE}:
        return None
    return dump(schema.Status, row, state=row.state, on=row.ended_on, successor=successor)


def copy(status: schema.Status | None, row: Tool, successor: Tool | None) -> bool:
    """Give a tool this status and successor, and return whether that changed it."""
    status = status or schema.Status()
    return bool(
        update(row, {"state": status.state, "ended_on": status.on, "successor_id": successor.id if successor else None})
    )
