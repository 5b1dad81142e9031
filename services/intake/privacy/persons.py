"""Whose tickets are whose: a person is found again by phone, through the blind index alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pymongo import DESCENDING

from services.intake.privacy.domain import Which
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotThere
from shared.privacy import BlindIndex
from shared.privacy.index import entries_in
from shared.store import Doc, Store

ENTRY_OF: Final[Mapping[Which, str]] = {"caller": "phone", "on_site_contact": "contact"}
"""The field of a ticket's `index` that holds a person's phone."""
MOST: Final = 500
"""Tickets of one number that are looked at, the newest first: more have a switchboard behind them,
which is nobody."""
_FIELDS: Final = ("estate", "index", "principal", "channel", "registered_at")


@dataclass(frozen=True, slots=True)
class Named:
    """One person as one ticket names them, with what of the ticket is no secret."""

    number: str
    person: Which
    ticket: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What the audit calls them."""
        return f"{self.number}/{self.person}"


class Persons:
    """Finds all tickets of a person."""

    def __init__(self, store: Store, index: BlindIndex) -> None:
        self._store = store
        self._index = index

    async def of_phone(self, phone: str) -> list[Named]:
        """Everybody with this number, the newest first; MalformedMessage for what is no number."""
        entries = self._index.phones(phone)
        if not entries:
            raise MalformedMessage("phone", "is not a number that can be called", "send it as +86…")
        return await self._with_entries(entries)

    async def like(self, number: str, person: Which) -> list[Named]:
        """The person of one ticket, in all their tickets: that one alone where no phone is known.

        Raises NotThere for a ticket that is not there.
        """
        doc = await self._store.get("tickets", number, fields=_FIELDS)
        if doc is None:
            raise NotThere
        entries = entries_in(doc["index"].get(ENTRY_OF[person]))
        found = await self._with_entries(entries) if entries else []
        own = Named(number, person, doc)
        return [own, *(named for named in found if named.id != own.id)]

    async def _with_entries(self, entries: Sequence[str]) -> list[Named]:
        found: list[Named] = []
        for person, field in ENTRY_OF.items():
            docs = await self._by(field, entries)
            found += [Named(doc["_id"], person, doc) for doc in docs]
        return sorted(found, key=lambda named: named.ticket["registered_at"], reverse=True)[:MOST]

    async def _by(self, field: str, entries: Sequence[str]) -> list[Doc]:
        return await self._store.find(
            "tickets",
            {f"index.{field}": {"$in": list(entries)}},
            sort=(("registered_at", DESCENDING),),
            limit=MOST,
            fields=_FIELDS,
        )
