"""What people type: whether a text shows anything, what may not stand in it, and where its lines are."""

import re
import unicodedata

# Letters and signs by their category that are drawn as nothing: fillers of Hangul, a Braille cell without dots, …
_INVISIBLE_SIGNS = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
# Reserved for more of them (Unicode's property Default_Ignorable_Code_Point).
_RESERVED_INVISIBLE = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Me", "Zl", "Zp", "Zs"})
# Embeddings, overrides and isolates reorder the text around them. Single marks (U+200E, U+200F, U+061C) do not.
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile("\r\n|\n|\r")


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing: it is empty, or has only spaces and invisible characters."""
    return all(map(_is_invisible, text))


def _is_invisible(sign: str) -> bool:
    if sign in _INVISIBLE_SIGNS or unicodedata.category(sign) in _INVISIBLE_CATEGORIES:
        return True
    return _RESERVED_INVISIBLE.match(sign) is not None


def find_bidi_control(text: str) -> str | None:
    """Return the first character of a text that reorders what stands around it."""
    match = _BIDI_CONTROL.search(text)
    return match[0] if match else None


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Return where a character of a text stands, from 1, as an editor's program counts.

    A line ends with LF, CR LF or CR, and with nothing else: U+2028 and U+0085 are characters within a line.
    """
    line, start = 1, 0
    for match in _LINE_END.finditer(text, 0, index):
        line, start = line + 1, match.end()
    return line, index - start + 1
