"""The use cases of agents' profiles: kept, and looked through for what ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from services.admin.domain.profiles import Ending, Profile, ending
from services.admin.staffing import By, Staffing
from services.admin.storage import Profiles
from shared.audit import Trail
from shared.policy.calendar import Calendar
from shared.store import Contested, Verdict
from shared.store.clock import DatabaseClock
from shared.store.tickets import ATTEMPTS


class Training:
    """Keeps what agents have learned. Days are those of the group's calendar."""

    def __init__(
        self,
        profiles: Profiles,
        staffing: Staffing,
        records: Trail,
        clock: DatabaseClock,
        calendar: Callable[[], Calendar],
    ) -> None:
        self._profiles = profiles
        self._staffing = staffing
        self._records = records
        self._clock = clock
        self._calendar = calendar

    async def get(self, account: str) -> Profile:
        """Somebody's profile, empty where nothing was put in; raises NoSuchThing."""
        await self._staffing.get(account)
        return await self._profiles.get(account) or Profile(account=account)

    async def put(self, profile: Profile, by: By) -> Profile:
        """This profile in place of the present one; raises NoSuchThing, Contested."""
        await self._staffing.get(profile.account)
        await self._records.record(
            by.principal, "profile.change", ("account", profile.account), source=by.source
        )
        for _ in range(ATTEMPTS):
            present = await self._profiles.get(profile.account)
            wanted = replace(profile, version=present.version if present else 0)
            if await self._profiles.save(wanted) is Verdict.WON:
                return replace(wanted, version=wanted.version + 1)
        raise Contested("profiles", profile.account)

    async def ending(self, within: timedelta) -> list[Ending]:
        """Certificates that end within a time, or have ended, without another that follows."""
        today = self.today()
        found = await self._profiles.with_certificates_until(today + within)
        return ending(found, today=today, within=within)

    def today(self) -> date:
        """The day it is where the group is."""
        return self._clock.now().astimezone(self._calendar().zone).date()
