"""Subscribers' addresses: parsed by their syntax alone, with a hash that all spellings of one mailbox share."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from verdicts.mailing.addresses import InvalidAddress
from verdicts.newsletter.models import MAX_ADDRESS_LENGTH
from verdicts.newsletter.tokens import keyed_hash

MISSING_AT = "An email address has an @: you@example.org."

# Providers that deliver to one mailbox wherever the dots are, and another name of one of them.
_WITHOUT_DOTS = {"gmail.com", "proton.me", "protonmail.com", "pm.me"}
_SAME_DOMAIN = {"googlemail.com": "gmail.com"}


@dataclass(frozen=True)
class Address:
    """A normalised address and its key, by which the database recognises it when the address itself is deleted."""

    text: str
    key: str


def parse_email(text: str) -> Address:
    """Return the address that somebody typed; its domain may have letters of any script.

    Raises InvalidAddress, whose message is for people.
    """
    text = text.strip()
    if not text:
        raise InvalidAddress("Type your email address.")
    if len(text) > 2 * MAX_ADDRESS_LENGTH:
        raise InvalidAddress("This is longer than an email address can be.")
    try:
        email = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise InvalidAddress(_in_words(error) if "@" in text else MISSING_AT) from None
    if len(email.normalized) > MAX_ADDRESS_LENGTH:
        raise InvalidAddress("This is longer than an email address can be.")
    mailbox = f"{email.local_part.casefold()}@{(email.ascii_domain or email.domain).lower()}"
    return Address(email.normalized, keyed_hash("address", mailbox.encode()).hex())


def _in_words(error: EmailNotValidError) -> str:
    """Return the library's message in the words that people use."""
    message = str(error).replace("It should have a period.", "It needs a dot, as in example.org.")
    return message.replace("period", "dot").replace("@-sign", "@")


def mailbox_key(address: str) -> str:
    """Return a keyed hash that all addresses of one mailbox share, tagged ones (ann+tag@example.org) among them.

    Only limits use it: at some providers two people may have such addresses, and both must be able to subscribe.
    """
    local, _, domain = address.casefold().rpartition("@")
    domain = _SAME_DOMAIN.get(domain, domain)
    local = local.partition("+")[0] or local
    if domain in _WITHOUT_DOTS:
        local = local.replace(".", "")
    return keyed_hash("mailbox", f"{local}@{domain}".encode()).hex()
