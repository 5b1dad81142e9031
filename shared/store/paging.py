"""Lists page by page: one kind of cursor for every service's lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING

from shared.contracts import MalformedMessage
from shared.store.change import Doc
from shared.store.store import Store


@dataclass(frozen=True, slots=True)
class Page:
    """Some documents, and the cursor of the next page (None at the end)."""

    docs: list[Doc]
    next: str | None


async def page(
    store: Store,
    collection: str,
    query: Mapping[str, Any],
    *,
    after: str | None,
    limit: int,
    newest_by: str | None = None,
    fields: Sequence[str] | None = None,
) -> Page:
    """At most `limit` documents from the cursor on: by id, or the newest by a time field first.

    Raises MalformedMessage for a cursor that was not given out here.
    """
    beyond = _beyond(after, newest_by) if after else {}
    sort = [(newest_by, DESCENDING), ("_id", DESCENDING)] if newest_by else [("_id", ASCENDING)]
    # `$and`, since both parts may name the same field.
    wanted = {"$and": [dict(query), beyond]} if beyond else dict(query)
    docs = await store.find(collection, wanted, sort=sort, limit=limit + 1, fields=fields)
    found = docs[:limit]
    return Page(found, _cursor(found[-1], newest_by) if len(docs) > limit else None)


def _cursor(doc: Mapping[str, Any], newest_by: str | None) -> str:
    at = f"{doc[newest_by].timestamp() * 1000:.0f}" if newest_by else ""
    return base64.urlsafe_b64encode(f"{at} {doc['_id']}".encode()).decode().rstrip("=")


def _beyond(cursor: str, newest_by: str | None) -> Doc:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        millis, _, id = text.partition(" ")
        at = datetime.fromtimestamp(int(millis or 0) / 1000, UTC)
    except (ValueError, OverflowError, OSError, binascii.Error) as error:
        raise MalformedMessage("after", "is not a cursor", "send `next` as you got it") from error
    if newest_by is None:
        return {"_id": {"$gt": id}}
    return {"$or": [{newest_by: {"$lt": at}}, {newest_by: at, "_id": {"$lt": id}}]}
