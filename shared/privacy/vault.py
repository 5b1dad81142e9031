"""The data keys of sealed persons: one per estate, one of the group, in MongoDB's key vault.

The master key wraps them and never leaves the key file. Sealing and opening stand in modules of
their own (`seal`, `open`), because only few may import the second.
"""

from __future__ import annotations

from typing import Any, Final

from bson.binary import Binary
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientEncryption
from pymongo import ASCENDING, IndexModel
from pymongo.encryption import Algorithm, ClientEncryption  # type: ignore[attr-defined]  # re-exported untyped
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    EncryptionError,
    OperationFailure,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.privacy.visits import Visits

VAULT: Final = "__keyVault"
ALGORITHM: Final = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random
GROUP: Final = "group"
"""The key for what has no estate yet: parked reports and requests from unknown places."""


def key_name(estate: str | None) -> str:
    """The alternative name of the key that seals what belongs to an estate."""
    return f"estate/{estate}" if estate else GROUP


class Vault:
    """Client-side encryption under the keys of one database."""

    def __init__(self, client: AsyncIOMotorClient[Any], database: str, master: bytes) -> None:
        # The attribute form fails on names with a leading underscore. The library reads keys by
        # majority whatever the client does: a key that only its writer sees yet is none to it.
        self._keys = client[database].get_collection(
            VAULT, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority")
        )
        self._encryption: Any = AsyncIOMotorClientEncryption(
            {"local": {"key": master}},
            f"{database}.{VAULT}",
            client,
            CodecOptions(tz_aware=True),
        )
        library: ClientEncryption[Any] = self._encryption.delegate
        self._sealing: Visits[tuple[Any, str], Binary] = Visits(
            lambda each: library.encrypt(each[0], ALGORITHM, key_alt_name=each[1])
        )
        self._opening: Visits[Binary, Any] = Visits(library.decrypt)
        self._known: set[str] = set()

    async def start(self) -> None:
        """Make key names unique, so that two processes cannot make two keys for one estate."""
        index = IndexModel(
            [("keyAltNames", ASCENDING)],
            unique=True,
            partialFilterExpression={"keyAltNames": {"$exists": True}},
        )
        await self._keys.create_indexes([index])
        await self._ensure(GROUP)

    async def encrypt(self, value: Any, name: str) -> Binary:
        """Encrypt a BSON value, randomly, under the key called `name`."""
        await self._ensure(name)
        try:
            return await self._sealing.make((value, name))
        except EncryptionError as error:
            raise _cause_of(error) from error

    async def decrypt(self, sealed: bytes) -> Any:
        """Undo `encrypt`; raises CannotOpen when the key is gone or the data are damaged, and what
        any read raises when the key cannot be read now.
        """
        try:
            return await self._opening.make(Binary(sealed, 6))
        except EncryptionError as error:
            cause = _cause_of(error)
            raise (CannotOpen() if cause is error else cause) from error

    async def _ensure(self, name: str) -> None:
        if name in self._known:
            return
        if await self._keys.find_one({"keyAltNames": name}, {"_id": 1}) is None:
            try:
                await self._encryption.create_data_key("local", key_alt_names=[name])
            except (DuplicateKeyError, OperationFailure, EncryptionError):
                if await self._keys.find_one({"keyAltNames": name}, {"_id": 1}) is None:
                    raise
        self._known.add(name)

    async def aclose(self) -> None:
        """Release the library's handles."""
        await self._encryption.close()


def _cause_of(error: EncryptionError) -> Exception:
    """The library wraps all that happens while it reads a key: an outage is still an outage."""
    return error.cause if isinstance(error.cause, ConnectionFailure) else error


class CannotOpen(Exception):
    """The key that sealed this is gone, or the sealed data are damaged."""

    def __init__(self) -> None:
        super().__init__("sealed data cannot be opened: its key is gone or it is damaged")
