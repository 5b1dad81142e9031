"""Photos as telephones and other people send them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Final

from PIL import Image

SECRETS: Final = (b"PhoneMaker", b"Exif", b"GPS <script>", b"taken by li")
"""What is in the photo of `photo` beside its pixels; long enough that no picture holds one by
chance.
"""
_ORIENTATION, _MAKER, _GPS = 0x0112, 0x010F, 0x8825


def noise(width: int = 800, height: int = 600, *, mode: str = "RGB") -> Image.Image:
    """A picture that cannot be guessed, nor made much smaller."""
    return Image.effect_noise((width, height), 90).convert(mode)


def encoded(image: Image.Image, format: str = "JPEG", **more: Any) -> bytes:
    into = io.BytesIO()
    image.save(into, format, **more)
    return into.getvalue()


def photo(width: int = 800, height: int = 600, *, turned: int = 1) -> bytes:
    """A JPEG with all that a telephone writes beside the pixels, and something behind its end."""
    exif = Image.Exif()
    exif[_MAKER] = "PhoneMaker"
    exif[_ORIENTATION] = turned
    exif.get_ifd(_GPS).update({1: "N", 2: (31.0, 14.0, 12.0), 3: "E", 4: (121.0, 29.0, 1.0)})
    made = encoded(noise(width, height), exif=exif, comment=b"taken by li")
    return made + b"GPS <script>alert(1)</script>"


def png_of(width: int, height: int) -> bytes:
    """A few bytes that claim to be a picture of this size, and nearly are."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 16))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def opened(content: bytes) -> Image.Image:
    """A picture, all of it."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def scan_bomb(side: int = 7_000, scans: int = 3_000) -> bytes:
    """A small JPEG that takes minutes to unpack: a scan of a large grey picture, many times."""
    whole = encoded(Image.new("L", (side, side), 128), progressive=True)
    end = len(whole) - 2
    last = whole[whole.rindex(b"\xff\xda") : end]
    return whole[:end] + last * scans + whole[end:]
