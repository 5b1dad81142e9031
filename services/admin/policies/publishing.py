"""The use cases of who decides: approved for a time, refused, taken back; at once, and kept or not.

What is in force is one list in one document, and changes in one conditional write. Whatever else is
written about it only says how it came to be: a crash between the two shows as `unfinished`, and the
same act again completes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from services.admin.accounts.staff import By
from services.admin.policies import domain, in_force
from services.admin.policies.domain import LONGEST_AT_ONCE, FullVersion, Version
from services.admin.policies.drafting import Drafting, FaultyPolicy, Wording, faults_of
from services.admin.policies.storage import Policies
from shared.audit import Trail
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotNow
from shared.identity import Role, require
from shared.policy.versions import VersionInForce
from shared.policy.versions import in_force as present
from shared.readers.policies import NoPolicyError
from shared.readers.rosters import DutyReader
from shared.store.clock import DatabaseClock
from shared.telemetry import logger

_SUBJECT: Final = "policy"


class Publishing:
    """Puts policies in force and takes them back. Each act is on record before it is done."""

    def __init__(
        self,
        policies: Policies,
        drafting: Drafting,
        records: Trail,
        duty: DutyReader,
        clock: DatabaseClock,
    ) -> None:
        self._policies = policies
        self._drafting = drafting
        self._records = records
        self._duty = duty
        self._clock = clock

    async def approve(
        self, id: str, by: By, *, begins: datetime | None, must_confirm: Sequence[Role]
    ) -> Version:
        """Let what somebody else submitted come into force, now or later.

        Raises FaultyPolicy with all that is wrong with it; NotNow where it is one's own, or based
        on a version that is no longer the newest. Then nothing has changed.
        """
        now = self._clock.now()
        if begins is not None and begins <= now:
            raise MalformedMessage("begins", "lies in the past", "leave it out for at once")
        version, entries = await self._policies.get(id), await self._policies.entries()
        approved = domain.approve(version, by.id, now, must_confirm=must_confirm)
        if in_force.find(id, entries):
            raise NotNow("wrong-state", "It is approved already", "approve what is submitted")
        in_force.publish(version, entries, begins or now)
        await self._drafting.require_sound(version, begins=begins or now)
        await self._record("policy.approve", version, by, begins=_code(begins or now))
        approved = await self._policies.save(approved)
        try:
            await self._policies.change_head(
                lambda entries, at: in_force.publish(approved, entries, begins or at)
            )
        except NotNow:
            await self._policies.save(domain.take_approval_back(approved))
            raise
        logger.info("policy_approved", policy=id, by=by.id)
        return approved

    async def refuse(self, id: str, by: By, *, reason: str) -> Version:
        """Send back what was submitted, with a reason."""
        version = await self._policies.get(id)
        refused = domain.refuse(version, by.id, self._clock.now(), reason=reason)
        await self._record("policy.refuse", version, by)
        return await self._policies.save(refused)

    async def withdraw(self, id: str, by: By) -> Version:
        """Take back a draft, an approval that has not begun, or what was put in force at once.

        Raises Forbidden for an approval where one may not approve.
        """
        version, now = await self._policies.get(id), self._clock.now()
        withdrawn = domain.withdraw(version, by.id, now)
        in_force.require_settled(version, await self._policies.entries(), now)
        match version.state:
            case "withdrawn":
                return version
            case "approved":
                require(by.principal, "policy.approve")
                await self._record("policy.withdraw", version, by)
                await self._policies.change_head(partial(in_force.take_back, version))
            case "at_once":
                await self._record("policy.end", version, by)
                await self._policies.change_head(partial(in_force.end, version))
            case _:
                pass
        return await self._policies.save(withdrawn)

    async def break_glass(
        self, by: By, wording: Wording, *, title: str, reason: str, lasts: timedelta
    ) -> Version:
        """Put a change of what is in force in force at once, for so long.

        Raises MalformedMessage for more than LONGEST_AT_ONCE, FaultyPolicy, NotNow.
        """
        if not timedelta() < lasts <= LONGEST_AT_ONCE:
            hours = LONGEST_AT_ONCE // timedelta(hours=1)
            raise MalformedMessage(
                "hours", f"is not more than 0 and at most {hours}", "draft what shall last longer"
            )
        now = self._clock.now()
        base = present(await self._policies.entries(), now)
        if base is None:
            raise NoPolicyError
        before = await self._policies.documents(base.version)
        documents = await asyncio.to_thread(wording.on, before)
        if faults := await faults_of(documents, before, begins=now, duty=self._duty.current):
            raise FaultyPolicy(faults)
        new = FullVersion(
            id="",
            state="at_once",
            base=base.version,
            title=title,
            authors=(by.id,),
            made_at=now,
            reason=reason,
            documents=documents,
        )
        in_force.put_at_once(new, await self._policies.entries(), now, now + lasts)
        made = await self._drafting.insert(new)
        await self._record("policy.break_glass", made, by, minutes=lasts // timedelta(minutes=1))
        await self._policies.change_head(
            lambda entries, at: in_force.put_at_once(made, entries, at, at + lasts)
        )
        logger.warning("policy_at_once", policy=made.id, by=by.id)
        return made

    async def keep(self, id: str, by: By) -> Version:
        """Let what somebody else put in force at once stay."""
        version, now = await self._policies.get(id), self._clock.now()
        kept = domain.keep(version, by.id, now)
        in_force.keep(version, await self._policies.entries(), now)
        await self._record("policy.keep", version, by)
        await self._policies.change_head(partial(in_force.keep, version))
        return await self._policies.save(kept)

    async def entries(self) -> list[VersionInForce]:
        """What is in force when."""
        return await self._policies.entries()

    async def _record(self, act: str, version: Version, by: By, **details: str | int) -> None:
        base = {"base": version.base} if version.base else {}
        await self._records.record(
            by.principal,
            act,
            (_SUBJECT, version.id),
            why=by.why,
            source=by.source,
            details=base | details,
        )


def _code(moment: datetime) -> str:
    """A time as the record takes it: without a sign."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
