"""Use cases of whoever keeps messages back: put a brake on, release it, see what it did."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from collections.abc import Collection as Container
from datetime import datetime
from typing import Final

from services.notifier.brakes.domain import UNTOUCHED, Brake, BrakeKind, release
from services.notifier.brakes.storage import BRAKES, NEWEST
from services.notifier.storage import MESSAGES
from shared.contracts import MalformedMessage, Step
from shared.contracts.notifier import Purpose
from shared.contracts.refusals import NotThere, NotYours
from shared.identity import EVERYWHERE, Principal
from shared.policy.policy import Policy
from shared.store import Collection, Doc, Listing, Page, Store

_COUNTED: Final = 1_000_000
"""Messages of a brake that are counted; beyond it the figure is that."""


class BrakeDesk:
    """Brakes as somebody sees and moves them; who reaches only some places, theirs alone."""

    def __init__(
        self, store: Store, policy: Callable[[], Policy], channels: Container[str]
    ) -> None:
        self._store = store
        self._policy = policy
        self._channels = channels
        self._brakes = Collection(store, BRAKES)

    async def put_on(
        self,
        principal: Principal,
        kind: BrakeKind,
        *,
        purpose: Purpose | None,
        incident: str | None,
        estate: str | None,
        channel: str | None,
        urgent: bool,
        note: str | None,
    ) -> Brake:
        """Keep messages back from now on; in force in every replica within five seconds.

        Raises NotYours for what reaches beyond the principal's places, and MalformedMessage for
        what nothing keeps back, for what is not there, since a slip would keep nothing back, for
        urgent messages of no named kind, and for a stop of everything there is.
        """
        _check(kind, purpose, incident, estate, channel)
        await self._check_known(incident, estate, channel)
        if not principal.reaches(estate):
            raise NotYours(
                "not-your-place",
                "This would keep back messages of places that are not yours",
                "name one of your estates, or have somebody do it who reaches all of them",
            )
        brake = Brake(
            id=secrets.token_hex(8),
            kind=kind,
            purpose=purpose,
            incident=incident,
            estate=estate,
            channel=channel,
            urgent=urgent,
            note=note,
            by=principal.id,
            at=self._store.clock.now(),
        )
        if brake.urgent and brake.is_general:
            raise MalformedMessage(
                "urgent",
                "needs to be told of which messages",
                "name a purpose or an incident: all that is urgent is never kept back",
            )
        await self._brakes.insert(Step(brake), brake.at)
        return brake

    async def _check_known(
        self, incident: str | None, estate: str | None, channel: str | None
    ) -> None:
        if estate is not None and all(e.id != estate for e in self._policy().group.estates):
            raise MalformedMessage("estate", "is no estate of the group", "name it by its id")
        if channel is not None and channel not in self._channels:
            known = ", ".join(sorted(self._channels))
            raise MalformedMessage("channel", "is no channel of ours", f"one of {known}")
        if incident is not None and await self._store.get("incidents", incident) is None:
            raise MalformedMessage("incident", "is not there", "name it by its id")

    async def release(self, principal: Principal, id: str) -> Brake:
        """Keep nothing back by it any more; what it held goes out. Twice changes nothing. Raises
        NotThere for one that is not there, or not within reach.
        """

        def choose(brake: Brake, now: datetime) -> Step[Brake] | None:
            if not principal.reaches(brake.estate):
                raise NotThere
            return release(brake, principal.id, now)

        changed = await self._brakes.change(id, choose)
        if changed is None:
            raise NotThere
        return changed.after

    async def page(self, principal: Principal, *, after: str | None, limit: int) -> Page[Brake]:
        """Brakes within reach, and those for all places, the newest first."""
        everywhere = EVERYWHERE in principal.places
        within: Doc = {} if everywhere else {"estate": {"$in": [None, *sorted(principal.places)]}}
        listing = Listing(within=within, order=NEWEST)
        return await self._brakes.page(listing, after=after, limit=limit)

    async def counts(self, brake: Brake) -> dict[str, int]:
        """How many messages it holds and has stopped; of an incident how all of them stand."""
        query: Doc = {"brake": brake.id} if brake.incident is None else brake.scope
        by_status = {"_id": "$status", "count": {"$sum": 1}}
        rows = await self._store.aggregate(
            MESSAGES.name, [{"$match": query}, {"$limit": _COUNTED}, {"$group": by_status}]
        )
        return {row["_id"]: row["count"] for row in rows}


def _check(
    kind: BrakeKind,
    purpose: Purpose | None,
    incident: str | None,
    estate: str | None,
    channel: str | None,
) -> None:
    if purpose in UNTOUCHED:
        raise MalformedMessage(
            "purpose",
            "is never kept back",
            "it tells of danger or of what went wrong; name another",
        )
    if kind == "stop" and (purpose, incident, estate, channel) == (None, None, None, None):
        raise MalformedMessage(
            "purpose",
            "is missing, as is all else: this would end every message there is",
            "hold them, which can be released, or name purpose, incident, estate or channel",
        )
