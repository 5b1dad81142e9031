"""Asks the services for all that the page of a ticket shows, at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.tickets import Related
from services.console.clients.shapes.whole import TicketSeen
from services.console.frame.house import House
from services.console.frame.paper import words_of
from services.console.session.reader import Reader
from services.console.tickets.saying import Saying
from services.console.tickets.views import Told, people_in
from shared.policy.templates import Language

PACKAGE: Final = "services.console.tickets"
MESSAGES: Final = "message.see"
SURVEYS: Final = "survey.see"
CALLS: Final = "call.see"
OWN: Final = "ticket.own"
AT_THE_DESK: Final = frozenset({"agent", "dispatcher", "supervisor"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ticket with what stands beside it, and how it is told."""

    ticket: TicketSeen
    told: Told
    saying: Saying


async def load(
    house: House, number: str, token: str, may: frozenset[str] | None, language: Language
) -> Loaded:
    """All of it; raises Declined and Unreached for the ticket itself. What stands beside it may be
    away: then the page says so. Where nobody says what the reader `may`, all is tried.
    """
    asks_messages = may is None or MESSAGES in may
    asks_surveys = may is None or SURVEYS in may
    asks_calls = may is None or CALLS in may
    (ticket, related, names, now), (messages, surveys, calls) = await asyncio.gather(
        asyncio.gather(
            house.tickets.one(number, token),
            _beside(house.tickets.related(number, token)),
            house.names.names(token),
            house.clock.now(),
        ),
        asyncio.gather(
            _beside(house.notifier.of_ticket(number, token)) if asks_messages else _not_theirs(),
            _beside(house.survey.of_ticket(number, token)) if asks_surveys else _not_theirs(),
            _beside(house.telephony.of_ticket(number, token)) if asks_calls else _not_theirs(),
        ),
    )
    told = Told(
        related=related.found or Related(),
        messages=messages.found,
        surveys=surveys.found,
        shows_messages=messages.is_theirs,
        shows_surveys=surveys.is_theirs,
        calls=calls.found,
        shows_calls=calls.is_theirs,
    )
    people = await house.people.names(token, people_in(ticket, told), language)
    saying = Saying(words_of(PACKAGE, language), names, now, language, people)
    return Loaded(ticket, told, saying)


async def desk_of(
    house: House, ticket: TicketSeen, reader: Reader, t: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Who may see it through: whoever reads it first, then their colleagues at its place."""
    own = (reader.id, f"{t['me']} · {reader.name}")
    if OWN not in reader.may:
        return []
    with suppress(Declined, Unreached):
        found = await house.admin.colleagues_at(ticket.estate, reader.token)
        others = [
            (each.id, each.name or each.id)
            for each in found
            if each.role in AT_THE_DESK and not each.frozen and each.id != reader.id
        ]
        return [own, *others]
    return [own]


@dataclass(frozen=True, slots=True)
class _Beside(Generic[T]):
    """What stands beside a ticket: None while its service is away."""

    found: T | None
    is_theirs: bool


async def _not_theirs() -> _Beside[Any]:
    return _Beside(None, is_theirs=False)


async def _beside(asked: Awaitable[T]) -> _Beside[T]:
    try:
        return _Beside(await asked, is_theirs=True)
    except Declined as refused:
        return _Beside(None, is_theirs=refused.status not in {403, 404})
    except Unreached:
        return _Beside(None, is_theirs=True)
