"""How a parked report becomes a message again: intake alone opens what it sealed."""

from __future__ import annotations

from shared.bus.relay import Content, OpenEntry, plain_entry
from shared.privacy.open import Opener
from shared.store import Doc


def open_entry(opener: Opener) -> OpenEntry:
    """The way back for entries of intake, sealed or not."""

    async def opened(entry: Doc) -> Content:
        if not entry["sealed"]:
            return await plain_entry(entry)
        content = await opener.open_parked(entry["body"])
        return Content(
            body=bytes(content["body"]),
            headers=content["headers"],
            message_id=content["message_id"],
            reply_to=content["reply_to"],
            correlation_id=content["correlation_id"],
        )

    return opened
