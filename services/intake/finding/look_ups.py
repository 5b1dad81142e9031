"""Use case: who calls? Found by the blind index of a number, or of the number that a call came
with, or of a flat; shown behind masks.

On record before anybody is shown, as an opening is, and within a limit of its own: a call takes one
or two look-ups and opens nobody, so the limit of openings would stop an honest seat at noon;
whoever tries numbers one after the other needs hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from services.intake.finding.masks import Masks
from services.intake.finding.showing import SEE
from services.intake.finding.views import CARD_FIELDS
from services.intake.finding.who_calls import MOST_PERSONS, told_of
from services.intake.privacy.domain import Which
from services.intake.registration.rung_callers import NO_SUCH_CALL
from shared.audit import Trail
from shared.contracts import MalformedMessage
from shared.contracts.refusals import TooOften
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.privacy import BlindIndex, building_of_flat, masked
from shared.privacy.index import entries_in
from shared.readers.kept_calls import call_rung
from shared.readers.switchboards import is_switchboard
from shared.readers.ticket_lists import NEWEST
from shared.readers.visibility import within_reach
from shared.store import Doc, Listing, Store
from shared.store.tries import TryLimit, count_try
from shared.telemetry import metrics

LIMITS: Final = (TryLimit(60, timedelta(hours=1)), TryLimit(400, timedelta(days=1)))
"""A seat takes a dozen calls an hour, each with a number, a flat and a slip of the finger."""
MOST_TICKETS: Final = 100
BY_NUMBER: Final[Mapping[str, Which]] = {"phone": "caller", "contact": "on_site_contact"}
_FIELDS: Final = (*CARD_FIELDS, "persons", "index", "timeline", "caller_role")


@dataclass(frozen=True, slots=True)
class Sought:
    """By what somebody is sought: one of call and number, or estate and flat."""

    call: str | None = None
    phone: str | None = field(default=None, repr=False)
    estate: str | None = None
    flat: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Entries:
    """By which entries of which fields of the index."""

    entries: Sequence[str]
    fields: Mapping[str, Which]


@dataclass(slots=True)
class _Known:
    """One person of several tickets, the newest first."""

    which: Which
    docs: list[Doc] = field(default_factory=list)


class LookUps:
    """Says who calls."""

    def __init__(
        self,
        store: Store,
        trail: Trail,
        index: BlindIndex,
        masks: Masks,
        policy: Callable[[], Policy],
    ) -> None:
        self._store = store
        self._trail = trail
        self._index = index
        self._masks = masks
        self._policy = policy

    async def find(
        self, wanted: Sought, principal: Principal, *, source: str | None
    ) -> dict[str, Any]:
        """Who is known by a call, a number, or a flat of an estate, within somebody's reach. Raises
        MalformedMessage for what is none of these, and TooOften over the limit.
        """
        sought = await self._entries(wanted)
        await self._count(principal)
        docs = await self._tickets(sought, principal)
        known = _known_in(docs, sought)
        await self._record(known, principal, source)
        persons = [await self._shown(each) for each in known[:MOST_PERSONS]]
        many = len(known) > MOST_PERSONS or len(docs) >= MOST_TICKETS
        return told_of(docs, persons, self._store.clock.now(), many=many)

    async def _entries(self, wanted: Sought) -> _Entries:
        call, phone, estate, flat = wanted.call, wanted.phone, wanted.estate, wanted.flat
        if call is not None and phone is None and estate is None and flat is None:
            return await self._of_call(call)
        if call is not None:
            raise MalformedMessage("call", "stands beside somebody else", "send `call` alone")
        if phone is not None and estate is None and flat is None:
            if not (entries := self._index.phones(phone)):
                raise MalformedMessage(
                    "phone", "is not a number that can be called", "send it as +86…"
                )
            return _Entries(entries, BY_NUMBER)
        if phone is None and estate is not None and flat is not None:
            place = self._policy().group.find_estate(estate)
            if place is None:
                raise MalformedMessage(
                    "estate", "is not an estate of this group", "see the policy's estates"
                )
            if not (entries := self._index.flats(place.id, flat)):
                raise MalformedMessage("flat", "is no flat", "write it as 3-1-502")
            return _Entries(entries, {"flat": "caller"})
        raise MalformedMessage(
            "body", "names nobody", "send `call`, `phone`, or `estate` and `flat`"
        )

    async def _of_call(self, id: str) -> _Entries:
        """Nobody for who withholds the number, or rings from a switchboard."""
        call = await call_rung(self._store, id)
        if call is None:
            raise MalformedMessage.naming([NO_SUCH_CALL])
        since = self._store.clock.now() - self._policy().rules.repeats_within
        is_nobody = not call.phones or await is_switchboard(self._store, call.phones, since)
        return _Entries(() if is_nobody else call.phones, BY_NUMBER)

    async def _count(self, principal: Principal) -> None:
        """Count it before it is done; who asks at many places at once is counted as one."""
        now = self._store.clock.now()
        for limit in LIMITS:
            hours = int(limit.within / timedelta(hours=1))
            id = self._index.entry("look_ups", f"{hours}/{principal.id}")
            tally = await count_try(self._store, id, limit, now)
            if tally.is_over(limit):
                metrics.LOOK_UPS.labels("over_limit").inc()
                raise TooOften(
                    "too-many-look-ups",
                    "You have looked up as many callers as one seat does",
                    "wait, and record the call without; what is saved is matched by itself",
                    wait=tally.seconds_left(now),
                )

    async def _tickets(self, sought: _Entries, principal: Principal) -> list[Doc]:
        found: dict[str, Doc] = {}
        for name in sought.fields:
            listing = Listing(
                filters={f"index.{name}": {"$in": list(sought.entries)}},
                within=within_reach(principal, SEE),
            )
            docs = await self._store.find(
                "tickets",
                listing.query,
                sort=NEWEST.sort[:1],
                limit=MOST_TICKETS,
                fields=_FIELDS,
            )
            found |= {doc["_id"]: doc for doc in docs}
        newest = sorted(found.values(), key=lambda doc: doc["registered_at"], reverse=True)
        return newest[:MOST_TICKETS]

    async def _record(
        self, known: Sequence[_Known], principal: Principal, source: str | None
    ) -> None:
        """On record for each who is shown, by the ticket they were last named in; what found nobody
        is on record as well.
        """
        subjects = [f"{each.docs[0]['_id']}/{each.which}" for each in known[:MOST_PERSONS]]
        for subject in subjects or ["unknown"]:
            await self._trail.record(
                principal, "person.looked_up", ("person", subject), source=source
            )
        metrics.LOOK_UPS.labels("known" if known else "unknown").inc()

    async def _shown(self, known: _Known) -> Doc:
        newest = known.docs[0]
        person = await self._masks.open(newest, known.which)
        shown: Doc = {name: mask for name, mask in masked(person).items() if mask}
        role = person.get("role")
        building = building_of_flat(person.get("room"))
        more = {"role": role, "building": building, "estate": newest.get("estate")}
        return {
            **shown,
            **{name: value for name, value in more.items() if value},
            "tickets": len(known.docs),
            "last_at": newest["registered_at"],
            "number": newest["_id"],
        }


def _known_in(docs: Sequence[Doc], sought: _Entries) -> list[_Known]:
    """The persons that these tickets name: one by number, family name and flat, as far as the index
    tells them apart. Whoever was erased is in none.
    """
    found: dict[tuple[str, ...], _Known] = {}
    for doc in docs:
        index = doc.get("index") or {}
        for name, which in sought.fields.items():
            is_named = bool({*entries_in(index.get(name))} & {*sought.entries})
            if not is_named or which not in doc.get("persons", {}):
                continue
            told_by = ("phone", "surname", "flat") if which == "caller" else ("contact",)
            key = (which, *(entry for f in told_by for entry in entries_in(index.get(f))[:1]))
            found.setdefault(key, _Known(which)).docs.append(doc)
    return list(found.values())
