"""Pictures of verdicts, drawn with the site's own fonts and colours: what others show beside a link to a page.

A picture depends on its card alone, so a card that was drawn is drawn again only once it is forgotten.
"""

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from verdicts.catalog.kinds import Verdict
from verdicts.config import CHECKOUT
from verdicts.extensions import acquire_or_raise

WIDTH, HEIGHT = 1200, 630
MARGIN = 60
COLOURS = 128  # five, and the soft edges between them: a third of the bytes
WAIT_SECONDS = 2.0
MAX_ROWS = 4
MAX_WORDED_MARKS, MAX_MARKS = 5, 12  # of a row: ovals with words, then bare ones, then only the count
ELLIPSIS = "…"

_FONT = CHECKOUT / "static" / "fonts" / "archivo.woff2"
_TOKENS = CHECKOUT / "static" / "css" / "tokens.css"
_REGULAR, _BOLD, _BLACK = 500, 700, 800
_NARROW, _WIDE = 84, 100
_MEASURED_AT = 100  # pixels: widths grow with the size
_ROUNDING = 1.03  # at most: every letter takes whole pixels
_SUPERSAMPLED = 4  # Pillow draws ovals without soft edges
_UNASSIGNED = "\U000e0fff"  # drawn as every character is that the font lacks
_LEFT_OUT = frozenset({"So", "Sk", "Cf", "Mn", "Me", "Co", "Cn"})  # emoji and their joints: a name does without

_drawing = threading.BoundedSemaphore(1)  # a picture takes 5 MB while it is drawn, and a core


class TooManyPictures(Exception):
    """Another picture is being drawn already; the caller should answer 503."""


@dataclass(frozen=True)
class CardRow:
    """A tool with a mark for each reviewer, None for who has not looked, and "3 of 4"."""

    name: str
    marks: tuple[Verdict | None, ...]
    count: str


@dataclass(frozen=True)
class Card:
    """All that a picture shows. Its texts can be drawn: see drawable()."""

    site_name: str
    question: str
    kicker: str
    headline: str
    reviewers: tuple[str, ...]
    rows: tuple[CardRow, ...]
    basis: str


def draw(card: Card) -> bytes:
    """Return a card as a PNG. Raises TooManyPictures."""
    with acquire_or_raise(_drawing, TooManyPictures, WAIT_SECONDS):
        image = Image.new("RGB", (WIDTH, HEIGHT), _colours()["paper"])
        _Canvas(image).draw_card(card)
        file = BytesIO()
        image.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(file, "PNG")
        _font.cache_clear()  # pictures are rare: to open its fonts again takes a tenth of one
        return file.getvalue()


def drawable(text: str, fallback: str) -> str:
    """Return a text without what our fonts cannot draw: emoji are left out, and marks that letters do without.

    A text with letters of another script is worth nothing without them, so it becomes the fallback, such as a slug.
    """
    kept = "".join(_drawn_as(char) for char in unicodedata.normalize("NFC", text))
    words = " ".join(kept.replace(_UNASSIGNED, "").split())
    is_whole = _UNASSIGNED not in kept and any(char.isalnum() for char in words)
    return words if is_whole else fallback


@lru_cache(maxsize=4096)
def _drawn_as(char: str) -> str:
    """Return a character, what stands for it, "" for one that may be left out, or _UNASSIGNED for one that may not."""
    if char.isspace() or _is_in_font(char):
        return char
    plain = "".join(each for each in unicodedata.normalize("NFKD", char) if unicodedata.category(each) != "Mn")
    if plain and plain != char and all(each.isspace() or _is_in_font(each) for each in plain):
        return plain
    return "" if unicodedata.category(char) in _LEFT_OUT else _UNASSIGNED


def _is_in_font(char: str) -> bool:
    font = _font(_MEASURED_AT, _REGULAR, _WIDE)
    return bytes(font.getmask(char)) != bytes(font.getmask(_UNASSIGNED))


@lru_cache(maxsize=1)
def _colours() -> dict[str, str]:
    """Return the colours of the light scheme by their names in tokens.css."""
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{6});", _TOKENS.read_text())
    return dict(reversed(found))  # the dark scheme stands below the light one


