"""Use cases of lost telephones: the links and addresses that went with them count no more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from services.router.rosters.lists import Head
from services.router.rosters.storage import HEADS
from services.router.rosters.telephones import (
    Lost,
    give,
    is_within_reach,
    left_to,
    lose,
    may_say,
)
from shared.contracts import Step
from shared.contracts.refusals import NotThere
from shared.identity import Forbidden, Principal
from shared.policy.duty import Address, Duty, without_lost
from shared.readers.rosters import HEAD
from shared.runtime.platform import Platform
from shared.store import Collection as Kept
from shared.telemetry import logger

LOSE: Final = "telephone.lose"


class LostTelephones:
    """Kept beside the duty lists, in the document whose revision everybody looks at each second:
    the write that raises a generation is the one that tells every replica.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._heads = Kept(platform.store, HEADS)

    async def lose(
        self,
        principal: Principal,
        person: str,
        addresses: Collection[Address],
        *,
        source: str | None = None,
    ) -> Lost:
        """Say that somebody's telephone is lost, and which addresses with it. On record before.
        Raises NotThere for who is on no list within reach, and Forbidden.
        """
        duty, group = await self._duty_with(person), self._platform.policy.group
        if not is_within_reach(principal, person, duty, group):
            raise NotThere
        if not may_say(principal, person, duty, group):
            raise Forbidden.by_reach(principal, LOSE)
        named = {"addresses": "_".join(sorted(addresses))} if addresses else None
        await self._platform.trail.record(
            principal, LOSE, ("person", person), source=source, details=named
        )

        def decide(head: Head, now: datetime) -> Step[Head] | None:
            return lose(head, person, addresses, now)

        changed = await self._heads.change(HEAD, decide)
        if changed is None:
            raise NotThere
        telephone = next(each for each in changed.after.lost if each.person == person)
        await self._platform.duty.refresh()
        logger.info("telephone_lost", person=person, generation=telephone.generation)
        return Lost(telephone, self._left(person, telephone.addresses))

    async def give(self, given: Mapping[str, Collection[Address]]) -> None:
        """These addresses were given anew: they count again."""
        if any(given.values()):
            await self._heads.change(HEAD, lambda head, _now: give(head, given))

    async def _duty_with(self, person: str) -> Duty:
        """The duty list, also with whom it has had for less than a second."""
        if self._platform.duty.current.person(person) is None:
            await self._platform.duty.refresh()
        return self._platform.duty.current

    def _left(self, person: str, gone: Collection[Address]) -> tuple[Address, ...]:
        found = self._platform.duty.current.person(person)
        if found is None:
            return ()
        return left_to(type(found).model_validate(without_lost(found.model_dump(), gone)))
