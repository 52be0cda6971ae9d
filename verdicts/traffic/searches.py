"""Which searches may be counted: normalised ones that hold nothing personal."""

import re

from verdicts.catalog.words import folded_words
from verdicts.mailing.addresses import has_address
from verdicts.traffic.models import MAX_SEARCH_LENGTH

MAX_WORDS = 6
MAX_WORD_LENGTH = 24
MIN_LENGTH = 2
MIN_PERSONAL_DIGITS = 6
MIN_KEY_LENGTH, MIN_KEY_DIGITS = 13, 3  # of a key or a token

# Digits as people group them: of a telephone, a card, an account, a network. "gpt 4.1" and "claude 3 5" are shorter.
_LONG_NUMBER = re.compile(rf"\d(?:[\s().,:/+-]*\d){{{MIN_PERSONAL_DIGITS - 1}}}")
_NETWORK = re.compile(r"\d+\.\d+\.\d+\.\d+")


def normalise(text: str) -> str | None:
    """Return a search as it is counted: folded words and single spaces. None for one that must not be counted.

    That is what may be somebody's address, number or key, what is prose rather than a search, and what has no words.
    """
    words = folded_words(text)
    normalised = " ".join(words)
    if "@" in text or has_address(text) or _LONG_NUMBER.search(text) or _NETWORK.search(text):
        return None
    if any(len(word) >= MIN_KEY_LENGTH and sum(map(str.isdigit, word)) >= MIN_KEY_DIGITS for word in words):
        return None
    if len(words) > MAX_WORDS or any(len(word) > MAX_WORD_LENGTH for word in words):
        return None
    return normalised if MIN_LENGTH <= len(normalised) <= MAX_SEARCH_LENGTH else None
