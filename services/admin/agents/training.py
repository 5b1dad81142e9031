"""The use cases of agents' profiles: kept, and looked through for what ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from services.admin.accounts.staff import By, StaffAccounts
from services.admin.agents.domain import Ending, Profile, ending, telephone_taken
from services.admin.agents.storage import PROFILES
from shared.audit import Trail
from shared.contracts import Step
from shared.documents import midnight
from shared.policy.calendar import Calendar
from shared.store import Collection, Store, Taken

MOST_ENDING: Final = 1_000


class Training:
    """Keeps what agents have learned. Days are those of the group's calendar."""

    def __init__(
        self,
        store: Store,
        staff_accounts: StaffAccounts,
        records: Trail,
        calendar: Callable[[], Calendar],
    ) -> None:
        self._profiles = Collection(store, PROFILES)
        self._staff_accounts = staff_accounts
        self._records = records
        self._clock = store.clock
        self._calendar = calendar

    async def get(self, account: str) -> Profile:
        """Somebody's profile, empty where nothing was put in; raises NotThere."""
        await self._staff_accounts.get(account)
        return await self._profiles.get(account) or Profile(account=account)

    async def put(self, profile: Profile, by: By) -> Profile:
        """This profile in place of the present one; raises NotThere, NotNow where a telephone is
        somebody else's, Contested.
        """
        await self._staff_accounts.get(profile.account)
        await self._records.record(
            by.principal, "profile.change", ("account", profile.account), source=by.source
        )

        def decide(_present: Profile, _now: datetime) -> Step[Profile]:
            return Step(profile)

        try:
            await self._profiles.change(profile.account, decide, new=profile)
        except Taken as error:
            raise telephone_taken() from error
        return profile

    async def ending(self, within: timedelta) -> list[Ending]:
        """Certificates that end within a time, or have ended, without another that follows."""
        today = self.today()
        until = {"certificates.until": {"$lte": midnight(today + within)}}
        found = await self._profiles.find(until, limit=MOST_ENDING)
        return ending(found, today=today, within=within)

    def today(self) -> date:
        """The day it is where the group is."""
        return self._clock.now().astimezone(self._calendar().zone).date()
