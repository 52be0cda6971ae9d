"""The catalogue's closed sets of values and the shape of a slug."""

import re
from enum import StrEnum

SLUG_LENGTH = 128
NAME_LENGTH = 120
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class ToolState(StrEnum):
    """Whether a tool goes on; `renamed` and `retired` ones may have a successor."""

    ACTIVE = "active"
    RENAMED = "renamed"
    RETIRED = "retired"


class Verdict(StrEnum):
    SHIP = "ship"
    SKIP = "skip"


class ReviewerKind(StrEnum):
    HUMAN = "human"
    AI = "ai"
    UNSTATED = "unstated"


class Basis(StrEnum):
    """What a review rests on."""

    HANDS_ON = "hands-on"
    DOCUMENTS = "documents"
    VENDOR_CLAIMS = "vendor-claims"
    UNSTATED = "unstated"


class PriceModel(StrEnum):
    FREE = "free"
    FREEMIUM = "freemium"
    PAID = "paid"
    CONTACT = "contact"
    UNKNOWN = "unknown"


class Period(StrEnum):
    MONTH = "month"
    YEAR = "year"
    ONCE = "once"
    USE = "use"


def slug_fault(slug: str) -> str | None:
    """Return what is wrong with a slug and what to do, in sentences, or None.

    The word "vs" is refused because it stands between slugs in the address of a comparison.
    """
    if len(slug) > SLUG_LENGTH:
        return f"This is longer than {SLUG_LENGTH} characters. Shorten it."
    if not _SLUG.fullmatch(slug):
        return "Enter lower-case letters a to z, digits, and single hyphens between them."
    if "vs" in slug.split("-"):
        return "The word “vs” separates tools in the address of a comparison. Leave it out."
    return None
