"""What rings at the reader's own telephones, beside the desk's form. It is pushed, so no control of
a form is in it; the one button that takes a call over stands on the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.console.clients.telephony import OwnCalls
from services.console.frame.house import House
from services.console.frame.listing import listed
from services.console.frame.paper import Paper
from services.console.frame.times import span
from services.console.live.hub import Source
from services.console.live.listings import Card, Listing
from services.console.live.topics import telephone
from shared.contracts.times import written
from shared.policy.templates import Language

PACKAGE: Final = "services.console.desk"
UNHEARD: Final = "calls-unheard"
_TEMPLATE: Final = "call.html"


@dataclass(frozen=True, slots=True)
class CallCard:
    """A call at one of the reader's telephones, as the desk shows it."""

    id: str
    call: str
    line: str
    caller: str | None
    is_withheld: bool
    is_ringing: bool
    offered_at: str
    waits: str


def call_cards(own: OwnCalls, now: datetime, language: Language) -> list[CallCard]:
    """The calls in the order in which telephony has them."""
    return [
        CallCard(
            id=f"call-{each.id}",
            call=each.id,
            line=each.line,
            caller=each.caller,
            is_withheld=each.presentation == "withheld",
            is_ringing=each.doing == "ringing",
            offered_at=written(each.offered_at),
            waits=span(now - each.offered_at, language),
        )
        for each in own.items
    ]


def unheard(own: OwnCalls) -> Sequence[str]:
    """The exchanges of the reader's telephones that tell nothing now."""
    return sorted({each.exchange for each in own.telephones if not each.heard})


def calls_source(house: House) -> Source:
    """The calls at the telephones of whose token it is."""
    paper = Paper(PACKAGE, house.entries)

    async def ask(token: str, language: Language) -> Listing:
        own, now = await asyncio.gather(house.telephony.own(token), house.clock.now())
        cards = [
            Card(each.id, paper.card(_TEMPLATE, language, each=each))
            for each in call_cards(own, now, language)
        ]
        if away := unheard(own):
            cards.append(Card(UNHEARD, paper.card("calls_unheard.html", language, away=away)))
        concerned = {each.id for each in own.items}
        concerned |= {telephone(each.extension) for each in own.telephones}
        return Listing(tuple(cards), len(cards), len(own.items), frozenset(concerned))

    async def source(_topic: str, token: str, language: Language) -> Listing:
        return await listed(ask(token, language))

    return source
