"""Handing cases over: to whom, and each with its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.cases import HandedOver, Left
from services.console.clients.shapes.work import Task
from services.console.errors import trouble_of
from services.console.frame.choices import Choice
from services.console.frame.house import House
from services.console.frame.paper import FRAME, words_of
from services.console.session.reader import Reader
from shared.policy.templates import Language

DESK: Final = frozenset({"agent", "dispatcher", "supervisor"})
AT_ONCE: Final = 8
MOST_TURNS: Final = 50
"""So often somebody's cases are handed over by the hundred; nobody has more."""


class Handing:
    """Hands over with the reader's own token."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def colleagues(self, reader: Reader, mark: str) -> list[Choice]:
        """Who may see them through instead: whoever is of the desk and has not left, those on duty
        first and with the `mark`.
        """
        with suppress(Declined, Unreached):
            found, there = await asyncio.gather(
                self._house.admin.colleagues_at(None, reader.token), self._on_duty(reader)
            )
            others = (
                each
                for each in found
                if each.role in DESK and not each.frozen and each.id != reader.id
            )
            return [
                Choice(each.id, f"{each.name or each.id}{mark if each.id in there else ''}")
                for each in sorted(others, key=lambda each: each.id not in there)
            ]
        return []

    async def _on_duty(self, reader: Reader) -> set[str]:
        """A help that may be missing: then nobody is marked."""
        with suppress(Declined, Unreached):
            return await self._house.router.on_duty(reader.token)
        return set()

    async def tasks(self, reader: Reader) -> list[Task] | None:
        """What is the reader's own to do; None while the router does not say."""
        try:
            return (await self._house.router.tasks(reader.token, mine=True)).items
        except (Declined, Unreached) as error:
            if isinstance(error, Declined) and error.status < 500:
                raise
            return None

    async def all(self, reader: Reader, to: str) -> HandedOver:
        """Everything that whoever reads sees through, also what no page shows."""
        over: list[str] = []
        left: dict[str, Left] = {}
        for _ in range(MOST_TURNS):
            found = await self._house.cases.hand_over(reader.token, to)
            over += found.handed_over
            left |= {each.number: each for each in found.left}
            if not found.more or not found.handed_over:
                break
        return HandedOver(handed_over=over, left=list(left.values()))

    async def these(
        self, reader: Reader, to: str, numbers: Sequence[str], language: Language
    ) -> HandedOver:
        """Some of them; one that stays stops no other."""
        turn = asyncio.Semaphore(AT_ONCE)
        t = words_of(FRAME, language)

        async def one(number: str) -> Left | None:
            async with turn:
                try:
                    await self._house.tickets.act(number, "own", {"owner": to}, reader.token)
                except (Declined, Unreached) as error:
                    if isinstance(error, Declined) and error.status == 401:
                        raise
                    trouble = trouble_of(error, t, language)
                    return Left(number=number, why=trouble.detail or trouble.title)
            return None

        answers = await asyncio.gather(*(one(number) for number in numbers))
        stay = [each for each in answers if each is not None]
        gone = {each.number for each in stay}
        return HandedOver(handed_over=[each for each in numbers if each not in gone], left=stay)
