"""Duty lists, plans by a pattern, shifts one by one, and leave."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request
from pydantic import Field

from services.router.rosters.duty_lists import DutyLists
from services.router.rosters.leave import Leave, LeaveStatus
from services.router.rosters.leave_requests import LeaveRequests
from services.router.rosters.lists import DutyList
from services.router.rosters.lost_telephones import LostTelephones
from services.router.rosters.patterns import Hours, Pattern
from services.router.rosters.shift_plans import ShiftOutcome, ShiftPlans
from services.router.rosters.shifts import Shift
from services.router.rosters.telephones import Lost, in_order
from shared.contracts.ids import Code, NamedId
from shared.contracts.times import Day, Moment
from shared.identity import Principal, allows
from shared.policy.duty import Address, ChatId, Person, Webhook
from shared.policy.roster import Cover, Need, Quarter, Stretch
from shared.privacy import scrub
from shared.runtime import (
    Actor,
    Body,
    NoStore,
    Platform,
    Routes,
    WordsRoute,
    may,
    source_of,
)
from shared.runtime.problems import problem_of

MOST_PEOPLE: Final = 200
MOST_NEEDS: Final = 30
ADDRESSES: Final = frozenset({"webhook", "wecom", "dingtalk"})
Place = Annotated[str, Path(max_length=60)]
Department = Annotated[str, Path(max_length=60)]
Days = Annotated[int, Query(ge=1, le=62)]
AHEAD: Final = timedelta(days=62)
BACK: Final = timedelta(days=2)
Text = Annotated[str, Field(min_length=1, max_length=60)]


class ListedPersonBody(Person):
    """Somebody as they come to a list."""

    skills: frozenset[Code] = frozenset()


class PeopleBody(Body):
    """Everybody of a list: first choice first, the lead last."""

    people: Annotated[tuple[ListedPersonBody, ...], Field(max_length=MOST_PEOPLE)]

    def to_people(self) -> tuple[Person, ...]:
        """As they are kept."""
        return tuple(Person(**each.model_dump()) for each in self.people)


class ChangedPersonBody(Body):
    """What shall be different of somebody; what is left out stays. Without a `webhook`, `wecom` and
    `dingtalk` (null) they get their messages by mail again.
    """

    name: str | None = None
    mail: str | None = None
    phone: str | None = None
    webhook: Webhook | None = None
    wecom: ChatId | None = None
    dingtalk: ChatId | None = None
    language: str | None = None
    skills: frozenset[Code] | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent; only an address beside the mail can be taken away."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        return {k: v for k, v in sent.items() if v is not None or k in ADDRESSES}


class NeedsBody(Body):
    """How many people are needed when, in the place's own time; none at all means that everybody
    on the list is on duty all the time.
    """

    needs: Annotated[tuple[Need, ...], Field(max_length=MOST_NEEDS)]


class HoursBody(Body):
    """Local times of a shift; an end at or before the start is on the next day."""

    start: Quarter
    end: Quarter


class PatternBody(Body):
    """Such as day, night, off, off: the people go through `cycle` one behind the other, `stagger`
    days apart. `despite` says why, where it leaves somebody too little rest.
    """

    people: Annotated[tuple[NamedId, ...], Field(min_length=1, max_length=50)]
    hours: Annotated[dict[str, HoursBody], Field(min_length=1, max_length=10)]
    cycle: Annotated[tuple[str | None, ...], Field(min_length=1, max_length=62)]
    first: Day
    last: Day
    stagger: Annotated[int, Field(ge=0, le=62)] = 1
    despite: Code | None = None

    def to_pattern(self) -> Pattern:
        """As the domain has it."""
        hours = {name: Hours(each.start, each.end) for name, each in self.hours.items()}
        return Pattern(self.people, hours, self.cycle, self.first, self.last, self.stagger)


def build_lists_api(platform: Platform, duty_lists: DutyLists) -> Routes:
    """`/v1/rosters`: who is on a duty list, and how many are needed."""
    router = Routes("/v1/rosters", tags=["rosters"], route_class=NoStore)

    def view(duty_list: DutyList) -> dict[str, Any]:
        present = platform.duty.current.at_work(duty_list.place, duty_list.department)
        return list_view(duty_list, [person.id for person in present])

    def whole(duty_list: DutyList, actor: Principal) -> dict[str, Any]:
        """With how each is reached, for whoever may change that."""
        shown = view(duty_list)
        if allows(actor, "roster.manage"):
            shown["people"] = [person.model_dump(mode="json") for person in duty_list.people]
            shown["lost"] = duty_lists.mute(duty_list)
        return shown

    @router.get("", dependencies=[may("roster.see")])
    async def lists(actor: Actor) -> dict[str, Any]:
        """The duty lists within reach, who is there now, and the gaps ahead."""
        return {"items": [view(found) for found in await duty_lists.within_reach(actor)]}

    @router.get("/{place}/{department}", dependencies=[may("roster.see")])
    async def one(place: Place, department: Department, actor: Actor) -> dict[str, Any]:
        """One duty list; whoever may change it also reads how each is reached."""
        return whole(await duty_lists.get(actor, place, department), actor)

    @router.put("/{place}/{department}/people", dependencies=[may("roster.manage")])
    async def put_people(
        place: Place, department: Department, actor: Actor, body: PeopleBody
    ) -> dict[str, Any]:
        """Put these people in place of those of now; addresses and all."""
        return whole(await duty_lists.put_people(actor, place, department, body.to_people()), actor)

    @router.patch("/{place}/{department}/people/{id}", dependencies=[may("roster.manage")])
    async def change_person(
        place: Place, department: Department, id: str, actor: Actor, body: ChangedPersonBody
    ) -> dict[str, Any]:
        """Change what is known of one person; what is left out stays."""
        changes = body.changes()
        changed = await duty_lists.change_person(actor, place, department, id, changes)
        return whole(changed, actor)

    @router.put("/{place}/{department}/needs", dependencies=[may("roster.manage")])
    async def put_needs(
        place: Place, department: Department, actor: Actor, body: NeedsBody
    ) -> dict[str, Any]:
        """Say how many are needed when: from then on only whoever is on shift is on duty."""
        return whole(await duty_lists.put_needs(actor, place, department, body.needs), actor)

    return router


def build_plans_api(platform: Platform, duty_lists: DutyLists, shift_plans: ShiftPlans) -> Routes:
    """`/v1/rosters`: the shifts of a list, and what they cover."""
    router = Routes("/v1/rosters", tags=["rosters"])

    def between(place: str, first: date | None, days: int) -> tuple[datetime, datetime]:
        zone = duty_lists.calendar(place).zone
        day = first or platform.store.clock.now().astimezone(zone).date()
        begins = datetime.combine(day, time(0), zone)
        return begins, datetime.combine(day + timedelta(days=days), time(0), zone)

    @router.get("/{place}/{department}/cover", dependencies=[may("roster.see")])
    async def covered(
        place: Place,
        department: Department,
        actor: Actor,
        first: Day | None = None,
        days: Days = 7,
    ) -> dict[str, Any]:
        """How many are there and how many are needed, for every quarter hour; those alike lie in
        one piece.
        """
        begins, ends = between(place, first, days)
        pieces = await duty_lists.covered(actor, place, department, begins, ends)
        return {"items": [_cover_view(piece) for piece in pieces]}

    @router.get("/{place}/{department}/shifts", dependencies=[may("roster.see")])
    async def shifts(
        place: Place,
        department: Department,
        actor: Actor,
        first: Day | None = None,
        days: Days = 7,
    ) -> dict[str, Any]:
        """The shifts of a list, those too that were struck."""
        begins, ends = between(place, first, days)
        found = await shift_plans.of_list(actor, place, department, begins, ends)
        return {"items": [shift_view(shift) for shift in found]}

    @router.post("/{place}/{department}/plan", dependencies=[may("shift.plan")])
    async def plan(
        place: Place, department: Department, actor: Actor, body: PatternBody
    ) -> dict[str, Any]:
        """Roll a pattern out; what is possible is planned, what is not is named with the reason."""
        done = await shift_plans.plan_pattern(
            actor, place, department, body.to_pattern(), despite=body.despite
        )
        return {
            "planned": [shift_view(each.shift) for each in done if each.shift is not None],
            "refused": [_refused_view(each) for each in done if each.shift is None],
        }

    return router


class LostTelephoneBody(Body):
    """Whose telephone is lost, and by which of their addresses whoever has it now could read what
    they are told; mail is one where it is read on that telephone. That it was none has to be said:
    new links go at once by what is left.
    """

    person: NamedId
    addresses: frozenset[Address]


def build_lost_telephones_api(lost_telephones: LostTelephones) -> Routes:
    """`/v1/lost-telephones`."""
    router = Routes("/v1/lost-telephones", tags=["rosters"])

    @router.post("", dependencies=[may("telephone.lose")])
    async def lose(actor: Actor, body: LostTelephoneBody, request: Request) -> dict[str, Any]:
        """Say that a telephone is lost: all links of its person end within seconds, and what they
        have in hand is told again by the addresses left. Said twice within two minutes it counts
        once.
        """
        found = await lost_telephones.lose(
            actor, body.person, in_order(body.addresses), source=source_of(request)
        )
        return lost_view(found)

    return router


def lost_view(lost: Lost) -> dict[str, Any]:
    """A lost telephone; of addresses their kinds alone."""
    telephone = lost.telephone
    return {
        "person": telephone.person,
        "at": telephone.at,
        "generation": telephone.generation,
        "lost": telephone.addresses,
        "left": lost.left,
    }


def list_view(duty_list: DutyList, on_duty: list[str]) -> dict[str, Any]:
    """A list without anybody's address."""
    return {
        "place": duty_list.place,
        "department": duty_list.department,
        "people": [
            {"id": p.id, "name": p.name, "skills": sorted(p.skills)} for p in duty_list.people
        ],
        "on_duty": on_duty,
        "needs": [need.model_dump(mode="json") for need in duty_list.needs],
        "gaps": [
            {"begins": g.begins, "ends": g.ends, "missing": g.missing, "near": g.told == "near"}
            for g in duty_list.gaps
        ],
    }


