"""The use cases of a draft: made, changed, carried over, submitted, withdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from secrets import choice
from typing import Any, Final

import yaml

from services.admin.policies import domain, in_force
from services.admin.policies.domain import FullVersion, Version
from services.admin.policies.storage import Policies, require_edition
from shared.contracts import Fault, MalformedMessage, Step
from shared.contracts.refusals import NotNow, Unfit
from shared.policy.checks import check_policy
from shared.policy.documents import COMPLETE, Documents, applied, read_documents
from shared.policy.duty import Duty
from shared.policy.versions import newest, rebased
from shared.readers.policies import NoPolicyError
from shared.readers.rosters import DutyReader
from shared.store.clock import DatabaseClock
from shared.telemetry import logger

_LETTERS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
"""Without those that look alike: versions are said on the phone, and stand on every ticket."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody sent as a draft: an overlay in YAML, or all documents; neither: no change."""

    overlay: str | None = None
    documents: Mapping[str, Any] | None = None

    def on(self, base: Documents) -> Documents:
        """The documents that it makes of a base; raises MalformedMessage."""
        try:
            if self.documents is not None:
                return applied({COMPLETE: True, **self.documents}, base)
            return read_documents(self.overlay or "", base)
        except (ValueError, yaml.YAMLError) as error:
            field = "overlay" if self.documents is None else "documents"
            said = " ".join(str(error).split())[:300]
            raise MalformedMessage(
                field, f"cannot be read: {said}", "write it as an export has it"
            ) from error


class FaultyPolicy(Unfit):
    """The documents may not come into force. It names all faults: whoever mends one at a time never
    comes to an end.
    """

    def __init__(self, faults: list[Fault]) -> None:
        told = [{"field": f.field, "fault": f.fault, "remedy": f.remedy} for f in faults]
        super().__init__(
            "faulty-policy",
            "The policy may not come into force",
            "mend what the faults name, then try again",
            faults=told,
        )


class Conflicting(NotNow):
    """A draft and a newer version changed the same, each otherwise: a person decides."""

    def __init__(self, base: str, paths: list[str]) -> None:
        super().__init__(
            "conflicting",
            f"{base} changed the same, otherwise",
            "look at both, then change the draft with `start_over`",
            paths=paths,
        )


class Drafting:
    """Works on drafts. Nothing here comes into force."""

    def __init__(self, policies: Policies, duty: DutyReader, clock: DatabaseClock) -> None:
        self._policies = policies
        self._duty = duty
        self._clock = clock

    async def draft(self, by: str, title: str, wording: Wording) -> Version:
        """A new draft, made from the newest version."""
        base = await self._newest()
        documents = await asyncio.to_thread(wording.on, await self._policies.documents(base))
        new = FullVersion(
            id="",
            state="draft",
            base=base,
            title=title,
            authors=(by,),
            made_at=self._clock.now(),
            documents=documents,
        )
        return await self.insert(new)

    async def insert(self, new: FullVersion) -> Version:
        """Write it under an id that nobody has yet."""

        async def propose(now: datetime) -> Step[FullVersion]:
            return Step(replace(new, id=_new_id(now)))

        made = await self._policies.full.insert_at_next_free(propose)
        assert made is not None
        logger.info("policy_written", policy=made.id, state=made.state)
        return made

    async def change(
        self,
        id: str,
        by: str,
        *,
        edition: int,
        title: str | None,
        wording: Wording | None,
        start_over: bool = False,
    ) -> Version:
        """Change a draft as it was at `edition`; with `start_over` on the newest version instead of
        on what the draft was. Raises NotNow when it was changed since.
        """

        async def decide(present: FullVersion, _: datetime) -> Step[FullVersion]:
            require_edition(present, edition)
            version, ground = domain.change(present, by, title=title), present.documents
            if start_over:
                base = await self._newest()
                version, ground = replace(version, base=base), await self._policies.documents(base)
            if wording is not None or start_over:
                documents = await asyncio.to_thread((wording or Wording()).on, ground)
                version = replace(version, documents=documents)
            return Step(version)

        return await self._policies.rewrite(id, decide)

    async def carry_over(self, id: str, by: str) -> Version:
        """Base a draft on the newest version, keeping what it changes; raises Conflicting."""

        async def decide(version: FullVersion, _: datetime) -> Step[FullVersion] | None:
            base = await self._newest()
            carried = domain.carry_over(version, by, base=base)
            if base == version.base:
                return None
            was = await self._policies.documents(version.base or base)
            now = await self._policies.documents(base)
            documents, conflicts = await asyncio.to_thread(rebased, was, version.documents, now)
            if conflicts:
                raise Conflicting(base, conflicts)
            return Step(replace(carried, documents=documents))

        return await self._policies.rewrite(id, decide)

    async def submit(self, id: str, by: str) -> Version:
        """Ask for a draft's approval; raises FaultyPolicy with all that is wrong with it."""
        version = await self._policies.get(id)
        submitted = domain.submit(version, by, self._clock.now())
        in_force.require_newest(version, await self._policies.entries())
        await self.require_sound(version, begins=self._clock.now())
        return await self._policies.save(submitted)

    async def require_sound(self, version: Version, *, begins: datetime) -> None:
        """Raise FaultyPolicy unless it may come into force at a time."""
        if faults := await self.faults(version, begins=begins):
            raise FaultyPolicy(faults)

    async def faults(self, version: Version, *, begins: datetime | None = None) -> list[Fault]:
        """Everything that keeps a version from coming into force now, or at a time."""
        documents = await self._policies.documents(version.id)
        before = await self._policies.documents(version.base) if version.base else {}
        return await faults_of(
            documents, before, begins=begins or self._clock.now(), duty=self._duty.current
        )

    async def _newest(self) -> str:
        found = newest(await self._policies.entries())
        if found is None:
            raise NoPolicyError
        return found


async def faults_of(
    documents: Documents, before: Documents, *, begins: datetime, duty: Duty
) -> list[Fault]:
    """What is wrong with documents; in a thread, since a lexicon takes a second to read."""
    return await asyncio.to_thread(check_policy, documents, begins=begins, before=before, duty=duty)


def _new_id(now: datetime) -> str:
    return f"{now:%Y-%m-%d}-{''.join(choice(_LETTERS) for _ in range(4))}"
