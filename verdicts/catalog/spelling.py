"""Corrects a search that finds nothing: one letter of a name wrong, missing, added or swapped.

Two texts that differ in one letter have a text in common that is one of them, or one of them without a letter. So each
term of a name is stored under itself and under itself without each of its letters, and one look-up by the same keys of
what was typed finds every term nearby, however many there are. Digits are never corrected: GPT-4 is not GPT-5.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

import sqlalchemy as sa

from verdicts.catalog.models import SpellingKey
from verdicts.extensions import Base, db, insert

MIN_TERM_LENGTH = 4  # below it, a name differs from most others by one letter
MIN_TYPED_LENGTH = MIN_TERM_LENGTH - 1

spelling_key = Base.metadata.tables[SpellingKey.__tablename__]
_BY_KEY = sa.select(spelling_key.c.term, spelling_key.c.written).where(
    spelling_key.c.key.in_(sa.bindparam("keys", expanding=True))
)


def store(terms: Mapping[str, str], connection: sa.Connection) -> None:
    """Let these terms be found by one letter less, each as it is written: {"claudecode": "claude code"}.

    One statement. A term that its tool gives up stays until all tools are indexed again: it finds nothing then.
    """
    long_enough = {term: written for term, written in terms.items() if len(term) >= MIN_TERM_LENGTH}
    rows = sorted((key, term, written) for term, written in long_enough.items() for key in keys_of(term))
    if rows:
        # In one order, so that two transactions that store the same rows wait for each other instead of both failing.
        values = [{"key": key, "term": term, "written": written} for key, term, written in rows]
        connection.execute(insert(spelling_key).on_conflict_do_nothing(), values)


def clear(connection: sa.Connection) -> None:
    connection.execute(sa.delete(spelling_key))


def correct(words: Sequence[str]) -> str:
    """Return these words with each unknown one as the nearest name is written, or "" where none is near.

    One statement. The words run together are tried before each alone, so that "claude cde" is "claude code".
    """
    pairs = [first + second for first, second in pairwise(words)]
    near = _near(["".join(words), *pairs, *words])
    whole = near.get("".join(words))
    return whole or _correct_each(words, near)


def keys_of(term: str) -> set[str]:
    """Return a term, and the term without each of its letters."""
    return {term, *(term[:at] + term[at + 1 :] for at, char in enumerate(term) if not char.isdigit())}


def is_one_letter_off(one: str, other: str) -> bool:
    """Say whether a letter wrong, missing, added or swapped with the next is all that differs, digits apart."""
    if [char for char in one if char.isdigit()] != [char for char in other if char.isdigit()]:
        return False
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    one, other = one[same:], other[same:]
    is_swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    return one != other and (is_swapped or one[1:] in (other[1:], other) or one == other[1:])


def _near(typed: Collection[str]) -> dict[str, str]:
    """Return how the nearest term to each text is written; a text that is a term is nearest to itself."""
    long_enough = list(dict.fromkeys(text for text in typed if len(text) >= MIN_TYPED_LENGTH))
    keys = sorted({key for text in long_enough for key in keys_of(text)})
    written = {row.term: row.written for row in db.session.connection().execute(_BY_KEY, {"keys": keys})}
    nearest = ((text, _nearest(text, written)) for text in long_enough)
    return {text: text if term == text else written[term] for text, term in nearest if term}


def _nearest(text: str, terms: Iterable[str]) -> str:
    """Return the term itself, else one that begins alike and is as long, else the first in the alphabet; or ""."""
    near = [term for term in terms if term == text or is_one_letter_off(text, term)]
    return min(near, key=lambda term: (term != text, term[0] != text[0], len(term) != len(text), term), default="")


def _correct_each(words: Sequence[str], near: Mapping[str, str]) -> str:
    corrected = []
    left = list(words)
    while left:
        word = left.pop(0)
        pair = word + left[0] if left else ""
        if word not in near and pair in near:
            corrected.append(near[pair])
            left.pop(0)
        else:
            corrected.append(near.get(word, word))
    return " ".join(corrected) if corrected != list(words) else ""
