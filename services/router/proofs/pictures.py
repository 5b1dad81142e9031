"""Foreign pictures, written anew: what is kept is pixels and nothing else. That is done beside
the event loop, a few at once, never before an emergency.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from shared.lanes import Precedence
from shared.runtime import Problem

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
AT_ONCE: Final = 2
"""Each may need 200 MB for a second."""
MOST_ARRIVING: Final = 16
"""Each may hold what a body may hold."""
NICE: Final = 10
"""How far these threads stand behind those of the event loop."""
# Pixels are counted here; the library's own guard lets twice its number pass with a warning.
Image.MAX_IMAGE_PIXELS = None


class NoPicture(Exception):
    """This is no picture that is taken; `code` says why in a word, `fault` and `remedy` in a
    sentence.
    """

    def __init__(self, code: str, fault: str, remedy: str = SEND) -> None:
        self.code, self.fault, self.remedy = code, fault, remedy
        super().__init__(fault)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept: always JPEG; `was` is what came."""

    content: bytes = field(repr=False)
    width: int
    height: int
    was: str


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
    except UnidentifiedImageError as error:
        raise _stranger(raw) from error
    except Exception as error:  # whatever a reader raises who meets what strangers made
        raise NoPicture("damaged", _CUT_OFF, "send it again") from error
    content, shown = _small_enough(clean)
    return Picture(content, shown.width, shown.height, was)


def _check(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        fault = f"has more than {most} million pixels"
        raise NoPicture("too_many_pixels", fault, "send a smaller one")
    if image.format in {"PNG", "WEBP"} and getattr(image, "is_animated", False):
        raise NoPicture("animated", "is animated", "send a photo")


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


class Darkroom:
    """Develops pictures for one process."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._threads = ThreadPoolExecutor(AT_ONCE, "pictures", initializer=_step_back)
        self._arriving = 0

    @asynccontextmanager
    async def arriving(self) -> AsyncIterator[None]:
        """A picture is on its way while the block lasts; raises Problem where too many are."""
        if self._arriving >= MOST_ARRIVING:
            raise Problem(
                503, "busy", "Too many photos are arriving at once",
                detail="send it again in a moment", retry_after=5,
            )  # fmt: skip
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    async def develop(self, raw: bytes) -> Picture:
        """The picture written anew; raises NoPicture. An emergency in hand goes first."""
        async with self._precedence.on("routine"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, develop, raw)


def _step_back() -> None:
    """On Linux threads have a priority of their own."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
