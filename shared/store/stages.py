"""Lists that come in stages: first all of one kind in its order, then all of the next in its own.

So a list is in an order that no single index gives, such as what is urgent first and what nothing
is due of last, and a page of it costs a page all the same.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from shared.contracts import MalformedMessage
from shared.documents import Doc
from shared.store.paging import Listing, Order, Page, cursor_of

LONGEST_CURSOR: Final = 400


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a list: what it holds, and in which order."""

    order: Order
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a list is sorted, by its name; together the stages hold all of it, each thing once."""

    name: str
    stages: tuple[Stage, ...]


Fetch = Callable[[Listing, str | None, int], Awaitable[Page[Doc]]]
"""A page of a plain list, from a plain cursor on."""


async def page_in_stages(
    fetch: Fetch, listing: Listing, sorting: Sorting, *, after: str | None, limit: int
) -> Page[Doc]:
    """At most `limit` documents from the cursor on, and the next page's cursor, which counts for
    this sorting alone. What moves on into another stage meanwhile may be shown twice, or not.

    Raises MalformedMessage for a cursor that was not given out here.
    """
    at, inner = _read(after, sorting) if after else (0, None)
    found: list[Doc] = []
    cursor: str | None = None
    for n in range(at, len(sorting.stages)):
        stage = sorting.stages[n]
        page = await fetch(_of_stage(listing, stage), inner, max(limit - len(found), 1))
        if page.items and len(found) == limit:  # the page is full, and here is more
            return Page(found, cursor)
        found += page.items
        if page.items:
            cursor = _written(page.items[-1], sorting.name, n, stage.order)
        if page.next is not None:
            return Page(found, cursor)
        inner = None
    return Page(found, None)


def _of_stage(listing: Listing, stage: Stage) -> Listing:
    filters = [dict(part) for part in (listing.filters, stage.filters) if part]
    both: Doc = {"$and": filters} if len(filters) > 1 else dict(*filters)
    return replace(listing, filters=both, order=stage.order)


def _written(doc: Mapping[str, Any], name: str, stage: int, order: Order) -> str:
    inner = _decoded(cursor_of(doc, order))
    return _encoded(f"{name}.{stage} {inner}")


def _read(cursor: str, sorting: Sorting) -> tuple[int, str]:
    """The stage that a cursor is of, and where in it."""
    try:
        head, _, inner = _decoded(cursor[:LONGEST_CURSOR]).partition(" ")
        name, _, stage = head.partition(".")
        number = int(stage)
    except (ValueError, binascii.Error) as error:
        raise _not_a_cursor() from error
    if name != sorting.name or not 0 <= number < len(sorting.stages):
        raise _not_a_cursor()
    return number, _encoded(inner)


def _not_a_cursor() -> MalformedMessage:
    return MalformedMessage(
        "after", "is not a cursor of this list", "send `next` as you got it, with the same `sort`"
    )


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
