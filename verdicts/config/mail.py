"""The settings of mail and of the weekly digest."""

from datetime import time
from typing import Annotated

from pydantic import ConfigDict, Field, ValidationInfo, field_validator

from verdicts.config.values import Flag, PostalAddress, Sender, SettingsGroup, Weekly, WeeklyMoment, number, pattern


class MailSettings(SettingsGroup):
    """How mail leaves. Without a `server` it goes to files in the instance folder."""

    model_config = ConfigDict(alias_generator=lambda name: f"MAIL_{name.upper()}")

    server: str | None = None
    port: Annotated[int, number(1, 65535)] = 25
    username: str | None = None
    password: str | None = Field(None, repr=False)
    use_ssl: Flag = False
    use_tls: Flag = False
    default_sender: Sender = "verdicts@localhost"
    rate_per_minute: Annotated[int, number(1, 1_000_000)] = 600
    max_per_day: Annotated[int, number(1, 100_000_000)] = 100_000
    connections: Annotated[int, number(1, 64)] = 4
    bounce_domain: Annotated[str | None, pattern("[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", "a host name")] = Field(
        None, alias="BOUNCE_DOMAIN"
    )
    postal_address: PostalAddress = Field("", alias="POSTAL_ADDRESS")

    @field_validator("use_tls")
    @classmethod
    def _refuse_both(cls, use_tls: bool, info: ValidationInfo) -> bool:
        if use_tls and info.data.get("use_ssl"):
            raise ValueError("and MAIL_USE_SSL are both 1: choose one (TLS on port 587, SSL on 465).")
        return use_tls


class DigestSettings(SettingsGroup):
    """When the weekly edition is drafted, and whether it goes out without an editor's word.

    `ping_url` is requested by `flask work` and `flask digest run`.
    """

    draft_at: Weekly = Field(WeeklyMoment(0, time(8)), alias="DIGEST_AT")
    auto: Flag = Field(False, alias="DIGEST_AUTO")
    ping_url: Annotated[str | None, pattern(r"https?://[^\s<>\"]+", "an http or https address")] = None
