"""Settings: read once from the environment, checked as a whole, frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from verdicts.config.mail import DigestSettings, MailSettings, read_digest, read_mail
from verdicts.config.reading import Reader, is_address, is_database, is_host, is_name, is_origin, is_redis

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LONGEST_REQUEST_BYTES = 256 * 1024


class SettingsError(Exception):
    """One or more settings are missing or wrong; `faults` names each in words."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("These settings need mending:\n" + "\n".join(f"  {fault}" for fault in faults))


@dataclass(frozen=True)
class Settings:
    """Everything the environment may say about one installation (.env.example explains each)."""

    secret_key: str
    secret_key_fallbacks: tuple[str, ...]
    hash_key: str
    base_url: str
    database_url: str
    redis_url: str | None
    site_name: str
    trusted_hosts: tuple[str, ...]
    proxy_hops: int
    host: str
    port: int
    web_concurrency: int
    instance_path: Path
    demo: bool
    contact_email: str | None
    votes_per_network_day: int
    require_totp: bool
    mail: MailSettings
    digest: DigestSettings

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` states, or raise SettingsError naming every fault.

    In the instance folder a `demo.env` may hold the demo's settings; the environment wins over it. An environment with
    keys of its own is another installation's, which the demo's settings and data are none of the business of.
    """
    instance_path = Path(environ.get("INSTANCE_PATH") or CHECKOUT / "instance").resolve()
    has_own_keys = bool(environ.get("SECRET_KEY") and environ.get("HASH_KEY")) and environ.get("DEMO") != "1"
    read = Reader({**({} if has_own_keys else _written_by_the_demo(instance_path)), **environ})
    demo = read.flag("DEMO")
    base_url = read.matching(
        "BASE_URL",
        "",
        is_origin,
        "an origin such as https://verdicts.example: lower case, without a path or the usual port",
    )
    settings = Settings(
        secret_key=read.key("SECRET_KEY"),
        secret_key_fallbacks=read.keys("SECRET_KEY_FALLBACKS"),
        hash_key=read.key("HASH_KEY"),
        base_url=base_url,
        database_url=read.matching(
            "DATABASE_URL",
            f"sqlite:///{instance_path / ('demo.sqlite3' if demo else 'verdicts.sqlite3')}",
            is_database,
            "sqlite:///… or postgresql+psycopg://…",
        ),
        redis_url=read.matching("REDIS_URL", "", is_redis, "redis://…, rediss://… or unix://…") or None,
        site_name=read.matching("SITE_NAME", "Verdicts", is_name, "1 to 60 printable characters"),
        trusted_hosts=read.hosts("TRUSTED_HOSTS", _host_of(base_url)),
        proxy_hops=read.number("PROXY_HOPS", 0, 0, 10),
        host=read.matching("HOST", "127.0.0.1", is_host, "an address or a host name to listen on"),
        port=read.number("PORT", 8000, 1, 65535),
        web_concurrency=read.number("WEB_CONCURRENCY", 2, 1, 64),
        instance_path=instance_path,
        demo=demo,
        contact_email=read.matching("CONTACT_EMAIL", "", is_address, "an email address") or None,
        votes_per_network_day=read.number("VOTES_PER_NETWORK_DAY", 20, 1, 1_000_000),
        require_totp=read.flag("REQUIRE_TOTP"),
        mail=read_mail(read, base_url),
        digest=read_digest(read),
    )
    if read.faults:
        raise SettingsError(read.faults)
    return settings


def _written_by_the_demo(instance_path: Path) -> dict[str, str]:
    found = dotenv_values(instance_path / "demo.env")
    return {name: value for name, value in found.items() if value is not None}


def _host_of(base_url: str) -> tuple[str, ...]:
    return ((urlsplit(base_url).hostname or ""),) if is_origin(base_url) else ()
