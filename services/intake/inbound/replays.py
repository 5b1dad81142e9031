"""How a parked report becomes a message again: intake alone opens what it sealed."""

from __future__ import annotations

from services.intake.inbound.publishers import vouch
from shared.bus.relay import Content, OpenEntry, plain_entry
from shared.privacy.open import Opener
from shared.store import Doc


def open_entry(opener: Opener, secret: bytes) -> OpenEntry:
    """The way back for entries of intake, sealed or not; `secret` vouches for who sent them."""

    async def opened(entry: Doc) -> Content:
        if not entry["sealed"]:
            return await plain_entry(entry)
        content = await opener.open_parked(entry["body"])
        body, sender = bytes(content["body"]), entry["principal"]
        return Content(
            body=body,
            headers=content["headers"] | (vouch(secret, sender, body) if sender else {}),
            message_id=content["message_id"],
            reply_to=content["reply_to"],
            correlation_id=content["correlation_id"],
        )

    return opened
