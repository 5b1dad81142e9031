"""`/v1/calls/own`: the calls at the telephones of whoever asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from pydantic import BaseModel

from services.telephony.calls.domain import KeptCall
from services.telephony.calls.masks import Masks
from services.telephony.calls.storage import CALLS
from services.telephony.inbound.exchanges import Exchanges
from services.telephony.load.gauges import as_of
from services.telephony.ringing.domain import AtTelephone, Doing, at_telephones, is_heard
from shared.calls.facts import Presentation
from shared.calls.fold import SILENT_TOO_LONG
from shared.readers.telephones import Telephone, TelephoneReader
from shared.runtime import Actor, NoStore, Routes, may
from shared.store import Collection, Order, Store

MOST: Final = 20
"""One person's telephones have no more calls at once."""
_AGENTS: Final = ("call.rings.agent", "call.talks.agent")
_LATEST: Final = Order("last_at", newest=True, loose=True)


class OwnCallView(BaseModel):
    """A call that rings at a telephone of whoever asks, or that they talk on, `since` then. The
    number is masked, and null where the caller withholds it.
    """

    id: str
    line: str
    caller: str | None
    presentation: Presentation | None
    offered_at: datetime
    extension: str
    doing: Doing
    since: datetime


class TelephoneView(BaseModel):
    """A telephone of whoever asks; `heard`: its exchange tells us of calls now."""

    exchange: str
    extension: str
    heard: bool


class OwnCallsView(BaseModel):
    """Those talked on first, then those that ring, the longest first; and whose telephones."""

    items: list[OwnCallView]
    telephones: list[TelephoneView]


def build_ringing_api(store: Store, exchanges: Exchanges, masks: Masks) -> Routes:
    """Nobody sees here what rings at another's telephone."""
    router = Routes("/v1/calls", tags=["calls"], route_class=NoStore)
    calls = Collection(store, CALLS)
    telephones = TelephoneReader(store)

    async def running(of: str, extensions: Iterable[str]) -> list[KeptCall]:
        query = {
            "exchange": of,
            "call.ended_at": {"$type": "null"},
            "last_at": {"$gt": store.clock.now() - SILENT_TOO_LONG},
            "$or": [{name: {"$in": sorted(extensions)}} for name in _AGENTS],
        }
        return await calls.find(query, order=_LATEST, limit=MOST)

    async def shown(kept: KeptCall, extensions: frozenset[str]) -> OwnCallView | None:
        call = as_of(kept, store.clock.now())
        at = None if call is None else at_telephones(call, extensions)
        if call is None or at is None:
            return None
        return _view(kept, call.line, at, await masks.of(kept))

    @router.get("/own", dependencies=[may("call.see")])
    async def own(actor: Actor) -> OwnCallsView:
        """What rings or is talked on at one's own telephones, as the profile names them."""
        mine = await telephones.of(actor.id)
        found = [
            view
            for exchange, extensions in _by_exchange(mine).items()
            for kept in await running(exchange, extensions)
            if (view := await shown(kept, extensions)) is not None
        ]
        known = {each.id: each.words for each in exchanges.known}
        now = store.clock.now()
        return OwnCallsView(
            items=sorted(found, key=lambda each: (each.doing == "ringing", each.since)),
            telephones=[
                TelephoneView(
                    exchange=each.exchange,
                    extension=each.extension,
                    heard=is_heard(known.get(each.exchange, ()), now),
                )
                for each in sorted(mine)
            ],
        )

    return router


def _by_exchange(mine: Iterable[Telephone]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for each in mine:
        found[each.exchange].add(each.extension)
    return {exchange: frozenset(extensions) for exchange, extensions in found.items()}


def _view(kept: KeptCall, line: str, at: AtTelephone, caller: str | None) -> OwnCallView:
    presentation = None if kept.call is None else kept.call.presentation
    offered_at = at.since if kept.call is None else kept.call.offered_at
    return OwnCallView(
        id=kept.id,
        line=line,
        caller=caller,
        presentation=presentation,
        offered_at=offered_at,
        extension=at.extension,
        doing=at.doing,
        since=at.since,
    )
