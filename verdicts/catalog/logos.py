"""Tools' logos. An upload is decoded within limits and encoded again: none of its own bytes is ever served."""

import hashlib
import math
import threading
import warnings
from dataclasses import dataclass
from io import BytesIO

import sqlalchemy as sa
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from verdicts.catalog.models import Logo, Tool
from verdicts.extensions import Base, acquire_or_raise, db, insert

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_BYTES = 2_000_000
MAX_PIXELS = 4_000_000
MIN_SIZE, MAX_SIZE = 32, 256  # pixels either way: of an upload, and of what is stored
MAX_SCANS = 100  # of a progressive JPEG: each is a pass over all pixels, real ones have about ten
START_OF_SCAN = b"\xff\xda"
WAIT_SECONDS = 2.0

# Pillow checks these before it decodes anything.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
PngImagePlugin.MAX_TEXT_MEMORY = 4 * PngImagePlugin.MAX_TEXT_CHUNK
for _category in (Image.DecompressionBombWarning, UserWarning):
    warnings.filterwarnings("error", category=_category, module=r"PIL\.")

_decoding = threading.BoundedSemaphore(1)  # a decoder may take 80 MB
_logo, _tool = (Base.metadata.tables[model.__tablename__] for model in (Logo, Tool))


class TooManyDecodes(Exception):
    """Another picture is being decoded already; the caller should answer 503."""


class PictureFault(Exception):
    """An upload that cannot be a logo; the message says why, for the editor who sent it."""


class PictureEmpty(PictureFault):
    def __init__(self) -> None:
        super().__init__("The file is missing or empty. Choose another.")


class PictureTooLarge(PictureFault):
    def __init__(self, size: int) -> None:
        megabytes, most = math.ceil(size / 100_000) / 10, MAX_BYTES // 1_000_000
        super().__init__(f"This file has {megabytes} MB. A logo can have {most} MB at most.")


class NotAPicture(PictureFault):
    def __init__(self) -> None:
        super().__init__("This file type is not supported. Use PNG, JPEG or WebP, and export an SVG as PNG first.")


class TooManyPixels(PictureFault):
    def __init__(self) -> None:
        most = MAX_PIXELS // 1_000_000
        super().__init__(f"This image has more than {most} megapixels. Make it smaller: 512 × 512 pixels are enough.")


class TooFewPixels(PictureFault):
    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"This image has {width} × {height} pixels. It needs at least {MIN_SIZE} × {MIN_SIZE}.")


class PictureAnimated(PictureFault):
    def __init__(self) -> None:
        super().__init__("This image is animated. Save a single frame of it.")


class PictureDamaged(PictureFault):
    def __init__(self) -> None:
        super().__init__("This image is damaged or incomplete. Open it in an image editor and save it again.")


@dataclass(frozen=True)
class Picture:
    """A picture in our own encoding: PNG, with nothing but its pixels."""

    image: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.image).hexdigest()


@dataclass(frozen=True)
class ToolLogo:
    tool_id: int
    name: str
    digest: str | None


def reencode(data: bytes) -> Picture:
    """Return an upload as we encode it, upright and within MAX_SIZE either way.

    Raises a PictureFault, or TooManyDecodes. It may wait for another decode, so call it without an open transaction.
    """
    if not data:
        raise PictureEmpty
    if len(data) > MAX_BYTES:
        raise PictureTooLarge(len(data))
    with acquire_or_raise(_decoding, TooManyDecodes, WAIT_SECONDS), _open(data) as image:
        _check(image, data)
        return _encode(image)


def store(picture: Picture) -> str:
    """Store a picture and return its digest. Give it to a tool in the same transaction: see delete_unused()."""
    row = {"digest": picture.digest, "image": picture.image, "width": picture.width, "height": picture.height}
    # Updating an existing row changes nothing but locks it, so that delete_unused() waits for us.
    new = insert(_logo).values(**row)
    db.session.execute(new.on_conflict_do_update(index_elements=["digest"], set_={"width": picture.width}))
    return picture.digest


def find_image(digest: str) -> bytes | None:
    """Return the PNG of this digest. One statement."""
    image: bytes | None = db.session.scalar(sa.select(_logo.c.image).where(_logo.c.digest == digest))
    return image


def find_tool(tool_id: int) -> ToolLogo | None:
    """Return a tool, public or not, with its logo; None for one that was merged into another. One statement."""
    columns = (_tool.c.id, _tool.c.name, _tool.c.logo_digest)
    tool = sa.select(*columns).where(_tool.c.id == tool_id, _tool.c.merged_into_id.is_(None))
    row = db.session.execute(tool).first()
    return ToolLogo(*row) if row else None


def set_logo(tool_id: int, digest: str | None) -> None:
    """Give a tool the logo of this digest, or none."""
    db.session.execute(sa.update(_tool).where(_tool.c.id == tool_id).values(logo_digest=digest))


def delete_unused() -> int:
    """Delete the logos that no tool has any more, and return how many."""
    is_unused = ~sa.exists().where(_tool.c.logo_digest == _logo.c.digest)
    # Locked first, then checked again: a save may give one of them to a tool while we wait for its lock.
    unused = db.session.scalars(sa.select(_logo.c.digest).where(is_unused).with_for_update()).all()
    delete = sa.delete(_logo).where(_logo.c.digest.in_(unused), is_unused)
    return db.session.connection().execute(delete).rowcount


def _open(data: bytes) -> Image.Image:
    """Open a picture: this reads its header and decodes nothing yet."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise TooManyPixels from fault
    except UnidentifiedImageError as fault:
        raise NotAPicture from fault
    except Exception as fault:  # hostile bytes make decoders raise nearly anything
        raise PictureDamaged from fault


def _check(image: Image.Image, data: bytes) -> None:
    if min(image.size) < MIN_SIZE:
        raise TooFewPixels(*image.size)
    # A JPEG may hold several pictures (of a stereo camera, say); its first one is the picture.
    if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise PictureAnimated
    if image.format in {"JPEG", "MPO"} and data.count(START_OF_SCAN) > MAX_SCANS:
        raise PictureDamaged


def _encode(image: Image.Image) -> Picture:
    try:
        small = _fit(image)
    except Exception as fault:  # hostile bytes make decoders raise nearly anything
        raise PictureDamaged from fault
    encoded = BytesIO()
    small.save(encoded, "PNG", optimize=True)
    return Picture(encoded.getvalue(), *small.size)


def _fit(image: Image.Image) -> Image.Image:
    """Decode a picture; return it upright, within MAX_SIZE either way, with nothing but its pixels."""
    image.draft(None, (2 * MAX_SIZE, 2 * MAX_SIZE))  # a JPEG is decoded at the size that is needed
    small = _to_colour(image)
    small.thumbnail((MAX_SIZE, MAX_SIZE), Image.Resampling.LANCZOS)
    small = ImageOps.exif_transpose(small)
    small.info.clear()  # or the PNG would get the colour profile of the upload
    return small


def _to_colour(image: Image.Image) -> Image.Image:
    """Decode a picture to eight bits a channel, RGB or RGBA."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")  # convert() alone would clip
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode == mode:
        image.load()
        return image
    return image.convert(mode)
