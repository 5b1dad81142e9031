"""Use cases of lost telephones: the links and addresses that went with them count no more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from services.router.rosters.lists import Head
from services.router.rosters.storage import HEADS, lists_with
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
from shared.policy.duty import ADDRESSES, Address, Duty, Person, digest
from shared.readers.lost_addresses import LostAddresses
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
        self._addresses = LostAddresses.by(platform.keys)

    async def lose(
        self,
        principal: Principal,
        person: str,
        addresses: Collection[Address],
        *,
        source: str | None = None,
    ) -> Lost:
        """Say that somebody's telephone is lost, and which addresses with it, as they stand on the
        list now. On record before. Raises NotThere for who is on no list within reach, and
        Forbidden.
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

        values = await self._values(person, addresses)

        def decide(head: Head, now: datetime) -> Step[Head] | None:
            return lose(head, person, values, now)

        changed = await self._heads.change(HEAD, decide)
        if changed is None:
            raise NotThere
        telephone = next(each for each in changed.after.lost if each.person == person)
        await self._platform.duty.refresh()
        logger.info("telephone_lost", person=person, generation=telephone.generation)
        return Lost(telephone, self._left(person))

    async def give(self, person: str, changes: Mapping[str, Any]) -> None:
        """The addresses among these changes were given to somebody: they count, also where they are
        the ones that were lost.
        """
        await self._give({person: self._addresses.entries(changes, ADDRESSES)})

    async def give_by_name(self, given: Mapping[str, Collection[Address]]) -> None:
        """Other addresses of these kinds were given anew: they count where the loss names kinds
        alone, as in documents of before. Any other loss does not concern them.
        """
        await self._give({id: [digest(a, "") for a in kinds] for id, kinds in given.items()})

    async def _give(self, given: Mapping[str, Collection[str]]) -> None:
        if any(given.values()):
            await self._heads.change(HEAD, lambda head, _now: give(head, given))

    def mute(self, people: Iterable[Person]) -> dict[str, tuple[Address, ...]]:
        """To which addresses of these people nothing goes, of those of whom there are any."""
        lost = self._platform.duty.current.lost
        found = {p.id: self._addresses.mute(p.model_dump(), lost.get(p.id)) for p in people}
        return {id: addresses for id, addresses in found.items() if addresses}

    async def _values(self, person: str, addresses: Collection[Address]) -> list[str]:
        """The digests of these addresses of somebody, on whatever list they stand."""
        lists = await lists_with(self._platform.store, person)
        found = [each for listed in lists for each in listed.people if each.id == person]
        entries = (self._addresses.entries(each.model_dump(), addresses) for each in found)
        return [value for values in entries for value in values]

    async def _duty_with(self, person: str) -> Duty:
        """The duty list, also with whom it has had for less than a second."""
        if self._platform.duty.current.person(person) is None:
            await self._platform.duty.refresh()
        return self._platform.duty.current

    def _left(self, person: str) -> tuple[Address, ...]:
        found = self._platform.duty.current.person(person)
        return left_to(found) if found is not None else ()
