"""Opening what is sealed. Only the notifier (to render a message), intake's masks, reveal, export,
replay, erasure and callers of calls, telephony's masks and replay, and the router's small photos
may import this module; import-linter holds that wall.
"""

from __future__ import annotations

from typing import Any

from shared.privacy.vault import Vault


class Opener:
    """Opens persons and messages; the caller answers for having a reason on record."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def open_person(self, sealed: bytes) -> dict[str, Any]:
        """The person's fields; raises CannotOpen."""
        person: dict[str, Any] = await self._vault.decrypt(sealed)
        return person

    async def open_proof(self, sealed: bytes) -> bytes:
        """A photo of somebody's home; raises CannotOpen."""
        return bytes(await self._vault.decrypt(sealed))

    async def open_parked(self, sealed: bytes) -> dict[str, Any]:
        """A parked message's body, headers and ids as they came; raises CannotOpen."""
        content: dict[str, Any] = await self._vault.decrypt(sealed)
        return content
