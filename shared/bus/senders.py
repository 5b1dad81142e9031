"""Who sent a message, also when it is put into its queue again.

The broker checks a `user_id` only of whoever publishes, and a replay is published by us: the
sender's name travels in a header, with a proof that only an installation's own secret makes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any, Final

from shared.bus.messages import Inbound
from shared.bus.relay import Content, OpenEntry, plain_entry
from shared.documents import Doc

SENDER: Final = "hotline-sender"
PROOF: Final = "hotline-sender-proof"
OpenParked = Callable[[bytes], Awaitable[dict[str, Any]]]
"""How a sealed message is opened: few may (`shared.privacy.open`)."""


def vouch(secret: bytes, sender: str, body: bytes) -> dict[str, str]:
    """The headers that say who first sent this body."""
    return {SENDER: sender, PROOF: _proof(secret, sender, body)}


def sender_of(secret: bytes, message: Inbound) -> str | None:
    """The user that the broker checked, now or when the message first came; None for nobody."""
    if message.user_id:
        return message.user_id
    sender, proof = (str(message.headers.get(header, "")) for header in (SENDER, PROOF))
    proven = hmac.compare_digest(proof.encode(), _proof(secret, sender, message.body).encode())
    return sender if sender and proven else None


def sealed_entry(open_parked: OpenParked, secret: bytes) -> OpenEntry:
    """The way back for parked messages that came from outside, sealed or not; `secret` vouches for
    who sent them.
    """

    async def opened(entry: Doc) -> Content:
        if not entry["sealed"]:
            return await plain_entry(entry)
        content = await open_parked(entry["body"])
        body, sender = bytes(content["body"]), entry["principal"]
        return Content(
            body=body,
            headers=content["headers"] | (vouch(secret, sender, body) if sender else {}),
            message_id=content["message_id"],
            reply_to=content["reply_to"],
            correlation_id=content["correlation_id"],
        )

    return opened


def _proof(secret: bytes, sender: str, body: bytes) -> str:
    return hmac.new(
        secret, b"sender\0" + sender.encode() + b"\0" + body, hashlib.sha256
    ).hexdigest()
