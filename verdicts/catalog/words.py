"""Splits texts into words, alike for what is indexed and for what is searched for.

Lower case, without accents, letters and digits only: so both databases find the same tools, and nothing that a visitor
types can be an operator. Where a script puts no spaces between words, a text is a run, of which pieces of one, two and
three characters are words: a word is found inside a run.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from verdicts.catalog.slugs import fold

MAX_WORD_LENGTH = 40

# The scripts that put no spaces between words, and Hangul, whose words have endings.
_UNSPACED_RANGES = {
    "Thai and Lao": "\u0e00-\u0eff",
    "Burmese": "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f",
    "Khmer": "\u1780-\u17ff",
    "Tai Le, New Tai Lue, Tai Tham, Tai Viet, Ahom": "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf\U00011700-\U0001174f",
    "Tagalog, Hanunoo, Buhid, Tagbanwa": "\u1700-\u177f",
    "Buginese, Rejang, Makasar, Kawi": "\u1a00-\u1a1f\ua930-\ua95f\U00011ee0-\U00011f5f",
    "Balinese, Sundanese, Batak": "\u1b00-\u1bff\u1cc0-\u1ccf",
    "Javanese": "\ua980-\ua9df",
    "Cham": "\uaa00-\uaa5f",
    "Yi": "\ua000-\ua4cf",
    "Vai": "\ua500-\ua63f",
    "kana and bopomofo": "\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\U0001aff0-\U0001b16f",
    "Hangul": "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff",
    "Han": "\u3005-\u3007\u3031-\u3035\u303b\u303c\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Tangut, Khitan, Nushu": "\U00016fe0-\U00018dff\U0001b170-\U0001b2ff",
}
_UNSPACED = "".join(_UNSPACED_RANGES.values())
_WORD = re.compile(rf"(?P<run>(?:(?=\w)[{_UNSPACED}])+)|(?:(?![{_UNSPACED}])[^\W_])+")
_LONGEST_PIECE = 3


def words_of(text: str) -> list[str]:
    """Return what is indexed of a text: its distinct words, folded, in the order of their first mention.

    Of a run without spaces these are its pieces of one to _LONGEST_PIECE characters.
    """
    return distinct(piece for word, is_run in split(text) for piece in (_pieces(word) if is_run else [word]))


def query_words(text: str) -> list[str]:
    """Return the words that a tool must hold to match a text: of a run without spaces, pieces that cover it."""
    return distinct(piece for word, is_run in split(text) for piece in (_cover(word) if is_run else [word]))


def folded_words(text: str) -> list[str]:
    """Return a text's words as they are compared, in its order; a run without spaces is one word."""
    return [word for word, _ in split(text)]


def plain_words(text: str) -> list[str]:
    """Return a text's words without the runs."""
    return [word for word, is_run in split(text) if not is_run]


def split(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a text's words, folded, and whether each is a run of a script without spaces."""
    folded = unicodedata.normalize("NFC", fold(text))  # fold() takes Hangul syllables apart
    return ((match[0], match["run"] is not None) for match in _WORD.finditer(folded))


def with_joined(text: str) -> list[str]:
    """Return the words of a text, and its neighbouring words and all of them run together."""
    words = plain_words(text)
    return distinct([*words_of(text), *map("".join, neighbours(words)), *filter(None, ["".join(words)])])


def as_one_word(text: str) -> str:
    """Return all of a text run together as one word."""
    return joined(word for word, _is_run in split(text))


def neighbours(words: Sequence[str]) -> list[Sequence[str]]:
    """Return each word with the next."""
    return [words[at : at + 2] for at in range(len(words) - 1)]


def joined(words: Iterable[str]) -> str:
    """Return words run together as one."""
    return "".join(words)[:MAX_WORD_LENGTH]


def distinct(words: Iterable[str]) -> list[str]:
    """Return each word once, in order, none longer than what is indexed."""
    return list(dict.fromkeys(word[:MAX_WORD_LENGTH] for word in words))


def _pieces(run: str) -> Iterator[str]:
    return (run[at : at + size] for at in range(len(run)) for size in range(1, min(_LONGEST_PIECE, len(run) - at) + 1))


def _cover(run: str) -> list[str]:
    last = max(len(run) - _LONGEST_PIECE, 0)
    return [run[at : at + _LONGEST_PIECE] for at in [*range(0, last, _LONGEST_PIECE), last]]
