"""Use cases of a contractor at the address of a link: see one work order, and move it."""

from __future__ import annotations

from typing import Any

from services.router.contractors.domain import Step, Work, has_ended
from services.router.emergencies.attending import Attending
from services.router.people import whom_it_is_about
from services.router.proofs.domain import resolved_with
from services.router.proofs.photos import Read, WorkPhotos
from services.router.work_orders.routing import Routing
from shared.identity import Principal, is_about, read_link
from shared.runtime.platform import Platform
from shared.store import Doc
from shared.tickets import TICKET, NotAllowed, Ticket, WorkOrder
from shared.tickets.acts import Accept, Arrive, Decline, OrderAct


class NoSuchWork(Exception):
    """A link opens nothing: it was not signed here, or what it was made for is nobody's now."""


class WorkEnded(Exception):
    """What a link was made for is done, or somebody else's: it shows nothing but that."""


class ContractorVisits:
    """Whoever holds the link acts as the person of the duty list it was made for, on that one
    order, while their department is a contractor and they are on its list.
    """

    def __init__(
        self, platform: Platform, routing: Routing, attending: Attending, work_photos: WorkPhotos
    ) -> None:
        self._platform = platform
        self._routing = routing
        self._attending = attending
        self._work_photos = work_photos

    async def see(self, token: str) -> Work:
        """The work of a link; raises NoSuchWork for what was not signed here or is nobody's now,
        WorkEnded for what is over.
        """
        work, _ = await self._find(token)
        return work

    async def move(self, token: str, step: Step) -> None:
        """Do a step; one that was done already changes nothing. Raises NoSuchWork, WorkEnded,
        NotAllowed.
        """
        work, who = await self._find(token)
        if step not in work.steps:
            return
        if step == "release":
            await self._attending.release(work.ticket.number, who)
        else:
            await self._act(work, step, who)

    async def show(self, token: str, read: Read) -> None:
        """Add a photo of what was done; raises NoSuchWork, WorkEnded, and what adding a proof
        raises.
        """
        work, who = await self._find(token)
        await self._work_photos.add(work.order.id, who, read)

    async def _act(self, work: Work, step: Step, who: Principal) -> None:
        act = await self._act_of(step, work.order.id, who)
        try:
            await self._routing.act(work.order.id, who, act)
        except NotAllowed:
            again = await self._platform.tickets.get(work.ticket.number)
            order = again.order(work.order.id) if again else None
            if order is None or order.status is work.order.status:
                raise  # nobody was faster: it is really not possible
        if work.ticket.is_emergency and step == "arrive":
            await self._attending.arrive(work.ticket.number, who)
        if work.ticket.is_emergency and step == "done":
            await self._attending.end(work.ticket.number, who)

    async def _find(self, token: str) -> tuple[Work, Principal]:
        subject = read_link("work", token, self._platform.keys.link)
        order_id, _, person = (subject or "").partition("/")
        number = order_id.rpartition("-")[0]
        doc = await self._platform.store.get("tickets", number) if number and person else None
        ticket = TICKET.from_doc(doc) if doc else None
        order = ticket.order(order_id) if ticket else None
        if doc is None or ticket is None or order is None or not self._is_on_list(order, person):
            raise NoSuchWork
        who = Principal(person, "department", _places(ticket.estate), frozenset({order.department}))
        if is_about(ticket, who) or person in whom_it_is_about(ticket, self._platform.duty.current):
            raise NoSuchWork
        if has_ended(order, ticket, person, self._platform.store.clock.now()):
            raise WorkEnded
        return await self._work(ticket, order, doc), who

    def _is_on_list(self, order: WorkOrder, person: str) -> bool:
        duty, taxonomy = self._platform.duty.current, self._platform.policy.taxonomy
        return taxonomy.is_contractor(order.department) and any(
            found.id == person
            for departments in duty.places.values()
            for found in departments.get(order.department, ())
        )

    async def _work(self, ticket: Ticket, order: WorkOrder, doc: Doc) -> Work:
        found: dict[str, Any] = {}
        if ticket.is_emergency:
            found = await self._platform.store.get("emergencies", ticket.number) or {}
        plan, rules = ticket.plan, self._platform.policy.at(ticket.estate).rules
        return Work(
            ticket,
            order,
            doc.get("building"),
            doc.get("scrubbed") or "",
            released=found.get("released_at") is not None or found.get("ended_at") is not None,
            photos=len(await self._work_photos.all_of(order.id)),
            photo_wanted=rules.wants_proof(plan.type, plan.area, plan.urgency),
        )

    async def _act_of(self, step: Step, order: str, who: Principal) -> OrderAct:
        match step:
            case "accept":
                return Accept(by=who.id, order=order)
            case "decline":
                return Decline(by=who.id, order=order, reason="contractor")
            case "arrive":
                return Arrive(by=who.id, order=order)
            case _:
                shown = await self._work_photos.all_of(order)
                return resolved_with(shown, by=who.id, order=order, outcome="done")


def _places(estate: str | None) -> frozenset[str]:
    return frozenset({estate or "*"})
