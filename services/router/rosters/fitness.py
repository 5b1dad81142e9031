"""Who may stand: nobody on leave or with a frozen account, nobody without the certificates that the
department asks for, and nobody without rest, unless somebody answers for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.router.rosters.leave import Leave
from services.router.rosters.rest import RestRules, TooLong, tiring
from services.router.rosters.shifts import Shift
from services.router.rosters.storage import LEAVES, MOST_SHIFTS, around, find_shifts
from shared.contracts.refusals import NotNow
from shared.policy.roster import QUARTER
from shared.readers.certificates import CertificateReader, Stint
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

    async def why_not(self, person: str, shift: Shift) -> NotNow | None:
        """Why somebody cannot have a shift; None when they can."""
        if person in self._platform.duty.current.frozen:
            return NotNow("frozen", "Their account is frozen", "choose somebody else, or thaw it")
        away = {"person": person, "status": "granted", **around(shift.begins, shift.ends)}
        if await self._leaves.find(away, limit=1):
            return NotNow("on-leave", "They are on leave then", "choose somebody else")
        kinds = self._kinds(shift)
        if await self._certificates.uncertified(kinds, [self._stint(person, shift)]):
            return NotNow(
                "unqualified",
                "They lack a certificate on a day of this shift (A7)",
                "see their profile, /v1/agents of admin",
                certificates=sorted(kinds),
            )
        return None

    async def why_tired(self, person: str, shift: Shift) -> NotNow | None:
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
            return NotNow(
                "shift-too-long",
                "This shift is longer than the policy allows",
                f"it is {_hours(wrong.by)} hours too long: {_WAY_OUT}",
                shifts=[shift.id],
            )
        return NotNow(
            "too-little-rest",
            "They would have too little rest between two shifts",
            f"{_hours(wrong.missing)} hours of rest are missing: {_WAY_OUT}",
            shifts=[shift.id, wrong.other.id],
            missing_hours=_hours(wrong.missing),
        )

    async def leave_in(self, shifts: Sequence[Shift]) -> list[Leave]:
        """The granted leave of their people that lies, if only in part, in these shifts."""
        if not shifts:
            return []
        begins, ends = min(s.begins for s in shifts), max(s.ends for s in shifts)
        people = sorted({shift.person for shift in shifts})
        granted = {"person": {"$in": people}, "status": "granted"}
        return await self._leaves.find({**granted, **around(begins, ends)}, limit=MOST_SHIFTS)

    async def uncertified(self, shifts: Sequence[Shift]) -> frozenset[str]:
        """The ids of those shifts of one list whose people lack a certificate for them."""
        if not shifts:
            return frozenset()
        stints = {shift.id: self._stint(shift.person, shift) for shift in shifts}
        lacking = await self._certificates.uncertified(self._kinds(shifts[0]), stints.values())
        return frozenset(id for id, stint in stints.items() if stint in lacking)

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
