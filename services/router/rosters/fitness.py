"""Who may stand: nobody on leave, nobody without the certificates that the department asks for, and
nobody without rest, unless somebody answers for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from services.router.rosters.shifts import Leave, RestRules, Shift, Struck, TooLong, tiring
from services.router.rosters.storage import LEAVES, MOST_SHIFTS, around, find_shifts
from shared.policy.roster import QUARTER
from shared.readers.certificates import CertificateReader, Stint
from shared.runtime import Problem
from shared.runtime.platform import Platform
from shared.store import Collection

_WAY_OUT: Final = "choose other hours or somebody else, or plan it with a reason (`despite`)"


class Fitness:
    """Judges people for shifts, as leave and profiles are now."""

    def __init__(self, platform: Platform, certificates: CertificateReader) -> None:
        self._platform = platform
        self._store = platform.store
        self._leaves = Collection(platform.store, LEAVES)
        self._certificates = certificates

    async def why_not(self, person: str, shift: Shift) -> Problem | None:
        """Why somebody cannot have a shift; None when they can."""
        away = {"person": person, "status": "granted", **around(shift.begins, shift.ends)}
        if await self._leaves.find(away, limit=1):
            return Problem(409, "on-leave", "They are on leave then", detail="choose somebody else")
        kinds = self._kinds(shift)
        if await self._certificates.uncertified(kinds, [self._stint(person, shift)]):
            return Problem(
                409, "unqualified", "They lack a certificate on a day of this shift (A7)",
                detail="see their profile, /v1/agents of admin", certificates=sorted(kinds),
            )  # fmt: skip
        return None

    async def why_tired(self, person: str, shift: Shift) -> Problem | None:
        """Why a shift would leave somebody too little rest, here or at another place; None when it
        would not.
        """
        rules = self._platform.policy.at(shift.place).rules
        asked = RestRules(rules.rest_between_shifts, rules.longest_shift)
        if not (asked.rest or asked.longest):
            return None
        near = around(shift.begins - asked.reach, shift.ends + asked.reach)
        found = await find_shifts(self._store, {"person": person, "counts": True, **near})
        wrong = tiring(shift, (other for other in found if other.id != shift.id), asked)
        if wrong is None:
            return None
        if isinstance(wrong, TooLong):
            return Problem(
                409, "shift-too-long", "This shift is longer than the policy allows",
                detail=f"it is {_hours(wrong.by)} hours too long: {_WAY_OUT}", shifts=[shift.id],
            )  # fmt: skip
        return Problem(
            409, "too-little-rest", "They would have too little rest between two shifts",
            detail=f"{_hours(wrong.missing)} hours of rest are missing: {_WAY_OUT}",
            shifts=[shift.id, wrong.other.id], missing_hours=_hours(wrong.missing),
        )  # fmt: skip

    async def unfit(self, shifts: Iterable[Shift]) -> Mapping[str, Struck]:
        """Shifts of one list that cannot be kept, by id, with the reason."""
        coming = list(shifts)
        if not coming:
            return {}
        begins, ends = min(s.begins for s in coming), max(s.ends for s in coming)
        people = sorted({shift.person for shift in coming})
        away = await self._leaves.find(
            {"person": {"$in": people}, "status": "granted", **around(begins, ends)},
            limit=MOST_SHIFTS,
        )
        stints = {shift.id: self._stint(shift.person, shift) for shift in coming}
        uncertified = await self._certificates.uncertified(self._kinds(coming[0]), stints.values())
        found: dict[str, Struck] = {}
        for shift in coming:
            if any(_falls_in(shift, leave) for leave in away):
                found[shift.id] = "leave"
            elif stints[shift.id] in uncertified:
                found[shift.id] = "unqualified"
        return found

    def _kinds(self, shift: Shift) -> frozenset[str]:
        taxonomy = self._platform.policy.at(shift.place).taxonomy
        departments = {d.id: d for d in taxonomy.departments}
        department = departments.get(shift.department)
        return department.certificates if department else frozenset()

    def _stint(self, person: str, shift: Shift) -> Stint:
        zone = self._platform.policy.at(shift.place).calendar.zone
        last = shift.ends - QUARTER  # what ends at midnight ends the day before
        return Stint(person, shift.begins.astimezone(zone).date(), last.astimezone(zone).date())


def _hours(span: timedelta) -> float:
    return span / timedelta(hours=1)


def _falls_in(shift: Shift, leave: Leave) -> bool:
    return shift.person == leave.person and leave.begins < shift.ends and shift.begins < leave.ends