@lru_cache(maxsize=16)  # 125 KB each; a picture takes 13 or 14
def _font(size: int, weight: int, width: int) -> ImageFont.FreeTypeFont:
    # Letters of our fonts stand side by side, so nothing has to be shaped: their spaces come out wider so.
    font = ImageFont.truetype(_FONT, size, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([weight, width])
    return font


@dataclass(frozen=True)
class _Style:
    """How a text is set: its largest and smallest size, and its place on the font's axes."""

    size: int
    smallest: int
    weight: int = _BOLD
    width: int = _WIDE

    def length(self, text: str, size: int) -> float:
        return _font(_MEASURED_AT, self.weight, self.width).getlength(text) * size / _MEASURED_AT * _ROUNDING

    def fit(self, text: str, room: float) -> tuple[str, int]:
        """Return a text, shortened where it has to be, and the largest size at which it fits on a line."""
        size = min(self.size, int(self.size * room / max(self.length(text, self.size), 1)))
        if size >= self.smallest:
            return text, size
        return self.shortened(text, room, self.smallest), self.smallest

    def shortened(self, text: str, room: float, size: int) -> str:
        while text and self.length(text + ELLIPSIS, size) > room:
            text = text[:-1]
        return text.rstrip() + ELLIPSIS

    def wrap(self, text: str, room: float, size: int) -> list[str]:
        """Return the lines of a text. A word that is longer than a line is broken where the line ends."""
        lines = [""]
        for word in text.split():
            joined = f"{lines[-1]} {word}".strip()
            if self.length(joined, size) <= room:
                lines[-1] = joined
                continue
            if lines[-1]:
                lines.append("")
            for char in word:
                if lines[-1] and self.length(lines[-1] + char, size) > room:
                    lines.append("")
                lines[-1] += char
        return lines

    def fit_lines(self, text: str, room: float, height: float, most: int) -> tuple[list[str], int]:
        """Return the lines of a text at the largest size at which no word breaks and they have room, or shortened."""
        longest = max((self.length(word, _MEASURED_AT) for word in text.split()), default=0) / _MEASURED_AT
        for size in range(self.size, self.smallest - 1, -2):
            lines = self.wrap(text, room, size)
            if len(lines) <= most and len(lines) * size * _LEADING <= height and longest * size <= room:
                return lines, size
        count = max(1, min(most, int(height // (self.smallest * _LEADING))))
        lines = self.wrap(text, room, self.smallest)
        if len(lines) > count:
            lines = [*lines[: count - 1], self.shortened(" ".join(lines[count - 1 :]), room, self.smallest)]
        return lines, self.smallest


_LEADING = 1.04
_SITE = _Style(36, 20, _BLACK)
_QUESTION = _Style(25, 18, 600)
_KICKER = _Style(38, 24)
_HEADLINE = _Style(104, 34, _BLACK, _NARROW)
_LABEL = _Style(24, 16, 600)
_NAME = _Style(34, 20)
_COUNT = _Style(34, 20)
_MARK = _Style(21, 12, _BLACK)
_BASIS = _Style(22, 14, _REGULAR)
_ROW_HEIGHTS = {0: 0, 1: 96, 2: 82, 3: 66, 4: 56}
_LABELS_HEIGHT = 46
_TABLE_BOTTOM = 570
_HEADLINE_TOP, _KICKER_BASELINE = 186, 168


class _Canvas:
    """One picture while it is drawn."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._draw = ImageDraw.Draw(image)
        self._colours = _colours()

    def draw_card(self, card: Card) -> None:
        self._draw.rectangle((0, 0, WIDTH, 13), self._colours["ink"])
        self._draw_head(card)
        room = WIDTH - 2 * MARGIN
        self._text(_KICKER, card.kicker, MARGIN, _KICKER_BASELINE, room)
        has_labels = bool(card.rows) and 0 < len(card.reviewers) <= MAX_WORDED_MARKS
        height = len(card.rows) * _ROW_HEIGHTS[len(card.rows)] + (_LABELS_HEIGHT if has_labels else 0)
        top = _TABLE_BOTTOM - height
        lines, size = _HEADLINE.fit_lines(card.headline, room, top - 24 - _HEADLINE_TOP, most=3)
        for number, line in enumerate(lines):
            baseline = _HEADLINE_TOP + round(size * (0.86 + number * _LEADING))
            self._draw.text((MARGIN, baseline), line, self._colours["ink"], _font(size, _BLACK, _NARROW), anchor="ls")
        self._draw.rectangle((MARGIN, top - 4, WIDTH - MARGIN, top - 1), self._colours["ink"])
        self._draw_table(card, top, has_labels)
        self._text(_BASIS, card.basis, MARGIN, 606, room, colour="ink-2")

    def _draw_head(self, card: Card) -> None:
        ink = self._colours["ink"]
        self._oval((60, 60, 93, 88), ink, is_filled=True)
        self._oval((99, 60, 132, 88), ink, is_filled=False)
        self._text(_SITE, card.site_name, 148, 87, 560)
        self._text(_QUESTION, card.question, WIDTH - MARGIN, 83, 420, colour="ink-2", anchor="rs")

    def _draw_table(self, card: Card, top: int, has_labels: bool) -> None:
        marks = len(card.reviewers) if len(card.reviewers) <= MAX_MARKS else 0
        step = 150 if marks <= MAX_WORDED_MARKS - 1 else 128 if marks <= MAX_WORDED_MARKS else 46
        right = WIDTH - MARGIN - 165
        centres = [right - step * (marks - place) + step // 2 for place in range(marks)]
        name_room = (right - step * marks if marks else right) - MARGIN - 24
        if has_labels:
            for centre, label in zip(centres, card.reviewers, strict=True):
                self._text(_LABEL, label, centre, top + 32, step - 14, colour="ink-2", anchor="ms")
            top += _LABELS_HEIGHT
        height = _ROW_HEIGHTS[len(card.rows)]
        for number, row in enumerate(card.rows):
            line, middle = top + number * height, top + number * height + height // 2
            if number or has_labels:
                self._draw.rectangle((MARGIN, line - 1, WIDTH - MARGIN, line), self._colours["rule"])
            self._text(_NAME, row.name, MARGIN, middle + 12, name_room)
            for centre, verdict in zip(centres, row.marks, strict=bool(marks)):
                self._draw_mark(centre, middle, verdict, height, is_worded=has_labels)
            self._text(_COUNT, row.count, WIDTH - MARGIN, middle + 12, 160, anchor="rs")

    def _draw_mark(self, x: int, y: int, verdict: Verdict | None, height: int, *, is_worded: bool) -> None:
        tall = min(52, height - 14) if is_worded else 24
        wide = 108 if is_worded else 34
        box = (x - wide // 2, y - tall // 2, x + wide // 2, y + tall // 2)
        if verdict is None:
            self._draw.rectangle((x - 9, y - 1, x + 9, y + 1), self._colours["line"])
            return
        self._oval(box, self._colours[verdict], is_filled=verdict is Verdict.SHIP)
        if is_worded:
            colour = "on-ship" if verdict is Verdict.SHIP else "skip"
            self._text(_MARK, verdict.upper(), x, y + 8, wide - 20, colour=colour, anchor="ms")

    def _oval(self, box: tuple[int, int, int, int], colour: str, *, is_filled: bool) -> None:
        left, top, right, bottom = box
        size = ((right - left) * _SUPERSAMPLED, (bottom - top) * _SUPERSAMPLED)
        mask = Image.new("L", size)
        edges = (0, 0, size[0] - 1, size[1] - 1)
        fill, border = 255 if is_filled else 0, round(3.5 * _SUPERSAMPLED)
        ImageDraw.Draw(mask).rounded_rectangle(edges, size[1] / 2, fill=fill, outline=255, width=border)
        self._image.paste(colour, box, mask.reduce(_SUPERSAMPLED))

    def _text(
        self, style: _Style, text: str, x: int, y: int, room: float, *, colour: str = "ink", anchor: str = "ls"
    ) -> None:
        text, size = style.fit(text, room)
        self._draw.text((x, y), text, self._colours[colour], _font(size, style.weight, style.width), anchor=anchor)
