"""Sealing: from here on a person's data can be kept but not read."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from bson.binary import Binary

from shared.privacy.vault import GROUP, Vault, key_name


class Sealer:
    """Seals persons under their estate's key and messages from outside under the group's.

    `secret` keys the fingerprints of messages.
    """

    def __init__(self, vault: Vault, secret: bytes) -> None:
        self._vault = vault
        self._secret = secret

    async def seal_person(self, person: Mapping[str, Any], *, estate: str | None) -> Binary:
        """Seal one person's fields (and the words that came with them)."""
        kept = {k: v for k, v in person.items() if v is not None}
        return await self._vault.encrypt(kept, key_name(estate))

    async def seal_proof(self, picture: bytes, *, estate: str | None) -> Binary:
        """Seal a photo of somebody's home."""
        return await self._vault.encrypt(picture, key_name(estate))

    async def seal_parked(self, content: Mapping[str, Any]) -> bytes:
        """Seal a whole message as it came: body, headers, id."""
        return bytes(await self._vault.encrypt(dict(content), GROUP))

    def fingerprint(self, body: bytes) -> str:
        """A keyed digest: the same for the same body, no help to whoever guesses at bodies."""
        return hmac.new(self._secret, b"parked\0" + body, hashlib.sha256).hexdigest()
