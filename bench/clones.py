"""Tickets by the thousand: real documents of this very hotline under other numbers.

All numbers are equally long, so that a number is replaced in the encoded document as it lies there;
what is sealed stays what it was, and can be opened by whoever may.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from shared.store.store import Database
from shared.tickets.numbers import new_number

AT_ONCE: Final = 1_000
THERE_ALREADY: Final = 11_000


@dataclass(frozen=True, slots=True)
class Template:
    """A real ticket, what is beside it, and what was said when it was registered."""

    number: str
    ticket: bytes
    beside: Sequence[bytes] = ()
    event: bytes = b""

    def numbered(self, content: bytes, number: str) -> bytes:
        """The content under another number."""
        return content.replace(self.number.encode(), number.encode())


def numbers(taken: set[str] | None = None) -> Iterator[str]:
    """Fresh ticket numbers without end, none of them twice."""
    given = set() if taken is None else taken
    while True:
        number = new_number()
        if number not in given:
            given.add(number)
            yield number


async def insert(database: Database, collection: str, contents: Sequence[bytes]) -> None:
    """Insert encoded documents; in the order of their ids the server takes them fastest. One whose
    number a service has drawn meanwhile is left out.
    """
    for start in range(0, len(contents), AT_ONCE):
        batch = [RawBSONDocument(content) for content in contents[start : start + AT_ONCE]]
        try:
            await database[collection].insert_many(batch, ordered=False)
        except BulkWriteError as error:
            if any(fault["code"] != THERE_ALREADY for fault in error.details["writeErrors"]):
                raise


def save(path: Path, templates: Sequence[Template]) -> None:
    """Keep templates for another process."""
    rows = [
        {"number": t.number, "ticket": t.ticket, "beside": list(t.beside), "event": t.event}
        for t in templates
    ]
    path.write_bytes(bson.encode({"templates": rows}))


def load(path: Path) -> list[Template]:
    """What was kept."""
    rows: list[dict[str, Any]] = bson.decode(path.read_bytes())["templates"]
    return [Template(**row) for row in rows]
