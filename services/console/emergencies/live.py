"""The list of emergencies as browsers that show it are kept up to date of it."""

from __future__ import annotations

import asyncio

from services.console.emergencies.views import cards
from services.console.frame.house import House
from services.console.frame.paper import Paper
from services.console.live.cards import Card, Listing
from services.console.live.hub import Source
from shared.policy.templates import Language

PACKAGE = "services.console.emergencies"


def emergencies_source(house: House) -> Source:
    """What runs, nobody-has-it first."""
    paper = Paper(PACKAGE, house.entries)

    async def source(_topic: str, token: str, language: Language) -> Listing:
        rows, names, now = await asyncio.gather(
            house.router.running_emergencies(token), house.names.names(token), house.clock.now()
        )
        shown = cards(rows, names, now, language)
        made = (
            Card(f"emergency-{each.number}", paper.card("card.html", language, each=each))
            for each in shown
        )
        return Listing(tuple(made), len(shown), sum(each.is_urgent for each in shown))

    return source
