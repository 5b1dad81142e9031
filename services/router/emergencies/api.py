"""Emergencies: who was called, what is to be done, and what whoever attends says."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from services.router.bodies import Limit
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.attending import Attending
from services.router.emergencies.emergency import Emergency, Verdict
from services.router.emergencies.room import EmergencyRoom
from services.router.emergencies.storage import Wanted
from services.router.emergencies.views import EmergencyList, EmergencyView, RoomView
from shared.contracts import MalformedMessage
from shared.contracts.ids import Code
from shared.contracts.report import Note
from shared.identity import Principal
from shared.privacy import scrub
from shared.runtime import Actor, Body, NoteBody, Routes, WordsRoute, may
from shared.tickets import Transition
from shared.tickets.numbers import TicketNumber
from shared.words import says_nothing


class CheckBody(Body):
    """Which step of the checklist is done."""

    step: Code


class LogBody(Body):
    """What happens, in a few words."""

    text: Note

    def scrubbed_text(self) -> str:
        """As it may be kept. Raises MalformedMessage where it says nothing."""
        if says_nothing(self.text):
            raise MalformedMessage("text", "says nothing", "write what happens")
        return scrub(self.text)


class ReviewBody(NoteBody):
    """How it went."""

    verdict: Verdict


class JoinBody(Body):
    """Which ticket tells of the same emergency."""

    ticket: Annotated[TicketNumber, Field(min_length=1, max_length=60)]


class OtherMatterBody(JoinBody):
    """Which ticket is another matter after all, and why."""

    reason: Code


class FalseAlarmBody(Body):
    """Why it was none."""

    reason: Code


def build_emergencies_api(  # noqa: C901 - one small function an endpoint
    room: EmergencyRoom, alerting: Alerting, attending: Attending
) -> Routes:
    """`/v1/emergencies`."""
    router = Routes("/v1/emergencies", tags=["emergencies"], route_class=WordsRoute)

    async def shown(actor: Principal, emergency: Emergency) -> EmergencyView:
        return await room.view(emergency, actor)

    @router.get("", dependencies=[may("emergency.see")])
    async def listed(
        actor: Actor,
        *,
        running: bool | None = None,
        nobody_has_it: bool = False,
        unreviewed: bool = False,
        estate: Annotated[str | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Limit = 50,
    ) -> EmergencyList:
        """Those that are not over, what nobody has first and then the latest; with `running=false`
        or `unreviewed` those that are over, the latest first and page by page. Within reach.
        """
        wanted = Wanted(
            running=not unreviewed if running is None else running,
            nobody_has_it=nobody_has_it,
            unreviewed=unreviewed,
            estate=estate,
        )
        return await room.listed(actor, wanted, after=after, limit=limit)

    @router.get("/{number}", dependencies=[may("emergency.see")])
    async def one(number: TicketNumber, actor: Actor) -> RoomView:
        """An emergency with its alerts and what became of each message, who is called next and
        when, everybody who called about it, what to tell them, whom to ring up, what is done of its
        checklist and what may be done now (`can`).
        """
        return await room.one(number, actor)

    @router.post("/{number}/acknowledge", dependencies=[may("emergency.acknowledge")])
    async def acknowledge(number: TicketNumber, actor: Actor) -> EmergencyView:
        """I have it: nobody else is called, and who has work of it has accepted that."""
        taken = await alerting.acknowledge(number, actor)
        if taken.ended_at is None:
            await alerting.accept_work(number, actor)
        return await shown(actor, taken)

    @router.post("/{number}/arrive", dependencies=[may("emergency.attend")])
    async def arrive(number: TicketNumber, actor: Actor) -> EmergencyView:
        """I am there."""
        return await shown(actor, await attending.arrive(number, actor))

    @router.post("/{number}/check", dependencies=[may("emergency.check")])
    async def check(number: TicketNumber, actor: Actor, body: CheckBody) -> EmergencyView:
        """A step of the checklist is done."""
        return await shown(actor, await attending.tick_off(number, actor, body.step))

    @router.post("/{number}/log", dependencies=[may("emergency.log")])
    async def log(number: TicketNumber, actor: Actor, body: LogBody) -> EmergencyView:
        """Write down what happens, in words; they are scrubbed."""
        return await shown(actor, await attending.write_down(number, actor, body.scrubbed_text()))

    @router.post("/{number}/confirm", dependencies=[may("emergency.check")])
    async def confirm(number: TicketNumber, actor: Actor) -> EmergencyView:
        """What a machine suspects is one: somebody has spoken to those inside, or seen it."""
        return await shown(actor, await attending.confirm(number, actor))

    @router.post("/{number}/release", dependencies=[may("emergency.attend")])
    async def release(number: TicketNumber, actor: Actor) -> EmergencyView:
        """The people in danger are safe; only somebody on site can say so."""
        return await shown(actor, await attending.release(number, actor))

    @router.post("/{number}/end", dependencies=[may("emergency.attend")])
    async def end(number: TicketNumber, actor: Actor) -> EmergencyView:
        """It is over; only somebody on site can say so."""
        return await shown(actor, await attending.end(number, actor))

    @router.post("/{number}/review", dependencies=[may("emergency.review")])
    async def review(number: TicketNumber, actor: Actor, body: ReviewBody) -> EmergencyView:
        """What was learned of it, once it is over."""
        note = body.scrubbed()
        return await shown(actor, await attending.review(number, actor, body.verdict, note))

    @router.does(Transition.JOIN)
    async def join(number: TicketNumber, actor: Actor, body: JoinBody) -> EmergencyView:
        """That ticket tells of the same: nobody is called a second time, its own alert stops, and
        its caller is told by its own number.
        """
        await alerting.get(number, actor)
        await alerting.joins.join(number, actor, body.ticket)
        return await shown(actor, await alerting.get(number, actor))

    @router.does(Transition.PART)
    async def part(number: TicketNumber, actor: Actor, body: OtherMatterBody) -> EmergencyView:
        """That ticket is another matter after all: an emergency is alerted by itself."""
        await alerting.get(number, actor)
        await alerting.joins.part(number, actor, body.ticket, body.reason)
        return await shown(actor, await alerting.get(number, actor))

    @router.post("/{number}/false-alarm", dependencies=[may("emergency.attend")])
    async def false_alarm(
        number: TicketNumber, actor: Actor, body: FalseAlarmBody
    ) -> EmergencyView:
        """It never was one; only somebody on site can say so."""
        return await shown(actor, await attending.call_off(number, actor, body.reason))

    return router
