"""Mail addresses and header values: ASCII domains, one line, no invisible characters."""

import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from verdicts.texts import character_fault

# Matches neither "pkg@1.2.3", whose last part has no letter, nor a page's "/@name.surname".
_ADDRESS_IN_TEXT = re.compile(r"[^\s@/]@(?:[^\s@.]+\.)+[^\s@.]*[^\W\d_]")
_ASCII_DOMAIN = re.compile(r"[A-Za-z0-9._:\[\]-]{1,253}")
# Most local parts (RFC 5322's dot-atom). email-validator takes them too, in a hundred times the time; of their letters
# it would change only those of RFC 2142's names: "Postmaster" would be "postmaster".
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}$)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


class InvalidHeader(ValueError):
    """A value cannot be a header: it has a line break, another control character, or a word too long for a line."""


class InvalidAddress(InvalidHeader):
    """This is no address that mail can be sent to."""


@dataclass(frozen=True)
class AddressParts:
    """An address with its domain in ASCII. Where `local` is not ASCII, sending needs SMTPUTF8 (RFC 6531)."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


# An address is written into a message, and soon after into its envelope: so many are remembered meanwhile.
@lru_cache(maxsize=1024)
def parse_address(address: str) -> AddressParts:
    """Return an address's parts, the domain encoded by IDNA. Raises InvalidAddress."""
    local, at, domain = address.rpartition("@")
    if not at or not is_one_line(address) or not address.isprintable():
        raise InvalidAddress(f"{address!r} is no mail address")
    try:
        # Checks the syntax only: whether the domain can be reached is for the mail server to find out.
        if not _PLAIN_LOCAL.fullmatch(local):
            checked = validate_email(f"{local}@example.org", check_deliverability=False, allow_quoted_local=True)
            local = checked.local_part
        if not _ASCII_DOMAIN.fullmatch(domain):
            domain = validate_email(f"x@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    except EmailNotValidError as error:
        raise InvalidAddress(f"{address!r} is no mail address: {error}") from error
    return AddressParts(local, domain)


def has_address(text: str) -> bool:
    """Return whether something in a text looks like a mail address, whatever form its @ and dots have."""
    return bool(_ADDRESS_IN_TEXT.search(unicodedata.normalize("NFKC", text).replace("。", ".")))


def header_address(name: str, address: str) -> Address:
    """Return a name and an address as a header takes them, the name quoted or encoded as necessary."""
    parts = parse_address(address)
    return Address(display_name=require_one_line(name), username=parts.local.strip('"'), domain=parts.domain)


@lru_cache(maxsize=64)
def split_name_and_address(sender: str) -> tuple[str, str]:
    """Return the name, which may be empty, and the address of "Name <address>" or of an address alone."""
    return parseaddr(require_one_line(sender))


def is_one_line(value: str) -> bool:
    """Return whether a value has no control characters, no bidirectional controls and no lone surrogates."""
    return character_fault(value) is None


def require_one_line(value: str) -> str:
    """Return the value if it may stand in a header. Raises InvalidHeader."""
    if not is_one_line(value):
        raise InvalidHeader(f"{value[:80]!r} holds a line break or another character that no header may hold")
    return value
