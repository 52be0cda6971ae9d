"""The address of a comparison: two to four slugs joined by "-vs-", ascending in its one canonical form."""

from collections.abc import Iterable

from verdicts.catalog.kinds import SLUG_LENGTH

JOINT = "-vs-"
FEWEST, MOST = 2, 4


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
    """Raise the fault of a list of slugs that cannot be compared, if there is one."""
    if len(slugs) < FEWEST:
        raise TooFewTools("A comparison needs at least two tools.")
    if len(slugs) > MOST:
        raise TooManyTools("A comparison holds four tools at most.")
    if len(set(slugs)) < len(slugs):
        raise SameToolTwice("A tool cannot be compared with itself.")
