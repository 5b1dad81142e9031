"""Use case: messages that were parked are looked at and sent on their way again.

Opens what intake sealed; listing never opens anything.
"""

from __future__ import annotations

from typing import Any

from shared.bus.relay import Content, ParkedRelay
from shared.identity import Principal, require_role
from shared.privacy.open import Opener
from shared.runtime import not_found
from shared.store import Doc
from shared.store.parked import ParkedMessages

_ROLES = ("supervisor", "administrator")


class Replaying:
    """The operator's hands on intake's parked messages."""

    def __init__(self, parked: ParkedMessages, relay: ParkedRelay) -> None:
        self._parked = parked
        self._relay = relay

    async def listed(self, principal: Principal, *, after: str | None, limit: int) -> list[Doc]:
        """Entries without their bodies."""
        require_role(principal, "list parked messages", *_ROLES)
        return [_shown(entry) for entry in await self._parked.listed(after=after, limit=limit)]

    async def show(self, principal: Principal, id: str) -> Doc:
        """One entry, its body still sealed."""
        require_role(principal, "see a parked message", *_ROLES)
        entry = await self._parked.get(id)
        if entry is None:
            raise not_found()
        return _shown(entry) | {"sealed": entry["sealed"], "bytes": len(entry["body"])}

    async def replay(self, principal: Principal, id: str) -> None:
        """Send one entry to its queue again, its attempts forgotten."""
        require_role(principal, "replay a parked message", *_ROLES)
        entry = await self._parked.get(id)
        if entry is None:
            raise not_found()
        await self._relay.replay(entry, fresh=True)


def open_entry(opener: Opener) -> Any:
    """How a parked entry of intake becomes a message again."""

    async def opened(entry: Doc) -> Content:
        if not entry["sealed"]:
            return Content(bytes(entry["body"]), entry["headers"], entry["message_id"] or None)
        content = await opener.open_parked(entry["body"])
        return Content(
            body=bytes(content["body"]),
            headers=content["headers"],
            message_id=content["message_id"],
            reply_to=content["reply_to"],
            correlation_id=content["correlation_id"],
        )

    return opened


def _shown(entry: Doc) -> Doc:
    return {
        "id": entry["_id"],
        "queue": entry["queue"],
        "reason": entry["reason"],
        "detail": entry["detail"],
        "attempts": entry["attempts"],
        "parked_at": entry["parked_at"],
        "next_at": entry["next_at"],
        "principal": entry["principal"],
    }
