"""Our lines, as browsers that show them are kept up to date of them."""

from __future__ import annotations

import asyncio
from typing import Final

from services.console.frame.house import House
from services.console.frame.listing import listed
from services.console.frame.paper import Paper
from services.console.lines.views import amiss, card_of, worst_first
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from shared.policy.templates import Language

PACKAGE: Final = "services.console.lines"


def lines_source(house: House) -> Source:
    """All lines: they are of the hotline as a whole. Those that do not work are counted."""
    paper = Paper(PACKAGE, house.entries)

    async def ask(token: str, language: Language) -> Listing:
        found, now = await asyncio.gather(house.telephony.lines(token), house.clock.now())
        cards = [
            Card(
                f"line-{each.id}",
                paper.card("card.html", language, each=card_of(each, now, language)),
            )
            for each in worst_first(found)
        ]
        return Listing(tuple(cards), total=len(cards), counts=amiss(found))

    async def source(_topic: str, token: str, language: Language) -> Listing:
        return await listed(ask(token, language))

    return source
