"""Mail addresses as SMTP and headers take them: ASCII where that is possible, one line, nothing invisible."""

import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr

from email_validator import EmailNotValidError, validate_email

# Embedding, override and isolate controls turn the text around them; a mark for a right-to-left letter is no such.
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069\u2028\u2029]")
# Not so "pkg@1.2.3", whose last part has no letter, nor a page "/@name.surname".
_LIKE_AN_ADDRESS = re.compile(r"[^\s@/]@(?:[^\s@.]+\.)+[^\s@.]*[^\W\d_]")
_PLAIN_DOMAIN = re.compile(r"[A-Za-z0-9._:\[\]-]{1,253}")


class HeaderRefused(ValueError):
    """A value must not become a header: it holds a line break, another control character, or does not fit a line."""


class AddressRefused(HeaderRefused):
    """This is no address that mail can be sent to."""


@dataclass(frozen=True)
class AddressParts:
    """An address, its domain in ASCII. Where `local` is not ASCII, only SMTPUTF8 (RFC 6531) can carry it."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        return not self.local.isascii()


def address_parts(address: str) -> AddressParts:
    """Return an address's parts as they are mailed, the domain by IDNA. Raises AddressRefused."""
    local, at, domain = address.rpartition("@")
    if not at or not is_one_line(address) or not address.isprintable():
        raise AddressRefused(f"{address!r} is no mail address")
    try:
        # Only the syntax: whether the domain is one that the world can reach is the relay's business.
        local = validate_email(f"{local}@example.org", check_deliverability=False, allow_quoted_local=True).local_part
        if not _PLAIN_DOMAIN.fullmatch(domain):
            domain = validate_email(f"x@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError as fault:
        raise AddressRefused(f"{address!r} is no mail address: {fault}") from fault
    return AddressParts(local, domain)


def holds_an_address(text: str) -> bool:
    """Say whether something in a text looks like a mail address, in whichever shapes of the at sign and the dot."""
    return bool(_LIKE_AN_ADDRESS.search(unicodedata.normalize("NFKC", text).replace("。", ".")))


def header_address(name: str, address: str) -> Address:
    """Return a name and an address as a header holds them, the name quoted or encoded as need be."""
    parts = address_parts(address)
    return Address(display_name=one_line(name), username=parts.local.strip('"'), domain=parts.domain)


def named(sender: str) -> tuple[str, str]:
    """Return the name, perhaps empty, and the address of "Name <address>" or of an address alone."""
    return parseaddr(one_line(sender))


def is_one_line(value: str) -> bool:
    """Say whether a value holds no control character, nothing that turns text around, and no half of a character."""
    return not _TURNING.search(value) and not any(unicodedata.category(each) in {"Cc", "Cs"} for each in value)


def one_line(value: str) -> str:
    """Return the value if it may become a header; raise HeaderRefused if not."""
    if not is_one_line(value):
        raise HeaderRefused(f"{value[:80]!r} holds a line break or another character that no header may hold")
    return value
