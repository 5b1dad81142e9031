"""Whatever is sent as a photo is written anew, or refused by what it is."""

from __future__ import annotations

import random
import resource
from contextlib import suppress

import pytest
from PIL import Image

from services.router.proofs.pictures import (
    LONGEST_SIDE,
    MOST_BYTES,
    NoPicture,
    develop,
)
from tests.support.photos import SECRETS, encoded, noise, opened, photo, png_of


def test_what_a_telephone_writes_beside_the_pixels_is_gone() -> None:
    raw = photo()
    assert all(secret in raw for secret in SECRETS)

    kept = develop(raw).content

    assert [secret for secret in SECRETS if secret in kept] == []
    assert dict(opened(kept).getexif()) == {}
    assert not {"exif", "comment", "icc_profile"} & opened(kept).info.keys()


def test_it_stands_upright() -> None:
    """Turned by a quarter, as the telephone was held: the left edge comes to stand above."""
    image = Image.new("RGB", (400, 200), "blue")
    image.paste("red", (0, 0, 40, 200))
    exif = Image.Exif()
    exif[0x0112] = 6

    made = develop(encoded(image, exif=exif))

    assert (made.width, made.height) == (200, 400)
    red, _, blue = opened(made.content).getpixel((100, 10))  # type: ignore[misc]  # RGB
    assert red > 200 > blue


@pytest.mark.parametrize(("width", "height"), [(4000, 3000), (300, 6000), (1600, 1600)])
def test_it_is_shrunk_until_it_fits(width: int, height: int) -> None:
    made = develop(encoded(noise(width, height)))

    assert max(made.width, made.height) <= LONGEST_SIDE
    assert len(made.content) <= MOST_BYTES
    shown = opened(made.content)
    assert (shown.format, shown.size) == ("JPEG", (made.width, made.height))


def test_what_is_small_stays_as_it_is() -> None:
    made = develop(encoded(Image.new("RGB", (1, 1))))

    assert (made.width, made.height) == (1, 1)


@pytest.mark.parametrize(
    ("format", "mode"),
    [("PNG", "RGBA"), ("PNG", "L"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGB"), ("WEBP", "RGBA"),
     ("JPEG", "CMYK"), ("JPEG", "L")],
)  # fmt: skip
def test_every_kind_that_is_taken_becomes_a_jpeg_in_colour(format: str, mode: str) -> None:
    made = develop(encoded(noise(120, 90, mode=mode), format))

    assert made.was == format.lower()
    assert (opened(made.content).format, opened(made.content).mode) == ("JPEG", "RGB")


def test_what_shows_through_is_white() -> None:
    made = develop(encoded(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"))

    assert opened(made.content).getpixel((20, 20)) == (255, 255, 255)


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
FRAMES = [noise(40, 40) for _ in range(3)]


@pytest.mark.parametrize(
    ("raw", "code", "says"),
    [
        (b"", "empty", "is empty"),
        (SVG, "unknown", "an SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n" + SVG, "unknown", "an SVG"),
        (b"<!DOCTYPE html><html>", "unknown", "a web page"),
        (b"%PDF-1.7 ...", "unknown", "a PDF"),
        (b"MZ\x90\0\x03", "unknown", "a program"),
        (b"\x7fELF\x02", "unknown", "a program"),
        (b"PK\x03\x04", "unknown", "an archive"),
        (encoded(noise(20, 20), "GIF"), "unknown", "a GIF"),
        (encoded(noise(20, 20), "BMP"), "unknown", "a BMP"),
        (encoded(noise(20, 20), "TIFF"), "unknown", "a TIFF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "heic", "a HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "unknown", "a film"),
        (b"photo.jpg", "unknown", "no picture that we know"),
        (photo()[:2_000], "damaged", "cut off"),
        (encoded(noise(400, 400), "PNG")[:3_000], "damaged", "cut off"),
        (encoded(noise(400, 400), "WEBP")[:3_000], "damaged", "cut off"),
        (encoded(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:]), "animated", "anim"),
        (encoded(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]), "animated", "anim"),
        (png_of(30_000, 30_000), "too_many_pixels", "50 million"),
        (png_of(60_000, 1_000), "too_many_pixels", "50 million"),
    ],
    ids=lambda value: None if isinstance(value, str) else "raw",
)  # fmt: skip
def test_anything_else_is_refused_by_what_it_is_with_the_way_out(
    raw: bytes, code: str, says: str
) -> None:
    with pytest.raises(NoPicture) as caught:
        develop(raw)

    assert caught.value.code == code
    assert says in caught.value.fault
    assert caught.value.remedy


def test_pixels_are_counted_before_any_is_unpacked() -> None:
    """Unpacked it would be 900 MB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(NoPicture):
        develop(png_of(30_000, 30_000))

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_cut_anywhere_is_a_photo_or_a_refusal() -> None:
    """Nothing that a stranger makes of a photo breaks what reads it."""
    raw, chance = photo(200, 150), random.Random(7)
    for _ in range(100):
        broken = bytearray(raw[: chance.randrange(len(raw))])
        for _ in range(chance.randrange(6)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.randrange(256)
        with suppress(NoPicture):
            assert opened(develop(bytes(broken)).content).format == "JPEG"
