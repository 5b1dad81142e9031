"""Use cases of duty lists: who is on them, how many are needed when, and what is covered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from services.router.rosters.lists import DutyList, reaches_list
from services.router.rosters.storage import LISTS, all_lists, announce, around, find_shifts
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.policy.calendar import Calendar
from shared.policy.duty import ANYWHERE, EMERGENCY_CHAIN, MANAGEMENT, Person
from shared.policy.roster import Cover, Need, cover
from shared.readers.rosters import list_id
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger

Alter = Callable[[DutyList], DutyList]


class DutyLists:
    """Shows and changes duty lists within reach; foreign and missing ones look the same (404)."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
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

    async def put_people(
        self, principal: Principal, place: str, department: str, people: tuple[Person, ...]
    ) -> DutyList:
        """These people, first choice first and the lead last, in place of those of now; a list that
        was not there is made.
        """
        self._check_place(principal, place, department)
        if len({person.id for person in people}) < len(people):
            raise MalformedMessage("people", "names somebody twice", "name each once")

        def with_people(duty_list: DutyList) -> DutyList:
            return replace(duty_list, people=people)

        return await self._change(principal, place, department, with_people, make=True)

    async def put_needs(
        self, principal: Principal, place: str, department: str, needs: tuple[Need, ...]
    ) -> DutyList:
        """How many are needed when. From then on only whoever is on shift is on duty; with no needs
        everybody on the list is.
        """
        await self.get(principal, place, department)

        def with_needs(duty_list: DutyList) -> DutyList:
            return replace(duty_list, needs=needs, gaps=())

        return await self._change(principal, place, department, with_needs)

    async def covered(
        self, principal: Principal, place: str, department: str, begins: datetime, ends: datetime
    ) -> list[Cover]:
        """How many are there and how many are needed, for every quarter hour between two times."""
        found = await self.get(principal, place, department)
        query = {"place": place, "department": department, "counts": True, **around(begins, ends)}
        shifts = [(shift.begins, shift.ends) for shift in await find_shifts(self._store, query)]
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
        kinds = {MANAGEMENT, EMERGENCY_CHAIN, *(d.id for d in policy.taxonomy.departments)}
        if department not in kinds:
            raise MalformedMessage("department", "is not a department of the policy")

    async def _change(
        self, principal: Principal, place: str, department: str, alter: Alter, *, make: bool = False
    ) -> DutyList:
        id = list_id(place, department)
        await self._platform.trail.record(principal, "roster.change", ("roster", id))
        new = DutyList(id=id, place=place, department=department) if make else None
        changed = await self._lists.change(id, lambda present, _: Step(alter(present)), new=new)
        if changed is None:
            raise NotThere
        await announce(self._store)
        logger.info("roster_changed", roster=id)
        return changed.after
