"""What an upload becomes: a small PNG that we wrote, or a fault in words; and which logos are kept."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks.memory import IS_KNOWN
from tests.catalog import pictures
from tests.catalog.pictures import decoded, encoded, halves, noise, plain
from tests.makers import make_tool
from tests.programs import run
from verdicts.catalog import logos
from verdicts.catalog.models import Logo, Tool
from verdicts.extensions import begin_write, db

RED, BLUE = (255, 0, 0), (0, 0, 255)
NOTHING_BUT_PIXELS = [b"IHDR", b"IDAT", b"IEND"]
MOST_KB = 90_000  # security.md allows 100 MB


def chunks(png: bytes) -> list[bytes]:
    """Return the names of a PNG's chunks, and what follows its end."""
    found, place = [], len(pictures.PNG_SIGNATURE)
    while not found or found[-1] != b"IEND":
        length = int.from_bytes(png[place : place + 4], "big")
        found.append(png[place + 4 : place + 8])
        place += 12 + length
    return [*found, *([png[place:]] if png[place:] else [])]


def looks_like(colour: tuple[int, ...], other: tuple[int, ...], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(colour, other, strict=True))


@pytest.mark.parametrize("kind", logos.FORMATS)
def test_a_picture_of_each_kind_becomes_a_png_that_fits(kind: str) -> None:
    made = logos.reencode(encoded(halves().resize((1024, 512)), kind))
    image = decoded(made.image)
    assert (image.format, image.size, image.mode) == ("PNG", (256, 128), "RGB")
    assert (made.width, made.height) == image.size
    assert looks_like(image.getpixel((20, 60)), RED)
    assert looks_like(image.getpixel((230, 60)), BLUE)


def test_a_small_picture_keeps_its_size() -> None:
    assert decoded(logos.reencode(encoded(plain(32, 40))).image).size == (32, 40)


def test_the_same_upload_always_gets_the_same_digest() -> None:
    data = encoded(noise(300, 200))
    assert logos.reencode(data).digest == logos.reencode(data).digest
    assert logos.reencode(data).digest != logos.reencode(encoded(noise(300, 201))).digest


@pytest.mark.parametrize(
    "data",
    [
        encoded(halves("RGBA", ((255, 0, 0, 0), (0, 0, 255, 255)))),
        encoded(halves("RGBA", ((255, 0, 0, 0), (0, 0, 255, 255))), "WEBP", lossless=True),
        encoded(halves("P", (0, 1)).convert("P"), transparency=0),
        encoded(halves("P", (0, 1)), transparency=bytes([0, 255])),
        encoded(halves("L", (0, 200)), transparency=0),
        encoded(halves("LA", ((0, 0), (0, 255)))),
    ],
    ids=["png", "webp", "palette", "palette by the entry", "grey", "grey with alpha"],
)
def test_what_is_transparent_stays_so(data: bytes) -> None:
    image = decoded(logos.reencode(data).image)
    assert image.mode == "RGBA"
    assert image.getpixel((20, 30))[3] == 0
    assert image.getpixel((110, 30))[3] == 255


def test_a_picture_is_turned_upright() -> None:
    image = decoded(logos.reencode(pictures.turned()).image)
    assert image.size == (64, 128)
    assert looks_like(image.getpixel((32, 20)), RED)


def test_the_colours_of_print_become_those_of_screens() -> None:
    image = decoded(logos.reencode(encoded(plain().convert("CMYK"), "JPEG")).image)
    assert (image.mode, looks_like(image.getpixel((30, 30)), RED)) == ("RGB", True)


def test_sixteen_bits_a_pixel_become_eight_and_no_grey_turns_white() -> None:
    image = decoded(logos.reencode(encoded(Image.new("I;16", (64, 64), 0x8000))).image)
    assert looks_like(image.getpixel((30, 30)), (128, 128, 128), 1)


@pytest.mark.parametrize("name", pictures.with_words())
def test_nothing_is_kept_but_pixels(name: str) -> None:
    data = pictures.with_words()[name]
    assert pictures.SCRIPT in data
    made = logos.reencode(data).image
    assert list(dict.fromkeys(chunks(made))) == NOTHING_BUT_PIXELS
    assert b"script" not in made


@pytest.mark.parametrize("name", pictures.not_pictures())
def test_what_is_no_picture_that_we_take_is_refused(name: str) -> None:
    with pytest.raises(logos.NotAPicture, match="Use PNG, JPEG or WebP, and export an SVG as PNG first"):
        logos.reencode(pictures.not_pictures()[name])


@pytest.mark.parametrize("name", pictures.damaged())
def test_a_damaged_picture_is_refused(name: str) -> None:
    with pytest.raises(logos.PictureDamaged, match="incomplete"):
        logos.reencode(pictures.damaged()[name])


@pytest.mark.parametrize("name", pictures.animated())
def test_a_picture_that_moves_is_refused(name: str) -> None:
    with pytest.raises(logos.PictureAnimated, match="single frame"):
        logos.reencode(pictures.animated()[name])


@pytest.mark.parametrize("name", pictures.too_many_pixels())
def test_a_picture_that_claims_too_many_pixels_is_refused_before_one_is_decoded(name: str) -> None:
    data = pictures.too_many_pixels()[name]
    began = time.thread_time()
    with pytest.raises(logos.TooManyPixels, match="more than 4 megapixels"):
        logos.reencode(data)
    assert time.thread_time() - began < 1


def test_a_picture_that_is_too_small_is_refused_with_its_size() -> None:
    with pytest.raises(logos.TooFewPixels, match=r"has 64 × 31 pixels\. It needs at least 32 × 32"):
        logos.reencode(encoded(plain(64, 31)))


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(logos.PictureEmpty):
        logos.reencode(b"")


