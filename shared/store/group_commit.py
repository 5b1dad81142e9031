"""Group commit: conditional writes that arrive while a batch is under way go into the next one.

Alone, a write goes at once (`together`).
Every writer gets its own verdict, and its own error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bson import encode
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, DocumentTooLarge, WriteConcernError, WriteError

from shared.documents import Doc
from shared.store.change import Verdict

Documents = AsyncIOMotorCollection[Doc]
Operation = InsertOne[Any] | UpdateOne

LARGEST: Final = 300
"""Writes in one batch; beyond it a server gains little and the first waits for the last."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""What MongoDB takes as one document."""
MARK: Final = "made_by"
"""What every inserted document has, unless it says itself who made it."""
_DUPLICATE: Final = 11000
_BY_ID: Final = {"_id": 1}
_NO_STUB: Final = frozenset({66, 121})
"""The server's words where an update would have made a document: by `_NEVER_NEW`, or by the
validator that older versions put on their collections.
"""
_NEVER_NEW: Final[Mapping[str, Any]] = {"_id": None}
"""What an update sets where it makes a document: another id than it was asked for, which the server
refuses: an update of a document that is not there fails by itself instead of making a stub."""


def inserting(doc: Mapping[str, Any]) -> Operation:
    """Make a document, unless its `_id` is there; raises what cannot be kept, before any batch."""
    return InsertOne(RawBSONDocument(_encoded(doc)))


def updating(
    id: str, version: int, update: Mapping[str, Any], *, counted_by: str = "version"
) -> Operation:
    """Change a document of this version, which is 0 where it has none; raises what cannot be kept,
    before any batch.

    An upsert, so that whoever finds another version, or nothing, gets an error of its own: totals
    are all that a batch returns beside errors, and reading back who won is not safe, since two
    writers of one version derive the same event ids.
    """
    _encoded(update)
    present = version or {"$in": [0, None]}
    never_new = {**update, "$setOnInsert": _NEVER_NEW}
    return UpdateOne({"_id": id, counted_by: present}, never_new, upsert=True)


def _encoded(content: Mapping[str, Any]) -> bytes:
    found = encode(content)
    if len(found) > MAX_BYTES:
        raise DocumentTooLarge(f"{len(found)} bytes are more than a document may have")
    return found


async def write_all(
    collection: Documents, operations: Sequence[Operation]
) -> list[Verdict | Exception]:
    """Write operations side by side; what became of each. Raises what `STORE_DOWN` lists."""
    outcomes: list[Verdict | Exception] = [Verdict.WON] * len(operations)
    try:
        await collection.bulk_write(list(operations), ordered=False)
    except BulkWriteError as error:
        details: Mapping[str, Any] = error.details or {}
        if details.get("writeConcernErrors"):
            raise WriteConcernError("the majority did not confirm it") from error
        for fault in details["writeErrors"]:
            outcomes[fault["index"]] = _verdict_of(fault)
    return outcomes


def _verdict_of(fault: Mapping[str, Any]) -> Verdict | Exception:
    if fault["code"] == _DUPLICATE and fault.get("keyPattern", _BY_ID) != _BY_ID:
        return Verdict.TAKEN
    lost = fault["code"] == _DUPLICATE or fault["code"] in _NO_STUB
    return Verdict.LOST if lost else _without_words(fault)


def _without_words(fault: Mapping[str, Any]) -> WriteError:
    """The server's own words may repeat the document."""
    return WriteError(f"the server refused a write with code {fault['code']}", fault["code"])
