"""Callers who are to be rung back, as others than telephony may know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.store import Store

CLAIMED: Final = "claimed"
_FIELDS: Final = ("claimed_by", "calls", "unseen")


@dataclass(frozen=True, slots=True)
class CallBackInHand:
    """A call back that somebody has taken and not said anything of yet. `call` is the last of its
    calls; of one that `is_unseen` the number is withheld, and shown to nobody.
    """

    id: str
    call: str
    by: str
    is_unseen: bool


async def call_back_in_hand(store: Store, call: str) -> CallBackInHand | None:
    """That of which this is a call, while somebody rings."""
    query = {"calls": call, "state": CLAIMED}
    found = await store.find("callbacks", query, limit=1, fields=_FIELDS)
    for doc in found:
        return CallBackInHand(doc["_id"], doc["calls"][-1], doc["claimed_by"], doc["unseen"])
    return None
