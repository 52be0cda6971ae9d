"""The address of a comparison: its tools' slugs joined by "-vs-", ascending in its one canonical form."""

from collections.abc import Iterable

from verdicts.catalog.kinds import SLUG_LENGTH
from verdicts.comparisons.wording import number

JOINT = "-vs-"
MIN_TOOLS, MAX_TOOLS = 2, 4


class AddressFault(ValueError):
    """An address that cannot be that of a comparison; the message says why, in words for its reader."""


class TooFewTools(AddressFault):
    pass


class TooManyTools(AddressFault):
    pass


class TooLong(AddressFault):
    pass


class SameToolTwice(AddressFault):
    pass


def canonical(slugs: Iterable[str]) -> str:
    """Return the one address of these tools, whatever order they come in."""
    return JOINT.join(sorted(slugs))


def parse(address: str) -> list[str]:
    """Return the slugs that an address names, in its order; no slug may contain the word "vs", so it reads one way.

    Raises TooFewTools, TooManyTools, TooLong or SameToolTwice.
    """
    slugs = [slug for slug in address.split(JOINT) if slug]
    check(slugs)
    if any(len(slug) > SLUG_LENGTH for slug in slugs):
        raise TooLong(f"No tool has a name of more than {SLUG_LENGTH} characters here.")
    return slugs


def check(slugs: list[str]) -> None:
    """Raise an AddressFault if tools with these slugs cannot be compared."""
    if len(slugs) < MIN_TOOLS:
        raise TooFewTools(f"A comparison needs at least {number(MIN_TOOLS)} tools.")
    if len(slugs) > MAX_TOOLS:
        raise TooManyTools(f"A comparison holds {number(MAX_TOOLS)} tools at most.")
    if len(set(slugs)) < len(slugs):
        raise SameToolTwice("A tool cannot be compared with itself.")
