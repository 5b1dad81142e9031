"""Use cases of somebody in the field at the address of a link: see their work, and move it.

Every act is the domain's own, as over HTTP; nothing is decided here but whose link it is.
"""

from __future__ import annotations

from dataclasses import replace

from services.router.emergencies.alerting import Alerting
from services.router.emergencies.attending import Attending
from services.router.emergencies.emergency import Emergency
from services.router.emergencies.storage import EMERGENCIES
from services.router.field.domain import (
    ENDS_THE_WORK,
    RIGHTS,
    Work,
    alert_has_ended,
    already_said,
    attendant_of,
    has_ended,
    order_of_person,
    places_of,
    possible_of,
    takes_photo,
    wishes,
)
from services.router.field.forms import Form
from services.router.people import whom_it_is_about
from services.router.proofs.domain import resolved_with
from services.router.proofs.photos import Read, WorkPhotos
from services.router.work_orders.routing import Routing
from shared.identity import Principal, is_about, require
from shared.identity.staff_links import StaffLink
from shared.readers.dead_links import honoured_link
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.tickets import TICKET, NotAllowed, OrderStatus, Ticket, Transition, WorkOrder
from shared.tickets.acts import Accept, Arrive


class NoSuchWork(Exception):
    """A link opens nothing: it was not signed here, or what it was made for is nobody's now."""


class WorkEnded(NoSuchWork):
    """What a link was made for is done, or somebody else's: it shows nothing any more."""


