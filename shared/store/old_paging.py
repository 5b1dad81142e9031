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
from shared.documents import Doc
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
    soonest_by: str | None = None,
    fields: Sequence[str] | None = None,
) -> Page:
    """At most `limit` documents from the cursor on: by id, or by a time field, the newest or the
    soonest first.

    Raises MalformedMessage for a cursor that was not given out here.
    """
    by, direction = newest_by or soonest_by, DESCENDING if newest_by else ASCENDING
    beyond = _beyond(after, by, direction) if after else {}
    sort = [*([(by, direction)] if by else ()), ("_id", direction)]
    # `$and`, since both parts may name the same field.
    wanted = {"$and": [dict(query), beyond]} if beyond else dict(query)
    docs = await store.find(collection, wanted, sort=sort, limit=limit + 1, fields=fields)
    found = docs[:limit]
    return Page(found, _cursor(found[-1], by) if len(docs) > limit else None)


def _cursor(doc: Mapping[str, Any], by: str | None) -> str:
    at = f"{doc[by].timestamp() * 1000:.0f}" if by else ""
    return base64.urlsafe_b64encode(f"{at} {doc['_id']}".encode()).decode().rstrip("=")


def _beyond(cursor: str, by: str | None, direction: int) -> Doc:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        millis, _, id = text.partition(" ")
        at = datetime.fromtimestamp(int(millis or 0) / 1000, UTC)
    except (ValueError, OverflowError, OSError, binascii.Error) as error:
        raise MalformedMessage("after", "is not a cursor", "send `next` as you got it") from error
    onwards = "$gt" if direction == ASCENDING else "$lt"
    if by is None:
        return {"_id": {onwards: id}}
    return {"$or": [{by: {onwards: at}}, {by: at, "_id": {onwards: id}}]}
