"""A slug for something that has a name."""

import re
import unicodedata

from verdicts.catalog.kinds import SLUG_LENGTH

_WORD = re.compile(r"[a-z0-9]+")
_DROPPED_CATEGORIES = frozenset({"Mn", "Mc", "Me", "Cf"})


def propose(name: str) -> str:
    """Return a valid slug made of a name's letters and digits, or "" where it has none that a slug takes."""
    words = [word for word in _WORD.findall(fold(name)) if word != "vs"]
    cut = "-".join(words)[:SLUG_LENGTH].strip("-")
    return cut.removesuffix("-vs")  # what is left of a longer word


def fold(text: str) -> str:
    """Return a text in lower case, without accents and without characters that only format it: "Café" is "cafe"."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(char for char in folded if unicodedata.category(char) not in _DROPPED_CATEGORIES)
