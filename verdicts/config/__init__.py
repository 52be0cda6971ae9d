"""Settings: read once from the environment, checked as a whole, frozen."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from dotenv import dotenv_values
from flask import current_app
from pydantic import ValidationError

from verdicts.config import values
from verdicts.config.backup import BackupSettings
from verdicts.config.mail import DigestSettings, MailSettings
from verdicts.config.values import Flag, number, pattern

CHECKOUT = Path(__file__).resolve().parent.parent.parent
MAX_REQUEST_BYTES = 256 * 1024
DEMO_PASSWORD_NAME = "DEMO_ADMIN_PASSWORD"  # noqa: S105  # nosec B105  # what it is called in demo.env
REQUIRED = ("BASE_URL", "SECRET_KEY", "HASH_KEY")


class SettingsError(Exception):
    """One or more settings are missing or wrong. `faults` names each in words."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("These settings need fixing:\n" + "\n".join(f"  {fault}" for fault in faults))


class Settings(values.SettingsGroup):
    """Everything the environment may say about one installation (.env.example explains each)."""

    demo: Flag = False
    base_url: values.Origin
    secret_key: values.Key
    secret_key_fallbacks: values.Keys = ()
    hash_key: values.Key
    database_url: values.Database
    redis_url: Annotated[str | None, pattern("(redis|rediss|unix)://.*", "redis://…, rediss://… or unix://…")] = None
    site_name: values.SiteName = "Verdicts"
    trusted_hosts: values.Hosts = ()
    proxy_hops: Annotated[int, number(0, 10)] = 0
    host: values.Host = "127.0.0.1"
    port: Annotated[int, number(1, 65535)] = 8000
    web_concurrency: Annotated[int, number(1, 64)] = 2
    instance_path: Path
    contact_email: Annotated[str | None, pattern(r"[^@\s<>\"]+@[^@\s<>\"]+", "an email address")] = None
    votes_per_network_day: Annotated[int, number(1, 1_000_000)] = 20
    require_totp: Flag = False
    metrics_token: values.Token = None
    sentry_dsn: values.SentryDsn = None
    mail: MailSettings
    digest: DigestSettings
    backup: BackupSettings

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def host_cookie_prefix(self) -> str:
        """The prefix of a cookie that browsers take only over https, from this very host, for the path /."""
        return "__Host-" if self.is_https else ""

    @property
    def admin_cookie_path(self) -> str:
        return "/" if self.is_https else "/admin"

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def current_settings() -> Settings:
    """Return the settings of the application whose context is active."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def find_demo_password(instance_path: Path) -> str | None:
    """Return the password that `make demo` has written into demo.env for its admin."""
    return dotenv_values(instance_path / "demo.env").get(DEMO_PASSWORD_NAME)


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` states. Raises SettingsError, which names every fault.

    The file `demo.env` in the instance folder holds the demo's settings; the environment wins over it. An environment
    with keys of its own belongs to another installation, which must not get the demo's settings or data.
    """
    instance_path = Path(environ.get("INSTANCE_PATH") or CHECKOUT / "instance").resolve()
    has_own_keys = bool(environ.get("SECRET_KEY") and environ.get("HASH_KEY")) and environ.get("DEMO") != "1"
    demo = {} if has_own_keys else dotenv_values(instance_path / "demo.env")
    stated = {name: text.strip() for name, text in {**demo, **environ}.items() if text and text.strip(" \t\n,")}
    environment = {**_defaults(stated, instance_path), **stated, "INSTANCE_PATH": instance_path}
    try:
        return Settings.model_validate(
            {**environment, "MAIL": environment, "DIGEST": environment, "BACKUP": environment}
        )
    except ValidationError as error:
        raise SettingsError(list(_faults(error))) from None


def _defaults(stated: Mapping[str, str], instance_path: Path) -> dict[str, str]:
    """Return the defaults that follow from other settings. Required settings are empty, which their rules refuse."""
    database = instance_path / ("demo.sqlite3" if stated.get("DEMO") == "1" else "verdicts.sqlite3")
    defaults = {**dict.fromkeys(REQUIRED, ""), "DATABASE_URL": f"sqlite:///{database}"}
    base_url = stated.get("BASE_URL", "")
    host = urlsplit(base_url).hostname if values.is_origin(base_url) else None
    if host:
        defaults["TRUSTED_HOSTS"] = host
        if host == "::1":  # nobody would reach that at 127.0.0.1
            defaults["HOST"] = host
        if ":" not in host:  # an IPv6 address is no domain that mail comes from
            defaults["MAIL_DEFAULT_SENDER"] = f"verdicts@{host}"
    return defaults


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors(include_url=False, include_input=False):
        name = next(part for part in reversed(fault["loc"]) if isinstance(part, str))
        yield f"{name} {fault['ctx']['error']}"
