"""Uploads that a logo may come as, and those that mean harm; made by Pillow or by hand."""

import hashlib
import struct
import zlib
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from PIL import Image, PngImagePlugin

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
SCRIPT = b"<script>alert(document.domain)</script>"
END_OF_JPEG = b"\xff\xd9"
HUGE = 100_000
LARGEST_JPEG, LARGEST_WEBP = 65_500, 16_383  # what their headers can say


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


def plain(width: int = 64, height: int = 64, colour: Any = "red", mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height), colour)


def grain(size: int) -> bytes:
    """Return bytes without a pattern, the same ones every time."""
    return hashlib.shake_128(b"grain").digest(size)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    size = width * height * len(Image.new(mode, (1, 1)).tobytes())
    return Image.frombytes(mode, (width, height), grain(size))


def halves(mode: str = "RGB", colours: tuple[Any, Any] = ("red", "blue")) -> Image.Image:
    """Make a picture that is twice as wide as high, and of two colours, left and right."""
    image = Image.new(mode, (128, 64), colours[1])
    image.paste(colours[0], (0, 0, 64, 64))
    return image


def turned() -> bytes:
    """Make a JPEG that a camera held on its side would: its EXIF says to turn it a quarter to the right."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(halves(), "JPEG", exif=exif)


def with_words() -> dict[str, bytes]:
    """Make one of each kind with a script in all that is not its pixels."""
    exif, text = Image.Exif(), PngImagePlugin.PngInfo()
    exif[0x010E] = SCRIPT.decode()
    text.add_text("Comment", SCRIPT.decode())
    text.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    return {
        "png": encoded(noise(64, 64), pnginfo=text, exif=exif, icc_profile=SCRIPT),
        "jpeg": encoded(noise(64, 64), "JPEG", comment=SCRIPT, exif=exif, icc_profile=SCRIPT),
        "webp": encoded(noise(64, 64), "WEBP", exif=exif, xmp=SCRIPT, icc_profile=SCRIPT, lossless=True),
        "png before a page": encoded(noise(64, 64)) + b"<!doctype html>" + SCRIPT,
        "png before an archive": encoded(noise(64, 64)) + b"PK\x03\x04" + SCRIPT,
        "jpeg before a page": encoded(noise(64, 64), "JPEG") + SCRIPT,
    }


def not_pictures() -> dict[str, bytes]:
    small = plain()
    return {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">' + SCRIPT + b"</svg>",
        "svg with a prologue": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        "gif": encoded(small, "GIF"),
        "gif that is a script": b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)//",
        "page": b"<!doctype html>" + SCRIPT,
        "page that begins as a bitmap": b"BM" + SCRIPT,
        "tiff": encoded(small, "TIFF"),
        "bmp": encoded(small, "BMP"),
        "ico": encoded(small, "ICO"),
        "pdf": b"%PDF-1.7\n" + SCRIPT,
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\nshowpage\n",
        "pixmap": b"P6 64 64 255\n" + bytes(64 * 64 * 3),
        "words": b"What is it?",
        "the beginning of a png": PNG_SIGNATURE,
        "one byte": b"\xff",
        "zeroes": bytes(1000),
    }


def damaged() -> dict[str, bytes]:
    image, flipped = noise(200, 200), bytearray(encoded(noise(200, 200)))
    flipped[5000:5100] = bytes(100)
    return {
        "half a header": encoded(image)[:20],
        "half a png": encoded(image)[:5000],
        "half a jpeg": encoded(image, "JPEG")[:5000],
        "half a webp": encoded(image, "WEBP")[:5000],
        "png with a hole": bytes(flipped),
        "jpeg of a thousand scans": of_many_scans(1000),
    }


def animated() -> dict[str, bytes]:
    frames = [plain(colour=colour) for colour in ("red", "blue", "green")]
    options = {"save_all": True, "append_images": frames[1:], "duration": 100}
    return {"png": encoded(frames[0], **options), "webp": encoded(frames[0], "WEBP", **options)}


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_by_hand(width: int, height: int, before: Iterable[bytes] = (), rows: bytes = b"") -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return PNG_SIGNATURE + header + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg_that_says(width: int, height: int) -> bytes:
    data = bytearray(encoded(plain(), "JPEG"))
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def webp_that_says(width: int, height: int) -> bytes:
    """Make a lossless WebP whose header and canvas both claim this size."""
    data = bytearray(encoded(plain(), "WEBP", lossless=True))
    place = data.index(b"VP8L") + 9
    (bits,) = struct.unpack_from("<I", data, place)
    struct.pack_into("<I", data, place, (bits & ~0xFFFFFFF) | (width - 1) | ((height - 1) << 14))
    return bytes(data)


def webp_canvas_that_says(width: int, height: int) -> bytes:
    data = bytearray(encoded(plain(), "WEBP", lossless=True, xmp=b"x"))
    place = data.index(b"VP8X") + 12
    data[place : place + 6] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(data)


def too_many_pixels() -> dict[str, bytes]:
    rows = (b"\0" + bytes(3 * 2000)) * 2001
    return {
        "png": png_by_hand(HUGE, HUGE),
        "a row too many": png_by_hand(2000, 2001, rows=rows),
        "jpeg": jpeg_that_says(LARGEST_JPEG, LARGEST_JPEG),
        "webp": webp_that_says(LARGEST_WEBP, LARGEST_WEBP),
        "webp canvas": webp_canvas_that_says(60_000, 60_000),
    }


def swollen_words() -> dict[str, bytes]:
    """Make PNGs whose texts and profile are small here, and large once unpacked."""
    packed = zlib.compress(bytes(50_000_000), 9)
    megabyte = zlib.compress(bytes(1_000_000), 9)
    return {
        "text": png_by_hand(64, 64, [chunk(b"zTXt", b"Comment\0\0" + packed)]),
        "many texts": png_by_hand(64, 64, [chunk(b"zTXt", b"k%d\0\0" % number + megabyte) for number in range(300)]),
        "profile": png_by_hand(64, 64, [chunk(b"iCCP", b"icc\0\0" + packed)]),
    }


def of_many_scans(count: int) -> bytes:
    """Make a progressive JPEG whose last pass over all its pixels is there so often."""
    data = encoded(plain(2000, 2000), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -len(END_OF_JPEG)]
    return data[: -len(END_OF_JPEG)] + scan * count + END_OF_JPEG


def large() -> dict[str, bytes]:
    """Make the largest that are taken: of one colour, which are tiny as files, and of many."""
    across = 2000
    coarse = Image.frombytes("RGBA", (across, across), grain(across) * across * 4)
    return {
        "png of one colour": encoded(plain(across, across)),
        "png of few colours": encoded(coarse.convert("P")),
        "png of many colours": encoded(coarse),
        "webp of one colour": encoded(plain(across, across), "WEBP", lossless=True),
        "webp of many colours": encoded(coarse, "WEBP", lossless=True),
        "jpeg": encoded(coarse.convert("CMYK"), "JPEG", progressive=True, quality=50),
    }
