"""Reading settings one by one, and collecting what is wrong with them."""

import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

SHORTEST_KEY_LENGTH = 32
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4}))?",
)


class Reader:
    """Reads settings and collects what is wrong with them instead of stopping at the first fault."""

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
            if not is_host(host.removeprefix(".")):
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


def is_origin(value: str) -> bool:
    """Say whether this is an origin just as browsers write it: it is compared with what they send."""
    parts = _ORIGIN.fullmatch(value)
    return parts is not None and (not parts["port"] or _is_own_port(parts["scheme"], int(parts["port"])))


def _is_own_port(scheme: str, port: int) -> bool:
    return 0 < port < 65536 and (scheme, port) not in {("http", 80), ("https", 443)}


def is_database(value: str) -> bool:
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        return False
    return value.startswith(("sqlite:///", "postgresql+psycopg://")) and url.database not in {None, "", ":memory:"}


def is_redis(value: str) -> bool:
    return not value or value.startswith(("redis://", "rediss://", "unix://"))


def is_host(value: str) -> bool:
    return re.fullmatch(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?|\[?[0-9a-f:.]*:[0-9a-f:.]+\]?", value) is not None


def is_address(value: str) -> bool:
    return not value or re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+", value) is not None


def is_name(value: str) -> bool:
    return 0 < len(value) <= 60 and value.isprintable()


def is_sender(value: str) -> bool:
    """Say whether this is an address, or a name with an address in angle brackets, on one line."""
    if not value:
        return True
    local, at, domain = parseaddr(value)[1].rpartition("@")
    if not (at and value.isprintable() and re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,253}", domain)):
        return False
    try:
        validate_email(f"{local}@example.org", check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def is_host_name(value: str) -> bool:
    return not value or re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", value) is not None


def is_url(value: str) -> bool:
    return not value or re.fullmatch(r"https?://[^\s<>\"]+", value) is not None


def is_weekly_moment(value: str) -> bool:
    return re.fullmatch(r"(mon|tue|wed|thu|fri|sat|sun) ([01][0-9]|2[0-3]):[0-5][0-9]", value) is not None
