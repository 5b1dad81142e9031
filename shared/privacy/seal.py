"""Sealing: from here on a person's data can be kept but not read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bson.binary import Binary

from shared.privacy.vault import GROUP, Vault, key_name


class Sealer:
    """Seals persons under their estate's key and raw messages under the group's."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def seal_person(self, person: Mapping[str, Any], *, estate: str | None) -> Binary:
        """Seal one person's fields (and the words that came with them)."""
        kept = {k: v for k, v in person.items() if v is not None}
        return await self._vault.encrypt(kept, key_name(estate))

    async def seal_bytes(self, body: bytes) -> bytes:
        """Seal a whole message as it came."""
        return bytes(await self._vault.encrypt(body, GROUP))
