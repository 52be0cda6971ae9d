"""Addresses: what was typed, checked by its form alone, and the hash that two spellings of one mailbox share."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from verdicts.newsletter.keys import keyed_hash
from verdicts.newsletter.models import ADDRESS_LENGTH


class NotAnAddress(ValueError):
    """This is no address; the message says what is wrong with it."""


@dataclass(frozen=True)
class Address:
    """A normalised address and its key, under which the database knows it when the address itself is gone."""

    text: str
    key: str


def parse(typed: str) -> Address:
    """Return a typed address, its domain perhaps with letters of any script. Raises NotAnAddress."""
    typed = typed.strip()
    if not typed:
        raise NotAnAddress("Type your email address.")
    if len(typed) > 2 * ADDRESS_LENGTH:
        raise NotAnAddress("This is longer than an email address can be.")
    try:
        found = validate_email(typed, check_deliverability=False, strict=True)
    except EmailNotValidError as fault:
        raise NotAnAddress(_in_words(str(fault), typed)) from None
    if len(found.normalized) > ADDRESS_LENGTH:
        raise NotAnAddress("This is longer than an email address can be.")
    return Address(found.normalized, _key(found.local_part, found.ascii_domain or found.domain))


def _key(local_part: str, ascii_domain: str) -> str:
    return keyed_hash("address", f"{local_part.casefold()}@{ascii_domain.lower()}".encode()).hex()


def _in_words(fault: str, typed: str) -> str:
    if "@" not in typed:
        return "An email address has an @: you@example.org."
    return fault
