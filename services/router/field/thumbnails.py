"""Use case: whoever did the work looks at its photos again, small, each opening on record."""

from __future__ import annotations

import asyncio
import base64
from io import BytesIO
from typing import Final

from PIL import Image

from services.router.access import order_of
from services.router.field.domain import Work
from services.router.proofs.photos import SEE
from services.router.proofs.storage import PHOTOS
from shared.contracts.refusals import Gone
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.runtime.platform import Platform
from shared.store import Collection

SIDE: Final = 160
"""Enough to know which photo it is; the photo itself is opened at the desk."""
QUALITY: Final = 60
MOST_BYTES: Final = 3_000
"""Twelve of them leave the page small enough for the slowest telephone."""


class Thumbnails:
    """Opens photos of one's own work for the house's own people; never for a firm outside, whose
    link passes through hands that nobody here knows.
    """

    def __init__(self, platform: Platform, opener: Opener) -> None:
        self._platform = platform
        self._opener = opener
        self._photos = Collection(platform.store, PHOTOS)

    async def of(self, work: Work, *, source: str | None) -> tuple[str, ...]:
        """The photos of the work in base64, the earliest first, those that are erased left out; on
        record before. Raises Gone for a firm outside, and Forbidden.
        """
        if work.order is None or work.doer is None or not work.inside:
            raise Gone(
                "not-shown",
                "Photos are shown to the house's own people alone",
                "ask the desk what they show",
            )
        order_of(work.ticket, work.order.id, work.doer, SEE)
        return tuple([shot for p in work.proofs if (shot := await self._one(p.id, work, source))])

    async def _one(self, id: str, work: Work, source: str | None) -> str | None:
        photo = await self._photos.get(id)
        if photo is None or photo.sealed is None:
            return None
        subject = ("person", f"{work.ticket.number}/caller")
        await self._platform.trail.record(
            work.attendant, "person.photo_seen", subject, source=source, details={"proof": id}
        )
        try:
            content = await self._opener.open_proof(photo.sealed)
        except CannotOpen:
            return None
        return await asyncio.to_thread(_small, content)


def _small(content: bytes) -> str:
    """A photo that was written here, so that no stranger's picture is unpacked."""
    with Image.open(BytesIO(content), formats=("JPEG",)) as image:
        image.thumbnail((SIDE, SIDE))
        for quality in (QUALITY, 30, 10):
            into = BytesIO()
            image.save(into, "JPEG", quality=quality, optimize=True)
            if into.tell() <= MOST_BYTES:
                break
        return base64.b64encode(into.getvalue()).decode()
