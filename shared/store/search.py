"""Looking for planted strings in every document of every database, as the bytes that are kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import OperationFailure

from shared.store.store import connect

_NOT_AUTHORIZED: Final = 13
_SERVERS_OWN: Final = frozenset({"admin", "config", "local"})


@dataclass(frozen=True, slots=True)
class Searched:
    """One collection: how many documents were read, and which needles (by position) were found."""

    place: str
    read: int
    found: frozenset[int]


async def search_database(
    url: str, needles: Sequence[bytes], *, only: str | None = None
) -> AsyncIterator[Searched]:
    """Read every collection of every database, the oplog included, and tell what was found.

    `only` names one database to read, where others keep theirs on the same server.
    """
    client = connect(url)
    try:
        for name in [only] if only else await client.list_database_names():
            database: Any = client.get_database(
                name, codec_options=CodecOptions(document_class=RawBSONDocument)
            )
            plain = client[name]
            for collection in sorted(await plain.list_collection_names()):
                yield await _search(database[collection], f"{name}.{collection}", needles)
    finally:
        client.close()


async def _search(collection: Any, place: str, needles: Sequence[bytes]) -> Searched:
    """What the server keeps for itself nobody may read, and it is named as not read."""
    read, found = 0, set[int]()
    try:
        async for document in collection.find({}, batch_size=500):
            read += 1
            found |= {n for n, needle in enumerate(needles) if needle in document.raw}
    except OperationFailure as error:
        if error.code != _NOT_AUTHORIZED or collection.database.name not in _SERVERS_OWN:
            raise
        place = f"{place} (the server's own, not read)"
    return Searched(place, read, frozenset(found))
