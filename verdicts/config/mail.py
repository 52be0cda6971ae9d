"""The settings of mail and of the weekly digest."""

from dataclasses import dataclass
from datetime import time
from urllib.parse import urlsplit

from verdicts.config.reading import Reader, is_host_name, is_origin, is_sender, is_url, is_weekly_moment

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class MailSettings:
    """How mail leaves. Without a `server` it goes to files in the instance folder."""

    server: str | None
    port: int
    username: str | None
    password: str | None
    use_tls: bool
    use_ssl: bool
    default_sender: str
    rate_per_minute: int
    max_per_day: int
    connections: int
    bounce_domain: str | None
    postal_address: str


@dataclass(frozen=True)
class DigestSettings:
    """When the weekly edition is drafted, in UTC, and whether it goes out without an editor's word.

    `weekday` counts from Monday, 0. `ping_url` is called after each `flask digest run`.
    """

    weekday: int
    at: time
    auto: bool
    ping_url: str | None


def read_mail(read: Reader, base_url: str) -> MailSettings:
    host = urlsplit(base_url).hostname if is_origin(base_url) else None
    if host and ":" in host:  # an IPv6 address is no domain that mail comes from
        host = None
    settings = MailSettings(
        server=read.text("MAIL_SERVER") or None,
        port=read.number("MAIL_PORT", 25, 1, 65535),
        username=read.text("MAIL_USERNAME") or None,
        password=read.text("MAIL_PASSWORD") or None,
        use_tls=read.flag("MAIL_USE_TLS"),
        use_ssl=read.flag("MAIL_USE_SSL"),
        default_sender=read.matching(
            "MAIL_DEFAULT_SENDER",
            f"verdicts@{host or 'localhost'}",
            is_sender,
            "an address, or a name with one: Verdicts <digest@verdicts.example>",
        ),
        rate_per_minute=read.number("MAIL_RATE_PER_MINUTE", 600, 1, 1_000_000),
        max_per_day=read.number("MAIL_MAX_PER_DAY", 100_000, 1, 100_000_000),
        connections=read.number("MAIL_CONNECTIONS", 4, 1, 64),
        bounce_domain=read.matching("BOUNCE_DOMAIN", "", is_host_name, "a host name") or None,
        postal_address=read.text("POSTAL_ADDRESS"),
    )
    if settings.use_tls and settings.use_ssl:
        read.faults.append("MAIL_USE_TLS and MAIL_USE_SSL are both 1: choose one (TLS on port 587, SSL on 465).")
    return settings


def read_digest(read: Reader) -> DigestSettings:
    moment = read.matching("DIGEST_AT", "mon 08:00", is_weekly_moment, "a weekday and a time in UTC: mon 08:00")
    day, _, clock = (moment if is_weekly_moment(moment) else "mon 08:00").partition(" ")
    return DigestSettings(
        weekday=_DAYS.index(day),
        at=time.fromisoformat(clock),
        auto=read.flag("DIGEST_AUTO"),
        ping_url=read.matching("PING_URL", "", is_url, "an http or https address") or None,
    )