def _cover_view(piece: Cover) -> dict[str, Any]:
    return {
        "begins": piece.begins,
        "ends": piece.ends,
        "people": piece.people,
        "needed": piece.needed,
        "missing": piece.missing,
    }


def _refused_view(planned: ShiftOutcome) -> dict[str, Any]:
    stretch, refused = planned.stretch, planned.refused
    return {
        "person": stretch.person,
        "begins": stretch.begins,
        "ends": stretch.ends,
        "why": problem_of(refused).body if refused else None,
    }


class ShiftBody(Body):
    """Who stands for which department of which place, on quarter hours and for 24 hours at most.
    `despite` says why, though it leaves them too little rest.
    """

    place: Text
    department: Text
    person: NamedId
    begins: Moment
    ends: Moment
    despite: Code | None = None


class GiveBody(Body):
    """Somebody of a duty list, and why they, though it leaves them too little rest."""

    person: NamedId
    despite: Code | None = None


class PersonBody(Body):
    """Somebody of a duty list."""

    person: NamedId


class HandOverBody(Body):
    """What whoever comes next should know."""

    note: Annotated[str, Field(min_length=1, max_length=2_000)]


class LeaveBody(Body):
    """From when until when one is away, and why, as a code."""

    begins: Moment
    ends: Moment
    reason: Code


