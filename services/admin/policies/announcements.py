"""Use case: whoever must confirm a policy is told that it is published, and reminded.

What is in force is the head's; so what was put there is found by looking, also after a crash, and
told once: an announcement has the id of its version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.admin.policies import announcement, in_force
from services.admin.policies.announcement import Announcement
from services.admin.policies.domain import Version
from services.admin.policies.readership import (
    Staffer,
    by_superior,
    places_concerned,
    role_of,
    who_must,
)
from services.admin.policies.storage import ANNOUNCEMENTS, Policies
from shared.bus import run_every
from shared.identity import Role
from shared.policy.policy import Policy
from shared.policy.versions import VersionInForce
from shared.readers.policies import NoPolicyError
from shared.readers.rosters import DutyReader
from shared.store import Collection, Order, Store
from shared.telemetry import logger

LOOK_SECONDS: Final = 2.0
AT_ONCE: Final = 100
"""Announcements moved in one look; a group publishes a few policies a month."""
LATELY: Final = timedelta(days=7)
"""What was approved longer ago was announced then, or is nobody's news."""


class Announcements:
    """Says what has been published, and to whom."""

    def __init__(
        self, store: Store, policies: Policies, duty: DutyReader, policy: Callable[[], Policy]
    ) -> None:
        self._announcements = Collection(store, ANNOUNCEMENTS)
        self._policies = policies
        self._duty = duty
        self._policy = policy
        self._clock = store.clock

    async def run(self) -> None:
        """Look until cancelled."""
        await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Announce what is new in the head, and go on with what has waited long enough."""
        try:
            entries = await self._policies.entries()
        except NoPolicyError:
            return
        now = self._clock.now()
        for version in await self._policies.to_confirm(since=now - LATELY):
            entry = in_force.find(version.id, entries)
            if entry is not None and await self._announcements.get(version.id) is None:
                await self._publish(version, entry, now)
        due = {"next_at": {"$lte": now}}
        for found in await self._announcements.find(due, order=Order("next_at"), limit=AT_ONCE):
            await self._go_on(found, entries, now)

    async def readers(self, version: Version) -> tuple[str, ...]:
        """Who must confirm a version, by id."""
        if not version.must_confirm:
            return ()
        duty, group = self._duty.current, self._policy().group
        staff = await self._staff(version.must_confirm)
        after = await self._policies.documents(version.id)
        before = await self._policies.documents(version.base) if version.base else {}
        places = await asyncio.to_thread(places_concerned, before, after)
        return who_must(version.must_confirm, places, staff, duty, group)

    async def role_of(self, person: str) -> Role | None:
        """In which role somebody of the house reads; None where they are nobody."""
        return role_of(person, await self._policies.staffers((), [person]), self._duty.current)

    async def _staff(self, roles: tuple[Role, ...]) -> list[Staffer]:
        return await self._policies.staffers(roles, [p.id for p in self._duty.current.everybody])

    async def _publish(self, version: Version, entry: VersionInForce, now: datetime) -> None:
        readers = await self.readers(version)
        listed = {person.id for person in self._duty.current.everybody}
        step = announcement.publish(
            version.id,
            entry.begins,
            readers,
            now,
            within=self._within,
            listed=listed,
        )
        if await self._announcements.insert(step, now):
            logger.info("policy_announced", policy=version.id, readers=len(readers))

    async def _go_on(
        self, found: Announcement, entries: list[VersionInForce], now: datetime
    ) -> None:
        if in_force.find(found.id, entries) is None:
            await self._announcements.write_over(found, announcement.end(found))
            return
        version, duty = await self._policies.get(found.id), self._duty.current
        have = {confirmation.by for confirmation in version.confirmed}
        missing = [id for id in found.readers if id not in have and duty.person(id) is not None]
        step = announcement.go_on(
            found, missing, by_superior(missing, duty), now, within=self._within
        )
        await self._announcements.write_over(found, step)

    @property
    def _within(self) -> timedelta:
        return self._policy().rules.confirm_within
