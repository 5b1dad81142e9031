"""The page of a ticket as browsers that show it are kept up to date of it: its parts are cards."""

from __future__ import annotations

from typing import Final

from services.console.clients.answers import Declined
from services.console.frame.house import House
from services.console.frame.paper import Paper
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from services.console.tickets.loading import PACKAGE, Loaded, load
from services.console.tickets.views import parts_of
from shared.policy.templates import Language

GONE: Final = frozenset({403, 404, 410})


def cards_of(paper: Paper, loaded: Loaded, language: Language) -> tuple[Card, ...]:
    """Each part of the page as a card."""
    parts = parts_of(loaded.ticket, loaded.told, loaded.saying)
    return tuple(
        Card(part.id, paper.card(part.template, language, part_id=part.id, facts=part.facts))
        for part in parts
    )


def tickets_source(house: House) -> Source:
    """One ticket; of what is not there, or not any more, nothing."""
    paper = Paper(PACKAGE, house.entries)

    async def source(topic: str, token: str, language: Language) -> Listing:
        number = topic.partition(":")[2]
        try:
            loaded = await load(house, number, token, None, language)
        except Declined as refused:
            if refused.status in GONE:
                return Listing((), 0)
            raise
        cards = cards_of(paper, loaded, language)
        return Listing(cards, len(cards))

    return source
