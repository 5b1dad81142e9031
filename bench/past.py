"""A hotline's past: real tickets in every state, and as many of them again as are wanted."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import bson
from motor.motor_asyncio import AsyncIOMotorClient
from rich.console import Console

from bench.clones import AT_ONCE, Template, insert, numbers
from bench.hotline import Hotline
from bench.traffic import PHONE, Traffic
from hotline.demo.clients import Clients
from hotline.demo.steps import done_by, first_order, told

OPEN_SHARE: Final = 0.05
HELD_SHARE: Final = 0.002
CLOSED: Final = 12
OPEN: Final[tuple[tuple[str, ...], ...]] = (
    *[()] * 4,
    *[("accept",)] * 2,
    *[("accept", "start")] * 2,
    ("suspend",),
)
"""What the department has done so far to each of the open ones."""
UNKNOWN_PLACE: Final = {
    "estate": "幸福里", "text": "电梯按键不灵了，请来修一下",
    "caller": {"name": "阮涛", "phone": PHONE},
}  # fmt: skip
AGES_DAYS: Final = tuple(range(3, 363, 24))
OPEN_AGES_DAYS: Final = (2,)
"""What is open is older than what a service takes for lost: of a younger copy nobody was told, and
all of them would be told while we measure.
"""
NOT_DUE_FOR: Final = timedelta(days=30)
"""Nothing of the past falls due while the present is measured."""
SAY_EVERY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Past:
    """Real tickets by the state they are in."""

    closed: Sequence[Template]
    open: Sequence[Template]
    held: Sequence[Template]

    def choose(self, chance: random.Random) -> Template:
        """One of a hotline's tickets, as often as there are such."""
        if chance.random() < OPEN_SHARE:
            share = HELD_SHARE / OPEN_SHARE
            return chance.choice(self.held if chance.random() < share else self.open)
        return chance.choice(self.closed)


async def live_through(hotline: Hotline, clients: Clients, traffic: Traffic) -> Past:
    """Let real requests go their way through the front doors, and keep what came of them."""
    closed = [await _closed(clients, traffic) for _ in range(CLOSED)]
    open_ = [await _open(clients, traffic, steps) for steps in OPEN]
    held = await clients.report(UNKNOWN_PLACE)
    await clients.until_message(held["number"], "receipt")
    return Past(
        closed=[t for n in closed for t in await _templates(hotline, n, AGES_DAYS)],
        open=[t for n in open_ for t in await _templates(hotline, n, OPEN_AGES_DAYS)],
        held=await _templates(hotline, held["number"], OPEN_AGES_DAYS),
    )


async def _closed(clients: Clients, traffic: Traffic) -> str:
    number = str((await clients.report(traffic.routine()))["number"])
    await done_by(clients, await first_order(clients, number), "accept", "start", "resolve")
    await told(clients, number)
    await clients.until_message(number, "survey")
    return number


async def _open(clients: Clients, traffic: Traffic, steps: Sequence[str]) -> str:
    number = str((await clients.report(traffic.routine()))["number"])
    order = await first_order(clients, number)
    await clients.until_message(number, "assignment")
    if steps == ("suspend",):
        await done_by(clients, order, "accept")
        answer = await clients.work(order, "suspend", reason="parts_ordered")
        answer.raise_for_status()
    else:
        await done_by(clients, order, *steps)
    return number


async def _templates(hotline: Hotline, number: str, ages: Sequence[int]) -> list[Template]:
    """One ticket with its messages, at several ages."""
    ticket = await hotline.database["tickets"].find_one({"_id": number})
    messages = await hotline.database["messages"].find({"number": number}).to_list(None)
    assert ticket is not None, "it was registered"
    ticket["outbox"] = []
    if ticket["next_due"] is not None:
        ticket["next_due"] += NOT_DUE_FOR
    if ticket["due"] is not None:
        ticket["due"] += NOT_DUE_FOR
    return [
        Template(
            number,
            bson.encode(aged(ticket, days)),
            [bson.encode(aged(message | {"outbox": []}, days)) for message in messages],
        )
        for days in ages
    ]


def aged(value: Any, days: int) -> Any:
    """A document as it would be, had it happened so many days before."""
    match value:
        case datetime():
            return value - timedelta(days=days)
        case Mapping():
            return {key: aged(inner, days) for key, inner in value.items()}
        case list():
            return [aged(inner, days) for inner in value]
        case _:
            return value


async def multiply(
    hotline: Hotline, past: Past, count: int, seed: int, console: Console
) -> list[str]:
    """Put so many tickets into the store, a message with each; their numbers in order."""
    # Nobody is promised anything about these, so the server need not wait for its journal.
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(hotline.endpoints.mongo, w=1)
    database, chance = client[hotline.database.name], random.Random(seed)
    fresh = numbers()
    chosen = sorted(next(fresh) for _ in range(count))
    for start in range(0, count, AT_ONCE):
        portion = [(past.choose(chance), number) for number in chosen[start : start + AT_ONCE]]
        tickets = [t.numbered(t.ticket, number) for t, number in portion]
        messages = [_message(t, number, chance) for t, number in portion]
        await asyncio.gather(
            insert(database, "tickets", tickets), insert(database, "messages", messages)
        )
        if (start + AT_ONCE) % SAY_EVERY == 0:
            console.print(f"[dim]growth: {start + AT_ONCE:,} of {count:,} tickets are there[/]")
    client.close()
    return chosen


def _message(template: Template, number: str, chance: random.Random) -> bytes:
    """One of the ticket's messages, under an id of its own."""
    content = chance.choice(template.beside)
    id = str(bson.decode(content)["_id"])
    return template.numbered(content, number).replace(id.encode(), uuid.uuid4().hex.encode())
