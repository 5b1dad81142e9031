"""The list of running emergencies as browsers that show it are kept up to date of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from services.console.clients.shapes.emergencies import EmergencyRow
from services.console.emergencies.views import EmergencyCard, cards
from services.console.frame.house import House
from services.console.frame.listing import listed
from services.console.frame.paper import Paper
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from shared.policy.templates import Language

PACKAGE: Final = "services.console.emergencies"


async def named(
    house: House, token: str, rows: Iterable[EmergencyRow], language: Language
) -> list[EmergencyCard]:
    """The cards of these, with the names of who has them."""
    found = list(rows)
    names, people, now = await asyncio.gather(
        house.names.names(token),
        house.people.names(
            token, {row.acknowledged_by for row in found if row.acknowledged_by}, language
        ),
        house.clock.now(),
    )
    return cards(found, names, now, language, people)


def emergencies_source(house: House) -> Source:
    """What runs within the reach of whose token it is, nobody-has-it first."""
    paper = Paper(PACKAGE, house.entries)

    async def ask(token: str, language: Language) -> Listing:
        shown = await named(house, token, await house.router.running_emergencies(token), language)
        made = [
            Card(
                f"emergency-{each.number}",
                paper.card("card.html", language, each=each),
                each.is_about_staff,
            )
            for each in shown
        ]
        urgent = sum(each.is_urgent for each in shown)
        return Listing(tuple(made), total=len(made), counts=urgent)

    async def source(_topic: str, token: str, language: Language) -> Listing:
        return await listed(ask(token, language))

    return source