class FieldVisits:
    """Whoever holds the link acts as the person of the duty list it was made for, on that one
    matter, while they are on a list and the work is theirs.
    """

    def __init__(
        self,
        platform: Platform,
        routing: Routing,
        alerting: Alerting,
        attending: Attending,
        work_photos: WorkPhotos,
    ) -> None:
        self._platform = platform
        self._routing = routing
        self._alerting = alerting
        self._attending = attending
        self._work_photos = work_photos
        self._emergencies = Collection(platform.store, EMERGENCIES)

    async def see(self, token: str) -> Work:
        """The work of a link, with what can be done now. Nothing is changed or opened by it. Raises
        NoSuchWork for what was not signed here or is nobody's now, WorkEnded for what is over.
        """
        work = await self._find(token)
        return replace(work, can=self._possible(work))

    async def do(self, token: str, act: str, form: Form) -> None:
        """Do one act; sent again with the same key it counts once. Raises NoSuchWork, WorkEnded,
        what the domain raises of it, and Unreadable. No work is ended while its danger runs.
        """
        work = await self._find(token)
        if act == "arrive":
            await self._arrive(work, form)
        elif act in RIGHTS:
            await self._attend(work, act, form)
        elif work.order is None or (work.danger_runs and act in ENDS_THE_WORK):
            raise _not_now(work)
        elif act == "done":
            await self._finish(work, work.order, form)
        else:
            await self._move(work, work.order, act, form)

    async def show(self, token: str, read: Read) -> None:
        """Add a photo of what was done; raises NoSuchWork, WorkEnded, and what adding a proof
        raises.
        """
        work = await self._find(token)
        if work.order is None or work.doer is None:
            raise _not_now(work)
        await self._work_photos.add(work.order.id, work.doer, read)

    async def _move(self, work: Work, order: WorkOrder, act: str, form: Form) -> None:
        assert work.doer is not None, "who has an order does it"
        zone = self._platform.policy.at(work.ticket.estate).calendar.zone
        wish = form.act(act, by=work.person, order=order.id, zone=zone)
        await self._routing.act(order.id, work.doer, wish)

    async def _finish(self, work: Work, order: WorkOrder, form: Form) -> None:
        assert work.doer is not None, "who has an order does it"
        done = resolved_with(work.proofs, by=work.person, order=order.id, outcome="done")
        await self._routing.act(order.id, work.doer, replace(done, form_key=form.key))

    async def _attend(self, work: Work, act: str, form: Form) -> None:
        number = work.ticket.number
        if work.emergency is None:
            raise _not_now(work)
        require(work.attendant, RIGHTS[act])
        match act:
            case "acknowledge":
                await self._alerting.acknowledge(number, work.attendant)
                await self._accept_with_it(work, form)
            case "check":
                await self._attending.tick_off(number, work.attendant, form.step)
            case "release":
                await self._attending.release(number, work.attendant)
            case _:
                await self._attending.end(number, work.attendant)

    async def _accept_with_it(self, work: Work, form: Form) -> Ticket:
        """Who has the alert, or is there, has their work of it, where the table allows it; the
        ticket as it is then.
        """
        order = work.order
        if order is None or work.doer is None or order.status is not OrderStatus.DISPATCHED:
            return work.ticket
        accept = Accept(by=work.person, order=order.id, form_key=form.key)
        if not self._platform.tickets.allows(work.ticket, accept):
            return work.ticket
        return await self._routing.act(order.id, work.doer, accept)

    async def _arrive(self, work: Work, form: Form) -> None:
        """On site, for the work and for the emergency: who came to that has accepted their work."""
        order, is_emergency = work.order, work.danger_runs
        ticket = await self._accept_with_it(work, form) if is_emergency else work.ticket
        if order is not None and work.doer is not None:
            wish = Arrive(by=work.person, order=order.id, form_key=form.key)
            # Who was alerted is there also where nothing can be said of their share of the work.
            if not is_emergency or self._platform.tickets.allows(ticket, wish):
                await self._routing.act(order.id, work.doer, wish)
        elif not is_emergency:
            raise _not_now(work)
        if is_emergency:
            require(work.attendant, RIGHTS["arrive"])
            await self._attending.arrive(work.ticket.number, work.attendant)

    def _possible(self, work: Work) -> frozenset[str]:
        now, found = self._platform.store.clock.now(), set[str]()
        order, ticket = work.order, work.ticket
        if order is not None:
            wanted = wishes(order, ticket, work.person, work.proofs, now)
            found |= {
                a for a, wish in wanted.items() if self._platform.tickets.allows(ticket, wish)
            }
            found -= already_said(order, ticket)
            if work.danger_runs:
                found -= ENDS_THE_WORK
            if takes_photo(order, ticket, work.proofs):
                found.add("photo")
        if work.emergency is not None:
            found |= {*possible_of(work.emergency, work.attendant, now)}
        return frozenset(found)

    async def _find(self, token: str) -> Work:
        duty, policy = self._platform.duty.current, self._platform.policy
        link = await honoured_link(self._platform.store, token, self._platform.keys.link, duty)
        number = link.number if link else None
        doc = await self._platform.store.get("tickets", number) if number else None
        if link is None or doc is None:
            raise NoSuchWork
        ticket = TICKET.from_doc(doc)
        emergency = await self._emergency_of(ticket)
        order = self._order_of(link, ticket, emergency)
        doer = _doer(link.person, ticket, order) if order else None
        attendant = doer or attendant_of(link.person, ticket.estate, duty)
        if is_about(ticket, attendant) or link.person in whom_it_is_about(ticket, duty):
            raise NoSuchWork
        plan, rules = ticket.plan, policy.at(ticket.estate).rules
        return Work(
            ticket=ticket,
            order=order,
            emergency=emergency,
            doer=doer,
            attendant=attendant,
            building=doc.get("building"),
            place=doc.get("location"),
            words=doc.get("scrubbed") or "",
            inside=not _is_outside(attendant, policy.taxonomy.contractors),
            knows_person=bool(doc.get("persons")),
            proofs=tuple(await self._work_photos.all_of(order.id)) if order else (),
            photo_wanted=rules.wants_proof(plan.type, plan.area, plan.urgency),
        )

    def _order_of(
        self, link: StaffLink, ticket: Ticket, emergency: Emergency | None
    ) -> WorkOrder | None:
        """The order of a link; of an alert's the one that its reader has besides, if any. Raises
        NoSuchWork and WorkEnded.
        """
        now = self._platform.store.clock.now()
        if link.order is None:
            if emergency is None or not emergency.has_called(link.person):
                raise NoSuchWork
            order = order_of_person(ticket, link.person, now)
            if order is None and alert_has_ended(emergency, now):
                raise WorkEnded
            return order
        order = ticket.order(link.order)
        if order is None:
            raise NoSuchWork
        if has_ended(order, ticket, link.person, now):
            raise WorkEnded
        return order

    async def _emergency_of(self, ticket: Ticket) -> Emergency | None:
        """The emergency that a ticket has, or had until it turned out to be less."""
        return await self._emergencies.get(ticket.number)


def _doer(person: str, ticket: Ticket, order: WorkOrder) -> Principal:
    departments = frozenset({order.department})
    return Principal(person, "department", places_of(ticket.estate), departments)


def _is_outside(who: Principal, contractors: frozenset[str]) -> bool:
    return bool(who.departments) and who.departments <= contractors


def _not_now(work: Work) -> NotAllowed:
    status = work.order.status if work.order else work.ticket.status
    last_by = work.ticket.timeline[-1].by
    return NotAllowed(Transition.ACCEPT, status=status, last_by=last_by)
