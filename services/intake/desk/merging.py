"""Use case: the same caller's same matter goes on under one number. Different callers' never does,
however alike it is: each of them is owed an answer of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from services.intake.desk.actions import BY_RULE
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal, require, sees
from shared.privacy.index import entries_in
from shared.readers.tickets import Tickets
from shared.store import Doc, Store
from shared.tickets import TICKET, Ticket, Transition
from shared.tickets.acts import Act, Merge, Supplement
from shared.tickets.model import merge_key

_KNOWN_BY: Final = ("flat", "phone")
"""By either of these two reports are known to be of one household."""
MOST_WORDS: Final = 1_000
"""Of what was said there, the beginning goes on record where it goes on; all of it stays there."""


class Merging:
    """Puts one ticket into another. Foreign and missing ones look the same (404)."""

    def __init__(self, store: Store, tickets: Tickets) -> None:
        self._store = store
        self._tickets = tickets

    async def merge(
        self, number: str, principal: Principal, *, into: str, reason: str, note: str | None
    ) -> Ticket:
        """Let `number` go on under `into`: whoever works on that hears what was said here. The same
        again changes nothing.

        Raises MalformedMessage for an `into` that is not there for whoever asks, and NotNow where
        it is of another household or place, or over.
        """
        require(principal, Transition.MERGE)
        doc, other = await self._seen(number, into, principal)
        ticket = TICKET.from_doc(doc)
        if ticket.merged_into == into:
            return ticket
        act = Merge(by=principal.id, into=into, note=note or reason)
        _check_same(doc, other)

        def checked(present: Ticket, _now: datetime) -> Act:
            if not sees(principal, present):
                raise NotThere
            return act

        if self._tickets.allows(ticket, act):
            # First where it goes on: whatever happens in between, nothing that was said is lost.
            await self._tell(into, number, str(doc.get("scrubbed") or ""))
        return await self._tickets.change(number, checked)

    async def _seen(self, number: str, into: str, principal: Principal) -> tuple[Doc, Doc]:
        doc, other = [await self._store.get("tickets", each) for each in (number, into)]
        if doc is None or not sees(principal, TICKET.from_doc(doc)):
            raise NotThere
        if other is None or not sees(principal, TICKET.from_doc(other)):
            raise MalformedMessage("into", "is no ticket that you see", "check the number")
        return doc, other

    async def _tell(self, into: str, number: str, words: str) -> None:
        key = merge_key(number)
        said = Supplement(by=BY_RULE.id, note=words[:MOST_WORDS] or None, form_key=key)

        def once(ticket: Ticket, _now: datetime) -> Act | None:
            if ticket.mark is not None:
                raise _over()
            return None if ticket.was_asked(key) else said

        await self._tickets.change(into, once)


def _check_same(doc: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """Raise NotNow unless both are of one household, about the same place and nobody else."""
    ticket, into = TICKET.from_doc(doc), TICKET.from_doc(other)
    if ticket.number == into.number:
        return  # refused by the row itself
    if into.mark is not None:
        raise _over()
    if ticket.estate != into.estate:
        raise NotNow(
            "other-estate", "They are about two estates", "put the place right first: reclassify"
        )
    if not _are_of_one_household(doc, other):
        raise NotNow(
            "other-household",
            "They are of two households",
            "leave both: each caller is told by their own number",
        )
    if ticket.about != into.about or ticket.test != into.test:
        raise NotNow("other-matter", "Not the same people may see both", "leave both as they are")


def _are_of_one_household(doc: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Known by the same flat; where one of them named none, by the same telephone."""
    mine, theirs = (_entries(each) for each in (doc, other))
    if mine["flat"] and theirs["flat"]:
        return bool(mine["flat"] & theirs["flat"])
    return bool(mine["phone"] & theirs["phone"])


def _entries(doc: Mapping[str, Any]) -> dict[str, set[str]]:
    index = doc.get("index") or {}
    return {kind: set(entries_in(index.get(kind))) for kind in _KNOWN_BY}


def _over() -> NotNow:
    return NotNow(
        "ticket-over", "The other ticket is over", "reopen it first, or merge it into this"
    )
