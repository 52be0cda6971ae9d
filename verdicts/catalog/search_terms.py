"""What a search looks for: the words of a text, in the ways in which a tool may hold them, and what it must be."""

from collections.abc import Sequence
from dataclasses import dataclass

from verdicts.catalog.search_index import WHOLE
from verdicts.catalog.words import as_one_word, distinct, joined, query_words, split

MAX_QUERY_WORDS = 8
MAX_QUERY_LENGTH = 200

# Words of English that say nothing of what is looked for, apart by spaces.
_FILLERS = """
    a ai an and any app are at be best by can do for from good how i in is it make me my not of on or our software
    that the to tool tools top use using we what which who with without your
"""

# Lists of words by search_index.property_word(), of each of which a tool must have one.
Properties = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Terms:
    """What a tool must hold: all words of one of the `ways`, or `whole` as a name; and one of each of its properties.

    The ways are the words as typed, those with two neighbours run together, and all of them run together. With
    `any_word` they are each word alone, and only names and taglines are looked through.
    """

    words: Sequence[str]
    ways: Sequence[Sequence[str]]
    whole: str
    properties: Properties
    any_word: bool


def read_terms(text: str, properties: Properties = (), *, any_word: bool = False) -> Terms | None:
    """Return what is looked for. None where nothing matches: a text without words, or no text and no properties."""
    typed = text[:MAX_QUERY_LENGTH]
    words = query_words(typed)[:MAX_QUERY_WORDS]
    if any_word:
        fillers = _FILLERS.split()
        words = [word for word in words if word not in fillers]
    if not words and (text or not properties):
        return None
    ways = [[word] for word in words] if any_word else _ways_of(typed, words)
    return Terms(words, ways, WHOLE + as_one_word(typed), properties, any_word)


def _ways_of(text: str, words: list[str]) -> list[list[str]]:
    parts = list(split(text))[:MAX_QUERY_WORDS]
    if not parts or any(is_run for _word, is_run in parts):
        return [words] if words else []
    plain = [word for word, _is_run in parts]
    pairs = [[*plain[:at], joined(plain[at : at + 2]), *plain[at + 2 :]] for at in range(len(plain) - 1)]
    ways = [words, *map(distinct, pairs), [joined(plain)]]
    return [way for number, way in enumerate(ways) if way not in ways[:number]]
