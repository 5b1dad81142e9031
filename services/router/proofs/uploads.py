"""A photo as it arrives over HTTP: as it is, or in a form with the tag of its place.

Nothing of it touches the disk on its way.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from services.router.proofs.pictures import SEND, TAKEN, NoPicture
from shared.contracts import MalformedMessage
from shared.contracts.refusals import TooSlow

LARGEST_PHOTO: Final = 16 * 1024 * 1024
"""With the form around it. The best cameras in telephones make 12 MB; they are shrunk here, since a
page without scripts cannot."""
LARGER_BODIES: Final = (
    (re.compile(r"/v1/work-orders/[^/]+/proofs"), LARGEST_PHOTO),
    (re.compile(r"/w/[^/]+/photo"), LARGEST_PHOTO),
)
"""Where photos arrive; everywhere else bodies are as small as ever."""
ARRIVES_WITHIN: Final = 120.0
"""Seconds; whoever takes longer keeps others from sending theirs."""
PHOTO: Final = "photo"
TAG_FIELDS: Final = ("estate", "building", "room")
LONGEST: Final = 60
_BINARY: Final[dict[str, Any]] = {"type": "string", "format": "binary"}
_FIELDS: Final = {PHOTO: _BINARY, **{name: {"type": "string"} for name in TAG_FIELDS}}
_AS_FORM: Final = {
    "multipart/form-data": {
        "schema": {"type": "object", "required": [PHOTO], "properties": _FIELDS}
    }
}
_ALONE: Final = {f"image/{kind.lower()}": {"schema": _BINARY} for kind in TAKEN}
FORM: Final = {"requestBody": {"required": True, "content": _AS_FORM}}
FORM_OR_PICTURE: Final = {"requestBody": {"required": True, "content": {**_AS_FORM, **_ALONE}}}
"""What the OpenAPI documents say of bodies that are read here."""
_FORM: Final = "send multipart/form-data with the file `photo`, or the picture alone"


@dataclass(frozen=True, slots=True)
class Tag:
    """What the code on the wall says of its place, as it was read."""

    estate: str | None = None
    building: str | None = None
    room: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A photo as somebody sent it."""

    raw: bytes = field(repr=False)
    tag: Tag = Tag()


class _InMemory(MultiPartParser):
    """A photo of somebody's home does not lie in the clear in a temporary file."""

    spool_max_size = LARGEST_PHOTO + 1


async def read_photo(request: Request) -> Sent:
    """What a request carries. Raises MalformedMessage for a form that cannot be read, NoPicture
    where it holds none, TooSlow for one that does not arrive.
    """
    try:
        async with asyncio.timeout(ARRIVES_WITHIN):
            kind = request.headers.get("content-type", "").lower()
            if kind.startswith("multipart/form-data"):
                return await _from_form(await _form_of(request))
            return Sent(await request.body())
    except (TimeoutError, ClientDisconnect) as error:
        raise TooSlow(
            "too-slow",
            "The photo did not arrive in time",
            "send it again where the network is better",
        ) from error


async def _form_of(request: Request) -> FormData:
    parser = _InMemory(
        request.headers,
        request.stream(),
        max_files=1,
        max_fields=len(TAG_FIELDS),
        max_part_size=4 * LONGEST,
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise MalformedMessage("body", "is no form that can be read", _FORM) from error


async def _from_form(form: FormData) -> Sent:
    photo = form.get(PHOTO)
    if not isinstance(photo, UploadFile):
        raise NoPicture("empty", "is missing", SEND)
    try:
        return Sent(await photo.read(), Tag(**{name: _text(form, name) for name in TAG_FIELDS}))
    finally:
        await photo.close()


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if isinstance(value, UploadFile) or (value is not None and len(value) > LONGEST):
        raise MalformedMessage(name, f"is no text of {LONGEST} characters at most", "see the code")
    return (value or "").strip() or None
