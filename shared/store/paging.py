"""Lists page by page: one kind of cursor for every service's lists."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pymongo import ASCENDING, DESCENDING

from shared.contracts import MalformedMessage
from shared.documents import Doc

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Order:
    """By a field, and by id where two have the same there; `newest` turns both around. What is
    `loose` is no list for pages: of two that have the same either may come first, so that an index
    which ends with the field is enough.
    """

    by: str = "_id"
    newest: bool = False
    loose: bool = False

    @property
    def direction(self) -> int:
        """As the database counts it."""
        return DESCENDING if self.newest else ASCENDING

    @property
    def sort(self) -> list[tuple[str, int]]:
        """What a query is sorted by."""
        fields = [self.by] if self.loose or self.by == "_id" else [self.by, "_id"]
        return [(name, self.direction) for name in fields]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What somebody is shown: what they asked for, what of it they may see, and in which order.

    Both parts are one query, also where they name the same field: what is hidden is on no page and
    in no count, and no cursor names it.
    """

    filters: Mapping[str, Any] = field(default_factory=dict)
    within: Mapping[str, Any] = field(default_factory=dict)
    order: Order = Order()

    @property
    def query(self) -> Doc:
        """The whole question."""
        parts = [dict(part) for part in (self.filters, self.within) if part]
        return {"$and": parts} if len(parts) > 1 else dict(*parts)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list, and the cursor of the next page (None at the end)."""

    items: list[T]
    next: str | None


def with_sorted(fields: Sequence[str], by: str) -> tuple[str, ...]:
    """These fields with the one a list is sorted by, once: the database takes no field beside one
    that holds it.
    """
    is_there = any(by == name or by.startswith(f"{name}.") for name in fields)
    return tuple(fields) if is_there else (*fields, by)


def cursor_of(doc: Mapping[str, Any], order: Order) -> str:
    """The cursor of what comes after a document."""
    at = "" if order.by == "_id" else f"{_within(doc, order.by).timestamp() * 1000:.0f}"
    return base64.urlsafe_b64encode(f"{at} {doc['_id']}".encode()).decode().rstrip("=")


def _within(doc: Mapping[str, Any], name: str) -> Any:
    """A field, also one inside of another, as queries name it: `held.since`."""
    found: Any = doc
    for part in name.split("."):
        found = found[part]
    return found


def beyond(cursor: str, order: Order) -> Doc:
    """The part of a query that leaves out what was shown; raises MalformedMessage."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        millis, _, id = text.partition(" ")
        at = datetime.fromtimestamp(int(millis or 0) / 1000, UTC)
    except (ValueError, OverflowError, OSError, binascii.Error) as error:
        raise MalformedMessage("after", "is not a cursor", "send `next` as you got it") from error
    onwards = "$lt" if order.newest else "$gt"
    if order.by == "_id":
        return {"_id": {onwards: id}}
    # The bound is there for the index: by the alternatives alone it would be read from its end.
    later = [{order.by: {onwards: at}}, {"_id": {onwards: id}}]
    return {order.by: {f"{onwards}e": at}, "$or": later}
