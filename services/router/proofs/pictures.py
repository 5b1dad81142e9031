"""Foreign pictures, written anew: what is kept is pixels and nothing else. That is done in a
process of its own, which `develop_within_limits` holds to its time and memory (`darkroom`).
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError
from typing_extensions import override

TAKEN: Final = ("JPEG", "PNG", "WEBP")
"""What telephones and browsers send. Each reader more is more code that strangers can reach."""
MOST_PIXELS: Final = 50_000_000
"""What a telephone's camera makes, 200 MB when it is unpacked; counted before anything is."""
LONGEST_SIDE: Final = 1_600
"""Enough to read a tag on the wall."""
MOST_BYTES: Final = 400 * 1024
QUALITIES: Final = (85, 75, 65, 50, 35)
SMALLER: Final = 0.7
"""By so much the sides shrink when even the lowest quality is too large."""
_BEGINNINGS: Final = (
    (b"%PDF", "a PDF"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
)
_MEDIA: Final = (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")
_MARKUP: Final = (b"<svg", b"<!doctype", b"<html", b"<?xml", b"<script")
SEND: Final = "send a JPEG, PNG or WebP"
_CUT_OFF: Final = "is damaged, or was cut off on its way"
CPU_SECONDS: Final = 10
"""A telephone's photo takes one at most; 363 kB of JPEG in a thousand scans took forty."""
MOST_MEMORY: Final = 700 * 1024 * 1024
"""Address space of the process: MOST_PIXELS unpacked, upright and on white."""
NICE: Final = 10
"""How far the process stands behind that of the event loop."""
# Pixels are counted here; the library's own guard lets twice its number pass with a warning.
Image.MAX_IMAGE_PIXELS = None


class NoPicture(Exception):
    """This is no picture that is taken; `code` says why in a word, `fault` and `remedy` in a
    sentence.
    """

    def __init__(self, code: str, fault: str, remedy: str = SEND) -> None:
        self.code, self.fault, self.remedy = code, fault, remedy
        super().__init__(fault)

    @override
    def __reduce__(self) -> tuple[type[NoPicture], tuple[str, str, str]]:
        """It comes from another process."""
        return NoPicture, (self.code, self.fault, self.remedy)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: always JPEG; `was` is what came."""

    content: bytes = field(repr=False)
    width: int
    height: int
    was: str


def develop_within_limits(raw: bytes) -> Picture:
    """The picture written anew, behind everybody else on this machine. The process that this is
    called in is ended by the system when it takes more than CPU_SECONDS, and gets no more than
    MOST_MEMORY; raises NoPicture.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
    used, (_, most) = int(time.process_time()) + 1, resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_SECONDS, most))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    return develop(raw)


def develop(raw: bytes) -> Picture:
    """The picture written anew: upright, at most LONGEST_SIDE long and MOST_BYTES large.

    Raises NoPicture for everything else, whatever it calls itself.
    """
    if not raw:
        raise NoPicture("empty", "is empty")
    try:
        with Image.open(BytesIO(raw), formats=TAKEN) as image:
            _check(image)
            was = (image.format or TAKEN[0]).lower()
            clean = _pixels_of(image)
    except NoPicture:
        raise
    except MemoryError as error:
        raise _too_many_pixels("needs too much memory") from error
    except UnidentifiedImageError as error:
        raise _stranger(raw) from error
    except Exception as error:  # whatever a reader raises who meets what strangers made
        raise NoPicture("damaged", _CUT_OFF, "send it again") from error
    content, shown = _small_enough(clean)
    return Picture(content, shown.width, shown.height, was)


def _check(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_many_pixels(f"has more than {MOST_PIXELS // 1_000_000} million pixels")
    if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise NoPicture("animated", "is animated", "send a photo")


def _too_many_pixels(fault: str) -> NoPicture:
    return NoPicture("too_many_pixels", fault, "send a smaller one")


def _pixels_of(image: Image.Image) -> Image.Image:
    """Upright, on white, in a new image that holds nothing else of the old one."""
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is unpacked no larger than is needed
    upright = ImageOps.exif_transpose(image)
    clear = upright.convert("RGBA") if upright.has_transparency_data else None
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright.convert("RGB") if clear is None else clear, mask=clear)
    return clean


def _small_enough(image: Image.Image) -> tuple[bytes, Image.Image]:
    shown = image
    while True:
        for content in _qualities_of(shown):
            if len(content) <= MOST_BYTES:
                return content, shown
        sides = max(1, int(shown.width * SMALLER)), max(1, int(shown.height * SMALLER))
        shown = shown.resize(sides)


def _qualities_of(image: Image.Image) -> Iterator[bytes]:
    """The same picture, each time lower in quality."""
    for quality in QUALITIES:
        into = BytesIO()
        image.save(into, "JPEG", quality=quality, optimize=True)
        yield into.getvalue()


def _stranger(raw: bytes) -> NoPicture:
    """What it is, as far as its first bytes tell."""
    head = raw[:512]
    if head[4:].startswith(_MEDIA):
        return NoPicture("heic", "is a HEIC", "have the camera save JPEG (most compatible)")
    if head[4:8] == b"ftyp":
        return NoPicture("unknown", "is a film", SEND)
    named = (name for begins, name in _BEGINNINGS if head.startswith(begins))
    found = next(named, None) or _markup(head) or "no picture that we know"
    return NoPicture("unknown", f"is {found}")


def _markup(head: bytes) -> str | None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not text.startswith(_MARKUP):
        return None
    return "an SVG" if b"<svg" in text else "a web page"
