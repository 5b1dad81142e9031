"""The list of the manual queue as a stream asks for it."""

from __future__ import annotations

import asyncio

from services.console.frame.house import House
from services.console.frame.listing import asked_for
from services.console.frame.paper import Paper
from services.console.live.cards import Card, Listing
from services.console.live.hub import Source
from services.console.queue.views import queue_cards
from shared.policy.templates import Language


def queue_source(house: House, paper: Paper) -> Source:
    """What waits for a decision within the reach of whose token it is."""

    async def listing(_topic: str, token: str, language: Language) -> Listing:
        async with asked_for():
            found, names, now = await asyncio.gather(
                house.router.manual_queue(token), house.names.names(token), house.clock.now()
            )
        cards = [
            Card(f"queue-{each.number}", paper.snippet(language, "queue_card.html", each=each))
            for each in queue_cards(found.items, names, now, language)
        ]
        count = max(found.all.count, len(cards))
        return Listing(tuple(cards), total=count, counts=count)

    return listing
