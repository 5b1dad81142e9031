"""The use cases of whoever reads: what there is, what differs, and who has read it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.admin.policies import domain
from services.admin.policies.announcements import Announcements
from services.admin.policies.domain import Confirmation, Standing, Version
from services.admin.policies.in_force import find
from services.admin.policies.storage import Policies
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.policy.documents import write_documents
from shared.policy.versions import Difference, VersionInForce, differences, in_force, still_needed
from shared.store import Page
from shared.store.clock import DatabaseClock

_UNPUBLISHED: Final = frozenset({"draft", "submitted", "refused", "unfinished"})


@dataclass(frozen=True, slots=True)
class Readers:
    """Who has confirmed having read a version, and who of those that must has not."""

    confirmed: tuple[Confirmation, ...]
    missing: tuple[str, ...]


class Reading:
    """Shows versions; confirming is all that is written here."""

    def __init__(
        self, policies: Policies, announcements: Announcements, clock: DatabaseClock
    ) -> None:
        self._policies = policies
        self._announcements = announcements
        self._clock = clock

    async def one(self, id: str) -> tuple[Version, Standing]:
        """A version and how it stands now; raises NotThere."""
        version = await self._policies.get(id)
        return version, self._standing(version, await self._policies.entries())

    async def one_for(self, id: str, person: str) -> tuple[Version, Standing]:
        """The same for whoever has a link to it; raises NotThere where they are nobody, or it was
        never published.
        """
        role = await self._announcements.role_of(person)
        version, standing = await self.one(id)
        if role is None or standing in _UNPUBLISHED:
            raise NotThere
        return version, standing

    async def begins(self, id: str) -> datetime | None:
        """From when it counts; None where it does not, and will not."""
        entry = find(id, await self._policies.entries())
        return entry.begins if entry else None

    async def listed(self, *, after: str | None, limit: int) -> Page[tuple[Version, Standing]]:
        """Versions and drafts with how they stand, the newest first."""
        found = await self._policies.newest(after=after, limit=limit)
        entries = await self._policies.entries()
        return Page([(each, self._standing(each, entries)) for each in found.items], found.next)

    async def present(self) -> tuple[list[VersionInForce], str | None]:
        """What counts or will, and the version that does now."""
        entries, now = await self._policies.entries(), self._clock.now()
        counting = in_force(entries, now)
        return still_needed(entries, now), counting.version if counting else None

    async def differences(
        self, id: str, against: str | None
    ) -> tuple[str | None, list[Difference]]:
        """What differs from another version, or from the one it was made from, and which it is."""
        version = await self._policies.get(id)
        other = against or version.base
        before = await self._policies.documents(other) if other else {}
        after = await self._policies.documents(id)
        return other, await asyncio.to_thread(differences, before, after)

    async def export(self, id: str) -> str:
        """The documents of a version as one YAML file."""
        return await asyncio.to_thread(write_documents, await self._policies.documents(id))

    async def confirm(self, id: str, principal: Principal) -> Version:
        """Whoever must has read it; a second time changes nothing."""
        version = await self._policies.get(id)
        read = domain.confirm(version, principal.id, principal.role, self._clock.now())
        await self._policies.confirm(id, read)
        return await self._policies.get(id)

    async def confirm_by_link(self, id: str, person: str) -> Version:
        """The same by the link of somebody's message; raises NotThere where they are nobody, or it
        was never published, NotNow where they need not.
        """
        version, _ = await self.one_for(id, person)
        role = await self._announcements.role_of(person)
        assert role is not None, "who is nobody has no page"
        read = domain.confirm(version, person, role, self._clock.now())
        await self._policies.confirm(id, read)
        return await self._policies.get(id)

    async def readers(self, id: str) -> Readers:
        """Who has confirmed, and who of the roles that must, at the places that it is about, has
        not.
        """
        version = await self._policies.get(id)
        must = await self._announcements.readers(version)
        have = {confirmation.by for confirmation in version.confirmed}
        return Readers(version.confirmed, tuple(who for who in must if who not in have))

    def _standing(self, version: Version, entries: Sequence[VersionInForce]) -> Standing:
        return domain.standing(version, entries, self._clock.now())