@pytest.mark.parametrize(("size", "said"), [(2_000_001, "2.1 MB"), (20_000_000, "20.0 MB")])
def test_a_file_that_is_too_large_is_refused_with_its_size_and_the_limit(size: int, said: str) -> None:
    with pytest.raises(logos.PictureTooLarge, match=f"has {said}. A logo can have 2 MB at most"):
        logos.reencode(pictures.grain(size))


@given(st.data())
def test_no_damage_to_a_picture_makes_anything_but_a_picture_or_a_fault(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(logos.FORMATS))
    upload = bytearray(encoded(noise(40, 40), kind))
    for place in data.draw(st.lists(st.integers(0, len(upload) - 1), min_size=1, max_size=8)):
        upload[place] = data.draw(st.integers(0, 255))
    try:
        made = logos.reencode(bytes(upload))
    except logos.PictureFault:
        return
    assert list(dict.fromkeys(chunks(made.image))) == NOTHING_BUT_PIXELS


@pytest.mark.skipif(not IS_KNOWN, reason="this system does not say what a process's peak is")
def test_no_upload_takes_more_memory_than_is_allowed(tmp_path: Path) -> None:
    groups = {
        "TooManyPixels": pictures.too_many_pixels(),
        "PictureDamaged": pictures.swollen_words() | pictures.damaged(),
        "Picture": pictures.large(),
    }
    paths = [
        written(data, tmp_path / outcome / name) for outcome, group in groups.items() for name, data in group.items()
    ]
    status, printed = run("-m", "tests.catalog.peak", *map(str, paths), instance=tmp_path)
    assert status == 0, printed
    lines = [line.split() for line in printed.splitlines()]
    assert [outcome for outcome, _ in lines] == [path.parent.name for path in paths]
    grown = dict(zip([path.name for path in paths], [int(growth) for _, growth in lines], strict=True))
    assert max(grown.values()) < MOST_KB, grown
    assert grown["webp of many colours"] > 30_000, "or it is not memory that was measured"


def written(upload: bytes, path: Path) -> Path:
    assert len(upload) <= logos.MAX_BYTES
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(upload)
    return path


@contextmanager
def a_decode_going_on() -> Iterator[None]:
    assert logos._decoding.acquire(blocking=False)
    try:
        yield
    finally:
        logos._decoding.release()


def test_a_second_decode_waits_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logos, "WAIT_SECONDS", 30)
    made: list[logos.Picture] = []
    second = threading.Thread(target=lambda: made.append(logos.reencode(encoded(plain()))))
    with a_decode_going_on():
        second.start()
        second.join(0.2)
        assert made == []
    second.join(10)
    assert len(made) == 1


def test_a_decode_that_waited_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logos, "WAIT_SECONDS", 0.01)
    with a_decode_going_on(), pytest.raises(logos.TooManyDecodes):
        logos.reencode(encoded(plain()))


def test_a_refused_picture_ends_its_turn() -> None:
    for _ in range(3):
        with pytest.raises(logos.NotAPicture):
            logos.reencode(b"What is it?")
    assert logos.reencode(encoded(plain())).width == 64


def kept() -> list[str]:
    return list(db.session.scalars(sa.select(Logo.digest)))


def give(tool: Tool, colour: str) -> str:
    begin_write()
    digest = logos.store(logos.reencode(encoded(plain(colour=colour))))
    logos.set_logo(tool.id, digest)
    db.session.commit()
    return digest


def test_a_logo_is_found_by_its_digest_and_by_its_tool(app: Flask) -> None:
    tool = make_tool("mistral-code")
    db.session.rollback()
    picture = logos.reencode(encoded(plain()))
    assert give(tool, "red") == picture.digest
    assert logos.find_image(picture.digest) == picture.image
    found = logos.find_tool(tool.id)
    assert found == logos.ToolLogo(tool.id, tool.name, picture.digest)


def test_what_nobody_stored_is_not_found(app: Flask) -> None:
    assert logos.find_image("0" * 64) is None
    assert logos.find_tool(1) is None


def test_two_tools_may_share_a_logo(app: Flask) -> None:
    one, other = make_tool("one"), make_tool("other")
    db.session.rollback()
    assert give(one, "red") == give(other, "red")
    assert len(kept()) == 1


def test_only_logos_of_no_tool_are_destroyed(app: Flask) -> None:
    one, other = make_tool("one"), make_tool("other")
    db.session.rollback()
    give(one, "red")
    shared = give(one, "blue")
    give(other, "green")
    give(other, "blue")
    begin_write()
    assert logos.delete_unused() == 2
    db.session.commit()
    assert kept() == [shared]


def test_housekeeping_leaves_a_logo_alone_that_is_given_to_a_tool_meanwhile(app: Flask) -> None:
    one, other = make_tool("one"), make_tool("other")
    other_id = other.id
    db.session.rollback()
    unused = give(one, "red")
    give(one, "blue")
    begin_write()
    assert logos.store(logos.reencode(encoded(plain(colour="red")))) == unused
    with ThreadPoolExecutor(1) as thread:
        house = thread.submit(run_housekeeping, app)
        time.sleep(0.3)
        logos.set_logo(other_id, unused)
        db.session.commit()
        assert house.result(timeout=10) == 0
    db.session.rollback()
    assert unused in kept()


def run_housekeeping(app: Flask) -> int:
    """Destroy unused logos on a connection of one's own, which waits for whoever is writing."""
    with app.app_context():
        begin_write()
        destroyed = logos.delete_unused()
        db.session.commit()
        return destroyed