def build_shifts_api(platform: Platform, shift_plans: ShiftPlans) -> Routes:
    """`/v1/shifts`."""
    router = Routes("/v1/shifts", tags=["rosters"], route_class=WordsRoute)

    @router.get("", dependencies=[may("shift.own")])
    async def own(actor: Actor) -> dict[str, Any]:
        """One's own shifts, and those offered to one: two days back, two months ahead."""
        now = platform.store.clock.now()
        found = await shift_plans.of_person(actor, now - BACK, now + AHEAD)
        return {"items": [shift_view(shift) for shift in found]}

    @router.post("", dependencies=[may("shift.plan")])
    async def plan(actor: Actor, body: ShiftBody) -> dict[str, Any]:
        """Put somebody on shift; the same again changes nothing."""
        stretch = Stretch(**body.model_dump(exclude={"despite"}))
        return shift_view(await shift_plans.plan(actor, stretch, despite=body.despite))

    @router.get("/{id}", dependencies=[may("roster.see")])
    async def one(id: str, actor: Actor) -> dict[str, Any]:
        """One shift, with what those before have handed over."""
        shift = await shift_plans.get(actor, id)
        before = await shift_plans.notes_before(shift)
        notes = [{"person": s.person, "ends": s.ends, "note": s.note} for s in before]
        return shift_view(shift) | {"handed_over": notes}

    @router.post("/{id}/offer", dependencies=[may("shift.own")])
    async def offer(id: str, actor: Actor, body: PersonBody) -> dict[str, Any]:
        """Ask somebody to take one's own shift over; they are told."""
        return shift_view(await shift_plans.offer(actor, id, body.person))

    @router.post("/{id}/take", dependencies=[may("shift.own")])
    async def take(id: str, actor: Actor) -> dict[str, Any]:
        """Take a shift over that was offered to one; whoever had it is told."""
        return shift_view(await shift_plans.take(actor, id))

    @router.post("/{id}/hand-over", dependencies=[may("shift.own")])
    async def hand_over(id: str, actor: Actor, body: HandOverBody) -> dict[str, Any]:
        """Leave a note for whoever comes next."""
        return shift_view(await shift_plans.hand_over(actor, id, scrub(body.note)))

    @router.post("/{id}/give", dependencies=[may("shift.plan")])
    async def give(id: str, actor: Actor, body: GiveBody) -> dict[str, Any]:
        """Let somebody else stand instead."""
        return shift_view(await shift_plans.give(actor, id, body.person, despite=body.despite))

    @router.post("/{id}/strike", dependencies=[may("shift.plan")])
    async def strike(id: str, actor: Actor) -> dict[str, Any]:
        """It counts no more; whoever had it is told."""
        return shift_view(await shift_plans.strike(actor, id))

    return router


