"""Tools' logos. Whatever is uploaded is decoded within bounds and encoded anew; no byte that arrived is ever served."""

import hashlib
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import sqlalchemy as sa
from PIL import Image, ImageOps, PngImagePlugin, UnidentifiedImageError

from verdicts.catalog.models import Logo, Tool
from verdicts.extensions import Base, db, insert

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_BYTES = 2_000_000
MOST_PIXELS = 4_000_000
FEWEST_ACROSS, MOST_ACROSS = 32, 256  # pixels, of what arrives and of what is kept
MOST_SCANS = 100  # of a progressive JPEG: each is a pass over all pixels, real ones have about ten
START_OF_SCAN = b"\xff\xda"
WAIT_SECONDS = 2.0

# Pillow looks at these before it decodes anything.
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
PngImagePlugin.MAX_TEXT_MEMORY = 4 * PngImagePlugin.MAX_TEXT_CHUNK
for _category in (Image.DecompressionBombWarning, UserWarning):
    warnings.filterwarnings("error", category=_category, module=r"PIL\.")

_turn = threading.BoundedSemaphore(1)  # a decoder may take 80 MB
_logo, _tool = (Base.metadata.tables[model.__tablename__] for model in (Logo, Tool))


class TooManyDecodes(Exception):
    """Another picture is being decoded already; the caller should answer 503."""


class PictureFault(Exception):
    """An upload is no logo; the text says why, for whoever sent it."""


class PictureEmpty(PictureFault):
    def __init__(self) -> None:
        super().__init__("No file arrived, or it is empty.")


class PictureTooLarge(PictureFault):
    def __init__(self, size: int) -> None:
        found, most = math.ceil(size / 100_000) / 10, MOST_BYTES // 1_000_000
        super().__init__(f"This file has {found} MB. A logo may have {most} MB at most.")


class NotAPicture(PictureFault):
    def __init__(self) -> None:
        super().__init__("This is no picture that we take. Take a PNG, JPEG or WebP; export an SVG as PNG first.")


class TooManyPixels(PictureFault):
    def __init__(self) -> None:
        most = MOST_PIXELS // 1_000_000
        super().__init__(f"This picture has more than {most} megapixels. Save it smaller: 512 × 512 is plenty.")


class TooFewPixels(PictureFault):
    def __init__(self, width: int, height: int) -> None:
        super().__init__(
            f"This picture has {width} × {height} pixels. It needs at least {FEWEST_ACROSS} × {FEWEST_ACROSS}."
        )


class PictureAnimated(PictureFault):
    def __init__(self) -> None:
        super().__init__("This picture moves. Save one frame of it by itself.")


class PictureDamaged(PictureFault):
    def __init__(self) -> None:
        super().__init__("This picture is damaged, or not complete. Open it in a picture program and save it anew.")


@dataclass(frozen=True)
class Picture:
    """A picture as we encoded it: PNG, without a word beside its pixels."""

    image: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.image).hexdigest()


@dataclass(frozen=True)
class LogoOfTool:
    """A tool by name, and the digest of its logo."""

    tool_id: int
    name: str
    digest: str | None


def read(data: bytes) -> Picture:
    """Decode an upload and encode it anew, upright and within MOST_ACROSS either way.

    Raises a PictureFault, or TooManyDecodes. Let no transaction be open meanwhile: it may wait for its turn.
    """
    if not data:
        raise PictureEmpty
    if len(data) > MOST_BYTES:
        raise PictureTooLarge(len(data))
    with _a_turn(), _opened(data) as image:
        _check(image, data)
        return _made_anew(image)


def store(picture: Picture) -> str:
    """Keep a picture, and return its digest; refer to it in the same transaction."""
    row = {"digest": picture.digest, "image": picture.image, "width": picture.width, "height": picture.height}
    kept = insert(_logo).values(**row)
    # An update of nothing locks a row that is there already, so that destroy_unused() waits for us.
    db.session.execute(kept.on_conflict_do_update(index_elements=["digest"], set_={"width": picture.width}))
    return picture.digest


def find(digest: str) -> bytes | None:
    """Return the PNG of this digest. One statement."""
    image: bytes | None = db.session.scalar(sa.select(_logo.c.image).where(_logo.c.digest == digest))
    return image


def find_tool(tool_id: int) -> LogoOfTool | None:
    """Return a tool, published or not, with its logo; one that was merged into another has none. One statement."""
    columns = (_tool.c.id, _tool.c.name, _tool.c.logo_digest)
    is_it = (_tool.c.id == tool_id) & _tool.c.merged_into_id.is_(None)
    row = db.session.execute(sa.select(*columns).where(is_it)).first()
    return LogoOfTool(*row) if row else None


def set_logo(tool_id: int, digest: str | None) -> None:
    """Give a tool the logo of this digest, or none."""
    db.session.execute(sa.update(_tool).where(_tool.c.id == tool_id).values(logo_digest=digest))


def destroy_unused() -> int:
    """Destroy the logos that no tool has any more, and return how many."""
    is_unused = ~sa.exists().where(_tool.c.logo_digest == _logo.c.digest)
    # Locked first, then asked again: a save may refer to one of them while we wait for its lock.
    unused = db.session.scalars(sa.select(_logo.c.digest).where(is_unused).with_for_update()).all()
    gone = db.session.execute(sa.delete(_logo).where(_logo.c.digest.in_(unused), is_unused).returning(_logo.c.digest))
    return len(gone.all())


@contextmanager
def _a_turn() -> Iterator[None]:
    if not _turn.acquire(timeout=WAIT_SECONDS):
        raise TooManyDecodes
    try:
        yield
    finally:
        _turn.release()


def _opened(data: bytes) -> Image.Image:
    """Open a picture: its header is read, and nothing decoded yet."""
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
        raise TooManyPixels from fault
    except UnidentifiedImageError as fault:
        raise NotAPicture from fault
    except Exception as fault:  # hostile bytes make decoders raise nearly anything
        raise PictureDamaged from fault


def _check(image: Image.Image, data: bytes) -> None:
    if min(image.size) < FEWEST_ACROSS:
        raise TooFewPixels(*image.size)
    # A JPEG may hold several pictures (of a stereo camera, say); its first one is the picture.
    if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise PictureAnimated
    if image.format in {"JPEG", "MPO"} and data.count(START_OF_SCAN) > MOST_SCANS:
        raise PictureDamaged


def _made_anew(image: Image.Image) -> Picture:
    try:
        small = _fitted(image)
    except Exception as fault:  # hostile bytes make decoders raise nearly anything
        raise PictureDamaged from fault
    encoded = BytesIO()
    small.save(encoded, "PNG", optimize=True)
    return Picture(encoded.getvalue(), *small.size)


def _fitted(image: Image.Image) -> Image.Image:
    """Decode a picture, and return it upright, within MOST_ACROSS either way, with nothing but its pixels."""
    image.draft(None, (2 * MOST_ACROSS, 2 * MOST_ACROSS))  # a JPEG is decoded at the size that is needed
    small = _in_colour(image)
    small.thumbnail((MOST_ACROSS, MOST_ACROSS), Image.Resampling.LANCZOS)
    small = ImageOps.exif_transpose(small)
    small.info.clear()  # or the PNG would get the profile of what arrived
    return small


def _in_colour(image: Image.Image) -> Image.Image:
    """Decode a picture to eight bits a channel, RGB or RGBA."""
    if image.mode.startswith("I"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")  # convert() alone would clip
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode == mode:
        image.load()
        return image
    return image.convert(mode)
