"""The settings of backups."""

from datetime import time
from typing import Annotated

from pydantic import ConfigDict, Field

from verdicts.config.values import SettingsGroup, TimeOfDay, pattern


class BackupSettings(SettingsGroup):
    """Where `flask work` puts a backup each night: nowhere without a `folder`. A `passphrase` encrypts every backup."""

    model_config = ConfigDict(alias_generator=lambda name: f"BACKUP_{name.upper()}")

    folder: Annotated[str | None, pattern("/.+", "the absolute path of a folder")] = Field(None, alias="BACKUP_DIR")
    at: TimeOfDay = time(3)
    passphrase: str | None = Field(None, repr=False)
