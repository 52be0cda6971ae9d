"""Settings: read once from the environment, checked as a whole, frozen."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from dotenv import dotenv_values

CHECKOUT = Path(__file__).resolve().parent.parent
LONGEST_REQUEST_BYTES = 256 * 1024
SHORTEST_KEY_LENGTH = 32
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?",
)


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

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


class _Reader:
    """Reads settings one by one and collects what is wrong instead of stopping at the first fault."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.faults: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        return self._environ.get(name, "").strip() or default

    def listed(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip()) or default

    def hosts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        found = self.listed(name, default)
        for host in found:
            if not _is_host(host.removeprefix(".")):
                self.faults.append(f"{name} has {host!r}: it takes host names, without http:// or a port.")
        return found

    def keys(self, name: str) -> tuple[str, ...]:
        found = self.listed(name)
        if any(len(key) < SHORTEST_KEY_LENGTH for key in found):
            self.faults.append(f"{name} has a key of less than {SHORTEST_KEY_LENGTH} characters.")
        return found

    def key(self, name: str) -> str:
        value = self.text(name)
        if len(value) < SHORTEST_KEY_LENGTH:
            state = "is missing" if not value else f"has only {len(value)} characters"
            self.faults.append(f"{name} {state}: give it at least {SHORTEST_KEY_LENGTH} random characters.")
        return value

    def number(self, name: str, default: int, lowest: int, highest: int) -> int:
        value = self.text(name, str(default))
        if re.fullmatch(r"[0-9]{1,9}", value) and lowest <= int(value) <= highest:
            return int(value)
        self.faults.append(f"{name} is {value!r}: it takes a whole number from {lowest} to {highest}.")
        return default

    def flag(self, name: str) -> bool:
        value = self.text(name, "0")
        if value not in {"0", "1"}:
            self.faults.append(f"{name} is {value!r}: it takes 0 or 1.")
        return value == "1"

    def matching(self, name: str, default: str, fits: Callable[[str], bool], wanted: str) -> str:
        value = self.text(name, default)
        if not fits(value):
            shown = re.sub("://.*@", "://…@", value)  # what stands before the @ may be a password
            state = f"is {shown!r}" if value else "is missing"
            self.faults.append(f"{name} {state}: it takes {wanted}.")
        return value


def _is_origin(value: str) -> bool:
    """Say whether this is an origin just as browsers write it: it is compared with what they send."""
    parts = _ORIGIN.fullmatch(value)
    return parts is not None and (not parts["port"] or _is_own_port(parts["scheme"], int(parts["port"])))


def _is_own_port(scheme: str, port: int) -> bool:
    return 0 < port < 65536 and (scheme, port) not in {("http", 80), ("https", 443)}


def _is_database(value: str) -> bool:
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        return False
    return value.startswith(("sqlite:///", "postgresql+psycopg://")) and url.database not in {None, "", ":memory:"}


def _is_redis(value: str) -> bool:
    return not value or value.startswith(("redis://", "rediss://", "unix://"))


def _is_host(value: str) -> bool:
    return re.fullmatch(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|\[?[0-9a-f:.]*:[0-9a-f:.]+\]?", value) is not None


def _is_address(value: str) -> bool:
    return not value or re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", value) is not None


def _is_name(value: str) -> bool:
    return 0 < len(value) <= 60 and value.isprintable()


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings that `environ` states, or raise SettingsError naming every fault.

    In the instance folder a `demo.env` may hold the demo's settings; the environment wins over it.
    """
    instance_path = Path(environ.get("INSTANCE_PATH") or CHECKOUT / "instance").resolve()
    written = {name: value for name, value in dotenv_values(instance_path / "demo.env").items() if value is not None}
    read = _Reader({**written, **environ})
    base_url = read.matching(
        "BASE_URL",
        "",
        _is_origin,
        "an origin such as https://verdicts.example: lower case, without a path or the usual port",
    )
    settings = Settings(
        secret_key=read.key("SECRET_KEY"),
        secret_key_fallbacks=read.keys("SECRET_KEY_FALLBACKS"),
        hash_key=read.key("HASH_KEY"),
        base_url=base_url,
        database_url=read.matching(
            "DATABASE_URL",
            f"sqlite:///{instance_path / 'verdicts.sqlite3'}",
            _is_database,
            "sqlite:///… or postgresql+psycopg://…",
        ),
        redis_url=read.matching("REDIS_URL", "", _is_redis, "redis://…, rediss://… or unix://…") or None,
        site_name=read.matching("SITE_NAME", "Verdicts", _is_name, "1 to 60 printable characters"),
        trusted_hosts=read.hosts("TRUSTED_HOSTS", _host_of(base_url)),
        proxy_hops=read.number("PROXY_HOPS", 0, 0, 10),
        host=read.matching("HOST", "127.0.0.1", _is_host, "an address or a host name to listen on"),
        port=read.number("PORT", 8000, 1, 65535),
        web_concurrency=read.number("WEB_CONCURRENCY", 2, 1, 64),
        instance_path=instance_path,
        demo=read.flag("DEMO"),
        contact_email=read.matching("CONTACT_EMAIL", "", _is_address, "an email address") or None,
        votes_per_network_day=read.number("VOTES_PER_NETWORK_DAY", 20, 1, 1_000_000),
    )
    if read.faults:
        raise SettingsError(read.faults)
    return settings


def _host_of(base_url: str) -> tuple[str, ...]:
    return ((urlsplit(base_url).hostname or ""),) if _is_origin(base_url) else ()
