"""What people type: whether a text shows anything, what may not stand in it, and where its lines are."""

import re
import unicodedata
from collections.abc import Collection

# Letters and signs by their category that are drawn as nothing: fillers of Hangul, a Braille cell without dots, …
_INVISIBLE_SIGNS = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
# Reserved for more of them (Unicode's property Default_Ignorable_Code_Point).
_RESERVED_INVISIBLE = re.compile("[\u2065\ufff0-\ufff8\U000e0000-\U000e0fff]")
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Mn", "Me", "Zl", "Zp", "Zs"})
# Embeddings, overrides and isolates reorder the text around them. Single marks (U+200E, U+200F, U+061C) do not.
_BIDI_CONTROL = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNPRINTED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
LINE_ENDS_AND_TABS = frozenset("\n\r\t")
_LINE_END = re.compile("\r\n|\n|\r")


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing: it is empty, or has only spaces and invisible characters."""
    return all(map(_is_invisible, text))


def _is_invisible(sign: str) -> bool:
    if sign in _INVISIBLE_SIGNS or unicodedata.category(sign) in _INVISIBLE_CATEGORIES:
        return True
    return _RESERVED_INVISIBLE.match(sign) is not None


def bidi_fault(text: str) -> str | None:
    """Return in words which character of a text reorders what stands around it."""
    match = _BIDI_CONTROL.search(text)
    return f"This contains U+{ord(match[0]):04X}, which changes the direction of text. Remove it." if match else None


def character_fault(text: str, allowed: Collection[str] = ()) -> str | None:
    """Return in words which character of a text may not stand in it: one that reorders text, or a control character."""
    if text.isascii() and text.isprintable():  # most are
        return None
    if fault := bidi_fault(text):
        return fault
    for char in text:
        if unicodedata.category(char) in _UNPRINTED_CATEGORIES and char not in allowed:
            return f"This contains the control character U+{ord(char):04X}. Remove it."
    return None


def without_bidi_controls(text: str) -> str:
    """Return a text that reorders nothing. Single marks, which keyboards for Arabic and Hebrew have, stay."""
    return _BIDI_CONTROL.sub("", text)


def line_and_column(text: str, index: int) -> tuple[int, int]:
    """Return where a character of a text stands, from 1, as an editor's program counts.

    A line ends with LF, CR LF or CR, and with nothing else: U+2028 and U+0085 are characters within a line.
    """
    line, start = 1, 0
    for match in _LINE_END.finditer(text, 0, index):
        line, start = line + 1, match.end()
    return line, index - start + 1
