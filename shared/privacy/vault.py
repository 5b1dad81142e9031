"""The data keys of sealed persons: one per estate, one of the group, in MongoDB's key vault.

A master key wraps them, which never leaves the key file or the key service. Sealing and opening
stand in modules of their own (`seal`, `open`), because only few may import the second.
"""

from __future__ import annotations

from collections.abc import Collection
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

from shared.lanes import Precedence
from shared.privacy.key_wrap import LOCAL, KeyWrap, LocalMasters
from shared.store.together import Together, in_a_thread

VAULT: Final = "__keyVault"
ALGORITHM: Final = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random
AT_ONCE: Final = 16
"""Done in one visit to the thread: at a tenth of a millisecond each, an emergency, which goes in
the next one, waits hardly two."""
GROUP: Final = "group"
"""The key for what has no estate yet: parked reports and requests from unknown places."""


def key_name(estate: str | None) -> str:
    """The alternative name of the key that seals what belongs to an estate."""
    return f"estate/{estate}" if estate else GROUP


class Vault:
    """Client-side encryption under the keys of one database."""

    def __init__(
        self, client: AsyncIOMotorClient[Any], database: str, key_wrap: KeyWrap | bytes
    ) -> None:
        """`wrapping` is a local master key, or all that is known of wrapping."""
        if isinstance(key_wrap, bytes):
            key_wrap = LocalMasters(LOCAL, key_wrap).to_wrapping()
        self._key_wrap = key_wrap
        # The attribute form fails on names with a leading underscore. The library reads keys by
        # majority whatever the client does: a key that only its writer sees yet is none to it.
        self._keys = client[database].get_collection(
            VAULT, read_concern=ReadConcern("majority"), write_concern=WriteConcern("majority")
        )
        self._encryption: Any = AsyncIOMotorClientEncryption(
            dict(key_wrap.providers),
            f"{database}.{VAULT}",
            client,
            CodecOptions(tz_aware=True),
        )
        library: ClientEncryption[Any] = self._encryption.delegate
        self._sealing: Together[tuple[Any, str], Binary] = Together(
            in_a_thread(lambda each: library.encrypt(each[0], ALGORITHM, key_alt_name=each[1])),
            Precedence(),
            at_once=AT_ONCE,
        )
        self._opening: Together[Binary, Any] = Together(
            in_a_thread(library.decrypt), Precedence(), at_once=AT_ONCE
        )
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
            return await self._sealing.do((value, name))
        except EncryptionError as error:
            cause = _cause_of(error)
            if cause is not error or await self._is_there(name):
                raise cause from error
            self._known.discard(name)  # destroyed meanwhile: what comes now gets a key of its own
            return await self.encrypt(value, name)

    async def decrypt(self, sealed: bytes) -> Any:
        """Undo `encrypt`; raises CannotOpen when the key is gone or the data are damaged, and what
        any read raises when the key cannot be read now.
        """
        try:
            return await self._opening.do(Binary(sealed, 6))
        except EncryptionError as error:
            cause = _cause_of(error)
            raise (CannotOpen() if cause is error else cause) from error

    async def _ensure(self, name: str) -> None:
        if name in self._known:
            return
        if not await self._is_there(name):
            try:
                await self._encryption.create_data_key(
                    self._key_wrap.provider,
                    master_key=self._key_wrap.master_key,
                    key_alt_names=[name],
                )
            except (DuplicateKeyError, OperationFailure, EncryptionError):
                if not await self._is_there(name):
                    raise
        self._known.add(name)

    async def _is_there(self, name: str) -> bool:
        return await self._keys.find_one({"keyAltNames": name}, {"_id": 1}) is not None

    async def destroy(self, name: str) -> bool:
        """Destroy a key for ever; False when there is none. Processes that have used it forget it
        within a minute.
        """
        return (await self._keys.delete_one({"keyAltNames": name})).deleted_count == 1

    async def wrap_anew(self, old: Collection[str]) -> int:
        """Have the provider that wraps from now on wrap what these others wrapped; how many keys.

        May be repeated: what is done is left alone. Raises CannotOpen where some are left.
        """
        left = {"masterKey.provider": {"$in": sorted(old)}}
        before = await self._keys.count_documents(left)
        if before:
            await self._encryption.rewrap_many_data_key(
                left, provider=self._key_wrap.provider, master_key=self._key_wrap.master_key
            )
        after = await self._keys.count_documents(left)
        if after:
            raise CannotOpen
        return before

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
