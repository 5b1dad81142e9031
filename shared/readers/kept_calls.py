"""Calls that telephony keeps, as others may know them: who rang stays sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pymongo import DESCENDING

from shared.calls.facts import Presentation
from shared.contracts.telephony import is_call_of_exchange
from shared.privacy.index import entries_in
from shared.store import Doc, Store

MOST: Final = 1_000
FACTS: Final = ("offered_at", "answered_at", "ended_at", "line", "outcome")
_FIELDS: Final = ("call.presentation", "persons.caller", "index.phone")


@dataclass(frozen=True, slots=True)
class CallRung:
    """One call. `caller` is who rang, sealed under the group's key; None where no number came with
    the call, or it is forgotten. `phones` finds them again, and is empty of one who is `withheld`.
    """

    id: str
    is_withheld: bool
    caller: bytes | None = field(default=None, repr=False)
    phones: tuple[str, ...] = ()


async def call_rung(store: Store, id: str) -> CallRung | None:
    """The call of that id, where telephony keeps one that was heard being offered."""
    doc = await store.get("calls", id, fields=_FIELDS) if is_call_of_exchange(id) else None
    if doc is None or not doc.get("call"):
        return None
    is_withheld = doc["call"].get("presentation") == Presentation.WITHHELD
    phones = () if is_withheld else tuple(entries_in((doc.get("index") or {}).get("phone")))
    caller = (doc.get("persons") or {}).get("caller")
    return CallRung(id, is_withheld, caller, phones)


async def ids_of_calls(store: Store, phones: Sequence[str]) -> list[str]:
    """The calls of somebody of these entries of the blind index, the newest first."""
    found = await store.find(
        "calls",
        {"index.phone": {"$in": [*phones]}},
        sort=(("call.offered_at", DESCENDING),),
        limit=MOST,
        fields=("_id",),
    )
    return [doc["_id"] for doc in found]


async def calls_of(store: Store, phones: Sequence[str]) -> list[Doc]:
    """When somebody of these entries of the blind index rang, and what became of it, the newest
    first: what a copy of their data says.
    """
    found = await store.find(
        "calls",
        {"index.phone": {"$in": [*phones]}},
        sort=(("call.offered_at", DESCENDING),),
        limit=MOST,
        fields=(*(f"call.{name}" for name in FACTS), "tickets"),
    )
    return [
        {**{name: doc["call"].get(name) for name in FACTS}, "tickets": doc.get("tickets", [])}
        for doc in found
        if doc.get("call")
    ]
