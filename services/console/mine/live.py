"""One's own lists as a stream asks for them: one list with the head of each of its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.cases import CasesPage
from services.console.clients.shapes.work import Task
from services.console.emergencies.views import phase_of
from services.console.frame.house import House
from services.console.frame.listing import listed
from services.console.frame.paper import Paper
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from services.console.mine.views import TaskGroup, groups
from shared.policy.templates import Language

PACKAGE: Final = "services.console.mine"


async def own_tasks(
    house: House, token: str, cases: CasesPage | None, language: Language
) -> tuple[list[Task], dict[str, str]]:
    """The reader's open tasks, and those within reach that are nobody's yet, or of what they see
    through; with the names of who has the latter.
    """
    own, all_open = await asyncio.gather(
        house.router.tasks(token, mine=True), house.router.tasks(token, mine=False)
    )
    mine = {each.number for each in cases.items} if cases else set()
    known = {each.id for each in own.items}
    others = [
        each
        for each in all_open.items
        if each.id not in known and (each.person is None or each.number in mine)
    ]
    whose = {each.person for each in others if each.person}
    people = await house.people.names(token, whose, language)
    return own.items + others, people


async def own_cases(house: House, token: str) -> CasesPage | None:
    """What the reader sees through; None while intake does not say."""
    try:
        return await house.cases.mine(token)
    except Unreached:
        return None
    except Declined as error:
        if error.status < 500:
            raise
        return None


async def unanswered(house: House, token: str) -> frozenset[str]:
    """The emergencies within reach that nobody has; none while the router does not say."""
    try:
        running = await house.router.running_emergencies(token)
    except Unreached:
        return frozenset()
    except Declined as error:
        if error.status == 401:
            raise
        return frozenset()
    return frozenset(each.number for each in running if phase_of(each) == "nobody")


def mine_source(house: House) -> Source:
    """What whose token it is has to see to."""
    paper = Paper(PACKAGE, house.entries)

    async def ask(token: str, language: Language) -> Listing:
        cases, names, now, nobodys = await asyncio.gather(
            house.cases.mine(token),
            house.names.names(token),
            house.clock.now(),
            unanswered(house, token),
        )
        tasks, people = await own_tasks(house, token, cases, language)
        found = groups(tasks, cases.items, names, now, language, people, nobodys)
        total = sum(len(group.items) for group in found)
        counts = sum(len(group.items) for group in found[:-1])
        numbers = frozenset(each.number for group in found for each in group.items)
        return Listing(tuple(_cards(found, paper, language)), total, counts, numbers)

    async def source(_topic: str, token: str, language: Language) -> Listing:
        return await listed(ask(token, language))

    return source


def _cards(found: Sequence[TaskGroup], paper: Paper, language: Language) -> Iterator[Card]:
    for group in found:
        yield Card(f"mine-{group.section}", paper.card("head.html", language, group=group))
        for each in group.items:
            yield Card(each.id, paper.card("item.html", language, each=each))