def build_leaves_api(leave_requests: LeaveRequests) -> Routes:
    """`/v1/leaves`."""
    router = Routes("/v1/leaves", tags=["rosters"])

    @router.get("", dependencies=[may("leave.ask")])
    async def listed(
        actor: Actor, status: Annotated[LeaveStatus | None, Query()] = None
    ) -> dict[str, Any]:
        """Leave that is not over: one's own, and of the lists one plans."""
        found = await leave_requests.within_reach(actor, status=status)
        return {"items": [leave_view(leave) for leave in found]}

    @router.post("", dependencies=[may("leave.ask")])
    async def ask(actor: Actor, body: LeaveBody) -> dict[str, Any]:
        """Ask for leave of one's own."""
        return leave_view(await leave_requests.ask(actor, body.begins, body.ends, body.reason))

    @router.post("/{id}/grant", dependencies=[may("leave.decide")])
    async def grant(id: str, actor: Actor) -> dict[str, Any]:
        """Grant somebody's leave: their shifts in it are struck, and the gaps told."""
        return leave_view(await leave_requests.decide(actor, id, "granted"))

    @router.post("/{id}/refuse", dependencies=[may("leave.decide")])
    async def refuse(id: str, actor: Actor) -> dict[str, Any]:
        """Refuse somebody's leave."""
        return leave_view(await leave_requests.decide(actor, id, "refused"))

    return router


def shift_view(shift: Shift) -> dict[str, Any]:
    """A shift."""
    return {
        "id": shift.id,
        "place": shift.place,
        "department": shift.department,
        "person": shift.person,
        "begins": shift.begins,
        "ends": shift.ends,
        "struck": shift.struck,
        "offered_to": shift.offered_to,
        "note": shift.note,
        "despite": shift.despite,
    }


def leave_view(leave: Leave) -> dict[str, Any]:
    """Somebody's leave."""
    return {
        "id": leave.id,
        "person": leave.person,
        "begins": leave.begins,
        "ends": leave.ends,
        "reason": leave.reason,
        "status": leave.status,
        "decided_by": leave.decided_by,
    }
