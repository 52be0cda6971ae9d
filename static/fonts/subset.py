"""Make the two web fonts from the upstream variable fonts: fewer axes, fewer letters.

Usage: python subset.py ARCHIVO.woff2 SOURCE-SERIF-4.woff2 OUTPUT-FOLDER
"""

import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import AxisTriple, instantiateVariableFont

LETTERS = [*range(0x20, 0x7F), *range(0xA0, 0x100), 0x131, 0x152, 0x153]
MARKS = [0x2009, 0x2013, 0x2014, 0x2018, 0x2019, 0x201A, 0x201C, 0x201D, 0x201E, 0x2022, 0x2026]
MARKS += [0x2032, 0x2033, 0x2039, 0x203A, 0x20AC, 0x2122, 0x2212]
SAME_SHAPE = {0x202F: 0x2009, 0x2010: 0x2D, 0x2011: 0x2D}
FEATURES = ["kern", "liga", "locl", "ccmp", "tnum", "lnum", "rvrn"]


def shrink(source: Path, target: Path, axes: dict[str, AxisTriple | float]) -> None:
    font = instantiateVariableFont(TTFont(source), axes)
    for glyph in font.getGlyphOrder():  # the instancer drops what no longer varies, the subsetter asks for it
        font["gvar"].variations.setdefault(glyph, [])
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {new: table.cmap[old] for new, old in SAME_SHAPE.items() if old in table.cmap}
    options = Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=[*LETTERS, *MARKS, *SAME_SHAPE])
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(target)


archivo, serif, folder = map(Path, sys.argv[1:4])
shrink(
    archivo,
    folder / "archivo.woff2",
    {"wght": AxisTriple(400, 600, 800), "wdth": AxisTriple(84, 100, 100)},
)
shrink(serif, folder / "source-serif-4.woff2", {"wght": AxisTriple(400, 400, 650), "opsz": 18})
