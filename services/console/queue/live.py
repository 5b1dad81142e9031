"""The list of the manual queue as browsers that show it are kept up to date of it."""

from __future__ import annotations

import asyncio
from typing import Final

from services.console.frame.house import House
from services.console.frame.listing import listed
from services.console.frame.paper import Paper
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from services.console.queue.views import queue_cards
from shared.policy.templates import Language

PACKAGE: Final = "services.console.queue"


def queue_source(house: House) -> Source:
    """What waits for a decision within the reach of whose token it is."""
    paper = Paper(PACKAGE, house.entries)

    async def ask(token: str, language: Language) -> Listing:
        found, names, now = await asyncio.gather(
            house.router.manual_queue(token), house.names.names(token), house.clock.now()
        )
        cards = [
            Card(
                f"queue-{each.number}",
                paper.card("queue_card.html", language, each=each),
                each.is_about_staff,
            )
            for each in queue_cards(found.items, names, now, language)
        ]
        count = max(found.all.count, len(cards))
        return Listing(tuple(cards), total=count, counts=count)

    async def source(_topic: str, token: str, language: Language) -> Listing:
        return await listed(ask(token, language))

    return source
