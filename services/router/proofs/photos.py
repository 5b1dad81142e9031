"""Use cases of proofs: a photo of the work is added, named when it is resolved, and forgotten."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from services.router.access import order_of
from services.router.proofs.darkroom import Darkroom
from services.router.proofs.domain import (
    MOST,
    Photo,
    Proof,
    Spot,
    differing,
    erase,
    proof_id,
    takes_photos,
)
from services.router.proofs.storage import PHOTOS, PROOFS, proofs_of
from services.router.proofs.uploads import Sent, Tag
from shared.buildings import building_of
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal
from shared.privacy.index import entries_in
from shared.runtime.platform import Platform
from shared.store import Collection, Doc
from shared.telemetry import logger
from shared.tickets import TICKET, NotAllowed, Transition

ADD, SEE = "proof.add", "proof.see"
Read = Callable[[], Awaitable[Sent]]


class WorkPhotos:
    """Keeps photos of what was done, sealed; nothing in this room can open them again."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._proofs = Collection(platform.store, PROOFS)
        self._photos = Collection(platform.store, PHOTOS)
        self._darkroom = Darkroom(platform.store.precedence)
        self._secret = platform.keys.derived("proofs")

    async def add(self, order: str, principal: Principal, read: Read) -> Proof:
        """Keep one photo of somebody's own work, once however often it is sent; nothing is read of
        whoever may not.

        Foreign and missing orders look the same (404). Raises NotAllowed where the work is over,
        and what `read` and the darkroom raise.
        """
        doc = await self._doc_of(order)
        ticket = TICKET.from_doc(doc)
        found = order_of(ticket, order, principal, ADD)
        if not takes_photos(ticket, found):
            raise NotAllowed(
                Transition.RESOLVE,
                status=ticket.mark or found.status,
                last_by=ticket.timeline[-1].by,
                remedy="photos are taken between accepting the work and its end",
            )
        async with self._darkroom.arriving(principal.id):
            photo = await self._photo_of(await read(), order, doc, principal)
        kept = await self._keep(photo)
        await self._forget_if_erased(ticket.number)
        logger.info("proof_kept", proof=kept.id, tagged=kept.tagged, differs=kept.place_differs)
        return kept

    async def seen_by(self, order: str, principal: Principal) -> list[Proof]:
        """The proofs of a work order for somebody who may see it, the earliest first."""
        order_of(TICKET.from_doc(await self._doc_of(order)), order, principal, SEE)
        return await proofs_of(self._store, order)

    async def named(
        self, order: str, principal: Principal, ids: Sequence[str]
    ) -> tuple[Proof, ...]:
        """The proofs that somebody names for their own work; raises MalformedMessage where one is
        of other work, or of none.
        """
        if not ids:
            return ()
        order_of(TICKET.from_doc(await self._doc_of(order)), order, principal, ADD)
        known = {proof.id: proof for proof in await proofs_of(self._store, order)}
        if not known.keys() >= set(ids):
            remedy = "send the photo to /v1/work-orders/{id}/proofs and name the id of the answer"
            raise MalformedMessage("proof", "names what is no photo of this work order", remedy)
        return tuple(known[id] for id in dict.fromkeys(ids))

    async def all_of(self, order: str) -> list[Proof]:
        """Every proof of a work order, for whoever was let in otherwise."""
        return await proofs_of(self._store, order)

    async def erase(self, number: str) -> None:
        """A person of this ticket is erased: what was seen in their home goes as well."""
        count = 0
        async for proof in self._proofs.walk({"number": number, "erased_at": None}):
            erased = await self._photos.change(proof.id, erase)
            count += erased is not None and erased.is_change
        if count:
            logger.info("proofs_erased", ticket=number, count=count)

    async def _doc_of(self, order: str) -> Doc:
        doc = await self._store.get("tickets", order.rpartition("-")[0])
        if doc is None:
            raise NotThere
        return doc

    async def _photo_of(self, sent: Sent, order: str, doc: Doc, by: Principal) -> Photo:
        """What is kept of a photo; raises NoPicture."""
        picture = await self._darkroom.develop(sent.raw, by.id)
        tag = self._spot_of(sent.tag, doc["estate"])
        return Photo(
            id=order,
            number=doc["_id"],
            order=order,
            estate=doc["estate"],
            kind=picture.was,
            size=len(picture.content),
            digest=hmac.new(self._secret, sent.raw, hashlib.sha256).hexdigest(),
            at=self._store.clock.now(),
            by=by.id,
            tagged=sent.tag != Tag(),
            differs=differing(tag, _spot_of(doc)),
            sealed=await self._platform.sealer.seal_proof(picture.content, estate=doc["estate"]),
        )

    def _spot_of(self, tag: Tag, home: str | None) -> Spot:
        """Where a tag says it hangs; without an estate, in that of the ticket."""
        known = self._platform.policy.group.find_estate(tag.estate)
        estate = known.id if known else tag.estate
        building = (building_of(tag.building) or tag.building) if tag.building else None
        rooms = {tag.room, f"{building}-{tag.room}" if building else tag.room}
        flats = (self._platform.index.flats(estate or home, room) for room in rooms if tag.room)
        return Spot(estate, building, frozenset().union(*flats))

    async def _keep(self, photo: Photo) -> Proof:
        """The photo in the first free place, or the proof that shows the very same; raises NotNow
        where there are as many as may be.
        """
        same: list[Proof] = []

        async def propose(_now: datetime) -> Step[Photo] | None:
            there = await proofs_of(self._store, photo.order)
            same[:] = [known for known in there if known.digest == photo.digest]
            if same:
                return None
            if len(there) >= MOST:
                raise _too_many()
            return Step(replace(photo, id=proof_id(photo.order, len(there) + 1)))

        placed = await self._photos.insert_at_next_free(propose, attempts=MOST + 1)
        return placed or same[0]

    async def _forget_if_erased(self, number: str) -> None:
        """Whoever was erased a moment ago, or long before, gets no new photo of their home."""
        doc = await self._store.get("tickets", number, fields=("persons",))
        if doc is not None and doc.get("persons") == {}:
            await self.erase(number)


def _spot_of(doc: Doc) -> Spot:
    """Where a matter is, as far as its ticket tells without being opened."""
    flat = frozenset(entries_in((doc.get("index") or {}).get("flat")))
    return Spot(doc["estate"], doc.get("building"), flat)


def _too_many() -> NotNow:
    return NotNow(
        "too-many-photos",
        f"There are {MOST} photos of this work order",
        "that is as many as are kept; resolve the work with these",
    )
