"""The kinds of values that settings have: each reads text, and says in words what it takes."""

import re
from collections.abc import Callable
from datetime import time
from email.utils import parseaddr
from ipaddress import IPv6Address
from typing import Annotated, NamedTuple

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from verdicts.texts import LINE_ENDS_AND_TABS, character_fault

MIN_KEY_LENGTH = 32
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://([a-z0-9][a-z0-9._-]*|\[(?P<ipv6>[0-9a-f:.]+)\])(:(?P<port>[1-9][0-9]{0,4}))?"
)


class SettingsGroup(BaseModel):
    """Settings that are named like environment variables, and do not change."""

    model_config = ConfigDict(frozen=True, alias_generator=str.upper)


class WeeklyMoment(NamedTuple):
    """A moment of every week, in UTC. `weekday` counts from Monday, 0."""

    weekday: int
    at: time


def number(lowest: int, highest: int) -> BeforeValidator:
    """Return what reads plain digits only: pydantic alone would take "+80" and "80.0" too."""

    def read(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", text) and lowest <= int(text) <= highest:
            return int(text)
        raise ValueError(f"is {text!r}: it takes a whole number from {lowest} to {highest}.")

    return BeforeValidator(read)


def matching(fits: Callable[[str], bool], words: str) -> AfterValidator:
    """Return what takes text that `fits`. The words tell an operator what that is."""

    def check(text: str) -> str:
        if fits(text):
            return text
        shown = re.sub("://.*@", "://…@", text)  # what stands before the @ may be a password
        state = f"is {shown!r}" if text else "is missing"
        raise ValueError(f"{state}: it takes {words}.")

    return AfterValidator(check)


def pattern(expression: str, words: str) -> AfterValidator:
    return matching(lambda text: re.fullmatch(expression, text) is not None, words)


def _read_flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"is {text!r}: it takes 0 or 1.")
    return text == "1"


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _check_key(key: str) -> str:
    if len(key) < MIN_KEY_LENGTH:
        state = f"has only {len(key)} characters" if key else "is missing"
        raise ValueError(f"{state}: give it at least {MIN_KEY_LENGTH} random characters.")
    return key


def _check_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    if any(len(key) < MIN_KEY_LENGTH for key in keys):
        raise ValueError(f"has a key of less than {MIN_KEY_LENGTH} characters.")
    return keys


def _check_host(host: str) -> str:
    host = plain_host(host)
    if not is_host(host.removeprefix(".")):
        raise ValueError(f"has {host!r}: it takes host names, without http:// or a port.")
    return host


def plain_host(host: str) -> str:
    """Return an IPv6 address without brackets and as short as it can be, and any other text as it is."""
    try:
        return IPv6Address(host[1:-1] if host[:1] + host[-1:] == "[]" else host).compressed
    except ValueError:
        return host


def _read_weekly_moment(text: str) -> WeeklyMoment:
    if not re.fullmatch(f"({'|'.join(_DAYS)}) ([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(f"is {text!r}: it takes a weekday and a time in UTC: mon 08:00.")
    day, _, clock = text.partition(" ")
    return WeeklyMoment(_DAYS.index(day), time.fromisoformat(clock))


def _read_time(text: str) -> time:
    if not re.fullmatch("([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(f"is {text!r}: it takes a time in UTC: 03:00.")
    return time.fromisoformat(text)


def is_origin(value: str) -> bool:
    """Say whether this is an origin just as browsers write it: it is compared with what they send."""
    parts = _ORIGIN.fullmatch(value)
    if parts is None or (parts["port"] and not _is_own_port(parts["scheme"], int(parts["port"]))):
        return False
    return not parts["ipv6"] or parts["ipv6"] == _as_browsers_write(parts["ipv6"])


def _is_own_port(scheme: str, port: int) -> bool:
    return 0 < port < 65536 and (scheme, port) not in {("http", 80), ("https", 443)}


def _as_browsers_write(ipv6: str) -> str | None:
    try:
        address = IPv6Address(ipv6)
    except ValueError:
        return None
    mapped = address.ipv4_mapped  # Python writes it with dots, browsers do not
    return f"::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}" if mapped else address.compressed


def is_database(value: str) -> bool:
    try:
        url = sa.make_url(value)
    except (sa.exc.ArgumentError, ValueError):
        return False
    return value.startswith(("sqlite:///", "postgresql+psycopg://")) and url.database not in {None, "", ":memory:"}


def is_host(value: str) -> bool:
    """Say whether this is a host name, an IPv4 address, or an IPv6 address as plain_host() returns it."""
    if ":" in value:
        return is_ipv6(value)
    return re.fullmatch(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?", value) is not None


def is_ipv6(value: str) -> bool:
    try:
        IPv6Address(value)
    except ValueError:
        return False
    return "%" not in value


def is_name(value: str) -> bool:
    return len(value) <= 60 and value.isprintable()


def is_sender(value: str) -> bool:
    """Say whether this is an address, or a name with an address in angle brackets, on one line."""
    local, at, domain = parseaddr(value)[1].rpartition("@")
    if not (at and value.isprintable() and re.fullmatch(r"[A-Za-z0-9._:\[\]-]{1,253}", domain)):
        return False
    try:
        validate_email(f"{local}@example.org", check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


Origin = Annotated[
    str,
    matching(
        is_origin,
        "an origin such as https://verdicts.example or http://[::1]:8000: lower case, an IPv6 address in its shortest"
        " form, without a path or the usual port",
    ),
]
Database = Annotated[str, matching(is_database, "sqlite:///… or postgresql+psycopg://…")]
SiteName = Annotated[str, matching(is_name, "1 to 60 printable characters")]
Host = Annotated[
    str, BeforeValidator(plain_host), matching(is_host, "an address or a host name to listen on, without a port")
]
Sender = Annotated[str, matching(is_sender, "an address, or a name with one: Verdicts <digest@verdicts.example>")]
PostalAddress = Annotated[
    str, matching(lambda text: not character_fault(text, LINE_ENDS_AND_TABS), "text without control characters")
]
Token = Annotated[str | None, pattern(r"[!-~]+", "characters of ASCII without spaces, random ones"), Field(repr=False)]
SentryDsn = Annotated[
    str | None,
    pattern(r"https?://[^\s/@]+@[^\s/@]+/(\S+/)?[0-9]+", "a DSN such as https://key@sentry.example/1"),
    Field(repr=False),
]
Flag = Annotated[bool, BeforeValidator(_read_flag)]
Key = Annotated[str, AfterValidator(_check_key), Field(repr=False)]
Keys = Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_check_keys), Field(repr=False)]
Hosts = Annotated[tuple[Annotated[str, AfterValidator(_check_host)], ...], BeforeValidator(_split)]
TimeOfDay = Annotated[time, BeforeValidator(_read_time)]
Weekly = Annotated[WeeklyMoment, BeforeValidator(_read_weekly_moment)]
