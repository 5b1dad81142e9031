"""What things are called, by the policy in force, and what time it is: known in the process, and
asked again when it may have changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from services.console.clients.admin import AdminClient, Named, PolicyNames
from services.console.clients.answers import Declined, Unreached

NAMES_SECONDS: Final = 60.0
"""So long a policy that was put in force meanwhile may be unknown to pages."""
AGAIN_SECONDS: Final = 5.0
PATIENCE: Final = 2.0
"""So long a page waits for names, or for the time: what runs is shown by its ids rather than late.
"""
TIME_SECONDS: Final = 5.0
"""So long a trial's time may be behind after it was moved."""
Both = dict[str, str]


@dataclass(frozen=True, slots=True)
class Names:
    """Names in both languages, by id: of what stands in the policy, and of codes by their table."""

    group: Both = field(default_factory=dict)
    estates: dict[str, Both] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, Both] = field(default_factory=dict)
    types: dict[str, Both] = field(default_factory=dict)
    urgencies: dict[str, Both] = field(default_factory=dict)
    areas: dict[str, Both] = field(default_factory=dict)
    departments: dict[str, Both] = field(default_factory=dict)
    steps: dict[str, Both] = field(default_factory=dict)
    codes: dict[str, dict[str, Both]] = field(default_factory=dict)

    def estate(self, id: str | None, language: str) -> str | None:
        """What an estate is called; its id where the policy has forgotten it."""
        return None if id is None else self.estates.get(id, {}).get(language, id)

    def kind(self, id: str, language: str) -> str:
        """What a kind of emergency is called."""
        return self.kinds.get(id, {}).get(language, id)

    def type(self, id: str, language: str) -> str:
        """What a type of request is called."""
        return self.types.get(id, {}).get(language, id)

    def urgency(self, id: str, language: str) -> str:
        """How urgent something is."""
        return self.urgencies.get(id, {}).get(language, id)

    def area(self, id: str, language: str) -> str:
        """What an area of work is called."""
        return self.areas.get(id, {}).get(language, id)

    def department(self, id: str, language: str) -> str:
        """What a department is called."""
        return self.departments.get(id, {}).get(language, id)

    def code(self, table: str, code: str, language: str) -> str:
        """What a code of a table is called; the code where nobody has named it."""
        return self.codes.get(table, {}).get(code, {}).get(language, code)


class NameBook:
    """The names of the policy in force, asked for with the token of whoever needs them."""

    def __init__(
        self, admin: AdminClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._admin = admin
        self._monotonic = monotonic
        self._names = Names()
        self._policy: str | None = None
        self._ask_at = float("-inf")
        self._asking = asyncio.Lock()

    async def names(self, bearer: str) -> Names:
        """The names as they are now, or were a minute ago. While nobody tells them, those of before
        or none: what runs is shown by its ids rather than not at all. Who knows names of before
        waits for nobody who asks already.
        """
        is_asked_already = self._policy is not None and self._asking.locked()
        if self._monotonic() >= self._ask_at and not is_asked_already:
            async with self._asking:
                await self._ask(bearer)
        return self._names

    async def _ask(self, bearer: str) -> None:
        if self._monotonic() < self._ask_at:
            return
        again = AGAIN_SECONDS
        with suppress(Declined, Unreached, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._read(bearer)
            again = NAMES_SECONDS
        self._ask_at = self._monotonic() + again

    async def _read(self, bearer: str) -> None:
        policy = await self._admin.policy_in_force(bearer)
        if policy is not None and policy != self._policy:
            self._names = _names(await self._admin.names_of(policy, bearer))
            self._policy = policy


class HotlineClock:
    """The hotline's time: that of its database, which in a trial may be days ahead of ours."""

    def __init__(
        self, admin: AdminClient, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._admin = admin
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None
        self._ask_at = float("-inf")

    async def now(self) -> datetime:
        """What time it is; by this machine's clock while nobody has ever said."""
        if self._monotonic() >= self._ask_at:
            self._ask_at = self._monotonic() + TIME_SECONDS
            with suppress(Declined, Unreached, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    self._known = (await self._admin.now(), self._monotonic())
        told, at = self._known or (datetime.now(UTC), self._monotonic())
        return told + timedelta(seconds=self._monotonic() - at)


def _names(policy: PolicyNames) -> Names:
    kinds = policy.emergency_kinds
    return Names(
        group=_both(policy.group),
        estates=_by_id(policy.estates),
        aliases={each.id: each.aliases for each in policy.estates},
        kinds=_by_id(kinds),
        types=_by_id(policy.types),
        urgencies=_by_id(policy.urgencies),
        areas=_by_id(policy.areas),
        departments=_by_id(policy.departments),
        steps=_by_id([step for kind in kinds for step in kind.steps]),
        codes={
            table: {code: {"zh": name.zh, "en": name.en} for code, name in names.items()}
            for table, names in policy.codes.items()
        },
    )


def _by_id(things: Iterable[Named]) -> dict[str, Both]:
    return {each.id: _both(each) for each in things}


def _both(thing: Named) -> Both:
    return {"zh": thing.zh, "en": thing.en}
