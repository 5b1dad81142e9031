"""Use cases of duty lists: who is on them, how many are needed when, and what is covered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.router.rosters.lists import (
    DutyList,
    changes_of,
    of_other_lists,
    reaches_all,
    reaches_list,
    with_changed,
)
from services.router.rosters.lost_telephones import LostTelephones
from services.router.rosters.storage import (
    LISTS,
    MOST_LISTS,
    all_lists,
    announce,
    around,
    find_shifts,
)
from services.router.rosters.telephones import given_anew
from shared.contracts import Fault, MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal
from shared.policy.calendar import Calendar
from shared.policy.duty import ANYWHERE, Address, Person
from shared.policy.policy import Group
from shared.policy.roster import Cover, Need, cover
from shared.readers.people import KnownPeople, departments_of
from shared.readers.rosters import HEAD, list_id
from shared.runtime.platform import Platform
from shared.store import Changed, Collection, Taken
from shared.telemetry import logger

_REACHES_FURTHER: Final = (
    "has an account that reaches other places too",
    "choose another id, or ask somebody who reaches all of them",
)
Alter = Callable[[DutyList], Awaitable[DutyList]]


class DutyLists:
    """Shows and changes duty lists within reach; foreign and missing ones look the same (404)."""

    def __init__(
        self, platform: Platform, known_people: KnownPeople, lost_telephones: LostTelephones
    ) -> None:
        self._platform = platform
        self._known_people = known_people
        self._lost_telephones = lost_telephones
        self._store = platform.store
        self._lists = Collection(platform.store, LISTS)

    async def within_reach(self, principal: Principal) -> list[DutyList]:
        """The lists somebody may see."""
        group = self._platform.policy.group
        return [
            found
            for found in await all_lists(self._store)
            if reaches_list(principal, found.place, found.department, group)
        ]

    async def get(self, principal: Principal, place: str, department: str) -> DutyList:
        """One list."""
        found = await self._lists.get(list_id(place, department))
        group = self._platform.policy.group
        if found is None or not reaches_list(principal, place, department, group):
            raise NotThere
        return found

    def mute(self, duty_list: DutyList) -> dict[str, tuple[Address, ...]]:
        """To which addresses of whom on a list nothing goes, since they were lost."""
        return self._lost_telephones.mute(duty_list.people)

    async def put_people(
        self, principal: Principal, place: str, department: str, people: tuple[Person, ...]
    ) -> DutyList:
        """These people, first choice first and the lead last, in place of those of now; a list that
        was not there is made.

        Raises MalformedMessage for ids that nobody may be given, for who is of another list, and
        where it says something new of who has an account that reaches further than the principal.
        """
        self._check_place(principal, place, department)

        async def with_people(duty_list: DutyList) -> DutyList:
            changed = replace(duty_list, people=people, distinct=True)
            await self._check_accounts(principal, changes_of(duty_list, people))
            await self._check_own(changed)
            return changed

        changed = await self._change(principal, place, department, with_people, make=True)
        # Other addresses than the lost ones count already: nothing is left for a kill to cut off.
        await self._lost_telephones.give_by_name(given_anew(changed.before, people))
        return changed.after

    async def change_person(
        self, principal: Principal, place: str, department: str, id: str, changes: Mapping[str, Any]
    ) -> DutyList:
        """Other facts of one person of a list; all that is not among `changes` stays as it is. An
        address that was lost with a telephone counts again, also where it is the same. Raises what
        `put_people` raises.
        """
        await self.get(principal, place, department)

        async def with_person(duty_list: DutyList) -> DutyList:
            changed = with_changed(duty_list, id, changes)
            if changed is None:
                raise NotThere
            await self._check_accounts(principal, changes_of(duty_list, changed.people))
            await self._check_own(changed, of=id)
            return changed

        changed = await self._change(principal, place, department, with_person)
        await self._lost_telephones.give(id, changes)
        return changed.after

    async def _check_accounts(self, principal: Principal, changed: Mapping[str, str]) -> None:
        """Raise MalformedMessage for who has an account that reaches further than the principal."""
        places, group = await self._known_people.places_of(changed.values()), self._group
        faults = [
            Fault(field, *_REACHES_FURTHER)
            for field, id in changed.items()
            if id in places and not reaches_all(principal, places[id], group)
        ]
        if faults:
            raise MalformedMessage.naming(faults)

    async def _check_own(self, duty_list: DutyList, *, of: str | None = None) -> None:
        """Raise MalformedMessage for who is a person of another list: anybody, or one."""
        ids = [person.id for person in duty_list.people] if of is None else [of]
        query = {"_id": {"$nin": [HEAD, duty_list.id]}, "people.id": {"$in": ids}}
        others = await self._lists.find(query, limit=MOST_LISTS)
        if faults := of_other_lists(duty_list.people, others):
            raise MalformedMessage.naming(faults)

    @property
    def _group(self) -> Group:
        return self._platform.policy.group

    async def put_needs(
        self, principal: Principal, place: str, department: str, needs: tuple[Need, ...]
    ) -> DutyList:
        """How many are needed when. From then on only whoever is on shift is on duty; with no needs
        everybody on the list is.
        """
        await self.get(principal, place, department)

        async def with_needs(duty_list: DutyList) -> DutyList:
            return replace(duty_list, needs=needs, gaps=())

        return (await self._change(principal, place, department, with_needs)).after

    async def covered(
        self, principal: Principal, place: str, department: str, begins: datetime, ends: datetime
    ) -> list[Cover]:
        """How many are there and how many are needed, for every quarter hour between two times."""
        found = await self.get(principal, place, department)
        query = {"place": place, "department": department, "counts": True, **around(begins, ends)}
        frozen, planned = self._platform.duty.current.frozen, await find_shifts(self._store, query)
        shifts = [(shift.begins, shift.ends) for shift in planned if shift.person not in frozen]
        return cover(found.needs, shifts, begins, ends, self.calendar(place))

    def calendar(self, place: str) -> Calendar:
        """The calendar of a place."""
        return self._platform.policy.at(place).calendar

    def _check_place(self, principal: Principal, place: str, department: str) -> None:
        policy = self._platform.policy
        if not reaches_list(principal, place, department, policy.group):
            raise NotThere
        places = {
            ANYWHERE,
            *(p.id for p in policy.group.places),
            *(e.id for e in policy.group.estates),
        }
        if place not in places:
            raise MalformedMessage("place", "is no place of the group", "name an estate, or *")
        if department not in departments_of(policy):
            raise MalformedMessage(
                "department", "is not a department of the policy", "see the taxonomy for their ids"
            )

    async def _change(
        self, principal: Principal, place: str, department: str, alter: Alter, *, make: bool = False
    ) -> Changed[DutyList]:
        id = list_id(place, department)
        await self._platform.trail.record(principal, "roster.change", ("roster", id))
        new = DutyList(id=id, place=place, department=department) if make else None

        async def decide(present: DutyList, _now: datetime) -> Step[DutyList]:
            return Step(await alter(present))

        try:
            changed = await self._lists.change(id, decide, new=new)
        except Taken:
            raise NotNow(
                "put-elsewhere",
                "Somebody of these was put on another list at the same moment",
                "send it again: it then says on which",
            ) from None
        if changed is None:
            raise NotThere
        await announce(self._store)
        logger.info("roster_changed", roster=id)
        return changed
