"""Who is to be rung back, as browsers that show it are kept up to date of it."""

from __future__ import annotations

import asyncio
from typing import Final

from services.console.call_backs.views import card_of, people_of
from services.console.frame.house import House
from services.console.frame.listing import listed
from services.console.frame.paper import Paper
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from shared.policy.templates import Language

PACKAGE: Final = "services.console.call_backs"


def call_backs_source(house: House) -> Source:
    """All that are to be rung back: it is one list for the whole desk."""
    paper = Paper(PACKAGE, house.entries)

    async def ask(token: str, language: Language) -> Listing:
        found, now = await asyncio.gather(house.telephony.call_backs(token), house.clock.now())
        people = await house.people.names(token, people_of(found.items), language)
        cards = [
            Card(f"call-back-{each.call}", paper.card("card.html", language, each=card))
            for each, card in ((each, card_of(each, people, now, language)) for each in found.items)
        ]
        count = max(found.all.count, len(cards))
        return Listing(tuple(cards), total=count, counts=count)

    async def source(_topic: str, token: str, language: Language) -> Listing:
        return await listed(ask(token, language))

    return source
