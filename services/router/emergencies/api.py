"""Emergencies: who was called, what is to be done, and what whoever attends says."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from services.router.bodies import Limit
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.attending import Attending
from services.router.emergencies.emergency import Emergency, Verdict
from services.router.emergencies.storage import EMERGENCIES, list_emergencies
from shared.contracts.ids import Code
from shared.policy.policy import Policy
from shared.runtime import Actor, Body, NoteBody, Platform, Routes, WordsRoute, may
from shared.tickets import Transition
from shared.tickets.numbers import TicketNumber


class CheckBody(Body):
    """Which step of the checklist is done."""

    step: Code


class ReviewBody(NoteBody):
    """How it went."""

    verdict: Verdict


class JoinBody(Body):
    """Which ticket tells of the same emergency."""

    ticket: Annotated[TicketNumber, Field(min_length=1, max_length=60)]


class PartBody(JoinBody):
    """Which ticket is another matter after all, and why."""

    reason: Code


class FalseAlarmBody(Body):
    """Why it was none."""

    reason: Code


def build_emergencies_api(  # noqa: C901 - one small function an endpoint
    platform: Platform, alerting: Alerting, attending: Attending
) -> Routes:
    """`/v1/emergencies`."""
    router = Routes("/v1/emergencies", tags=["emergencies"], route_class=WordsRoute)

    def shown(emergency: Emergency) -> dict[str, Any]:
        return emergency_view(emergency, platform.policy.at(emergency.estate))

    @router.get("", dependencies=[may("emergency.see")])
    async def listed(
        actor: Actor, *, unreviewed: bool = False, limit: Limit = 50
    ) -> dict[str, Any]:
        """Those that are not over, or those that wait for their review, within reach, the latest
        first.
        """
        found = await list_emergencies(platform.store, actor, unreviewed=unreviewed, limit=limit)
        return {"items": [shown(emergency) for emergency in found]}

    @router.get("/{number}", dependencies=[may("emergency.see")])
    async def one(number: TicketNumber, actor: Actor) -> dict[str, Any]:
        """An emergency with its alerts, what to tell the caller, whom to ring up, and what is done
        of its checklist.
        """
        return shown(await alerting.get(number, actor))

    @router.post("/{number}/acknowledge", dependencies=[may("emergency.acknowledge")])
    async def acknowledge(number: TicketNumber, actor: Actor) -> dict[str, Any]:
        """I have it: nobody else is called."""
        return shown(await alerting.acknowledge(number, actor))

    @router.post("/{number}/arrive", dependencies=[may("emergency.attend")])
    async def arrive(number: TicketNumber, actor: Actor) -> dict[str, Any]:
        """I am there."""
        return shown(await attending.arrive(number, actor))

    @router.post("/{number}/check", dependencies=[may("emergency.check")])
    async def check(number: TicketNumber, actor: Actor, body: CheckBody) -> dict[str, Any]:
        """A step of the checklist is done."""
        return shown(await attending.tick_off(number, actor, body.step))

    @router.post("/{number}/confirm", dependencies=[may("emergency.check")])
    async def confirm(number: TicketNumber, actor: Actor) -> dict[str, Any]:
        """What a machine suspects is one: somebody has spoken to those inside, or seen it."""
        return shown(await attending.confirm(number, actor))

    @router.post("/{number}/release", dependencies=[may("emergency.attend")])
    async def release(number: TicketNumber, actor: Actor) -> dict[str, Any]:
        """The people in danger are safe; only somebody on site can say so."""
        return shown(await attending.release(number, actor))

    @router.post("/{number}/end", dependencies=[may("emergency.attend")])
    async def end(number: TicketNumber, actor: Actor) -> dict[str, Any]:
        """It is over; only somebody on site can say so."""
        return shown(await attending.end(number, actor))

    @router.post("/{number}/review", dependencies=[may("emergency.review")])
    async def review(number: TicketNumber, actor: Actor, body: ReviewBody) -> dict[str, Any]:
        """What was learned of it, once it is over."""
        note = body.scrubbed()
        return shown(await attending.review(number, actor, body.verdict, note))

    @router.does(Transition.JOIN)
    async def join(number: TicketNumber, actor: Actor, body: JoinBody) -> dict[str, Any]:
        """That ticket tells of the same: nobody is called a second time, its own alert stops, and
        its caller is told by its own number.
        """
        await alerting.get(number, actor)
        await alerting.joins.join(number, actor, body.ticket)
        return shown(await alerting.get(number, actor))

    @router.does(Transition.PART)
    async def part(number: TicketNumber, actor: Actor, body: PartBody) -> dict[str, Any]:
        """That ticket is another matter after all: an emergency is alerted by itself."""
        await alerting.get(number, actor)
        await alerting.joins.part(number, actor, body.ticket, body.reason)
        return shown(await alerting.get(number, actor))

    @router.post("/{number}/false-alarm", dependencies=[may("emergency.attend")])
    async def false_alarm(
        number: TicketNumber, actor: Actor, body: FalseAlarmBody
    ) -> dict[str, Any]:
        """It never was one; only somebody on site can say so."""
        return shown(await attending.call_off(number, actor, body.reason))

    return router


def emergency_view(emergency: Emergency, policy: Policy) -> dict[str, Any]:
    """What happened, and what the plan of this kind says at this place. In a drill nobody outside
    is rung up.
    """
    shown = {"number": emergency.number, **EMERGENCIES.to_doc(emergency)}
    if not policy.taxonomy.has_kind(emergency.kind):
        return shown | {"advice": None, "external": [], "checklist": []}
    kind = policy.taxonomy.kind(emergency.kind)
    done = {check.step: check for check in emergency.checks}
    return shown | {
        "advice": {"zh": kind.first_advice, "en": kind.first_advice_en},
        "external": () if emergency.test else kind.external,
        "checklist": [
            {
                "step": step.id,
                "zh": step.zh,
                "en": step.en,
                "done_at": done[step.id].at if step.id in done else None,
                "done_by": done[step.id].by if step.id in done else None,
            }
            for step in kind.checklist
        ],
    }
