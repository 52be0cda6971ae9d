"""Returned mail and events that no rule understands: kept in a folder for an operator to look at."""

import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from verdicts.config import Settings

MAX_FILES = 100
MAX_FILE_BYTES = 128 * 1024
RETENTION = timedelta(days=30)
_TIME_FORMAT = "%Y%m%dT%H%M%S%fZ"
_NAME_PATTERN = re.compile(r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}\.(?:eml|json)")


def folder_path(settings: Settings) -> Path:
    return settings.instance_path / "not-understood"


def keep(folder: Path, raw: bytes, suffix: str, at: datetime) -> Path:
    """Write the first MAX_FILE_BYTES into a file for its owner alone; only the newest MAX_FILES stay. Raises OSError.

    `suffix` is ".eml" or ".json".
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{at.astimezone(UTC):{_TIME_FORMAT}}-{secrets.token_hex(4)}{suffix}"
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(raw[:MAX_FILE_BYTES])
    for old in _list_files(folder)[:-MAX_FILES]:
        old.unlink(missing_ok=True)
    return path


def delete_old(folder: Path, now: datetime) -> int:
    """Delete files that are RETENTION old; return how many."""
    limit = f"{(now - RETENTION).astimezone(UTC):{_TIME_FORMAT}}"
    old = [path for path in _list_files(folder) if path.name < limit]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _list_files(folder: Path) -> list[Path]:
    """Return our files in the folder, oldest first."""
    return sorted(path for path in folder.glob("*") if _NAME_PATTERN.fullmatch(path.name))
