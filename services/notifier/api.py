"""HTTP in: one call each."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from services.notifier.channels import Channels
from services.notifier.messages import Status
from services.notifier.reading import Reading
from services.notifier.receipts import Receipts
from shared.contracts.refusals import NotThere
from shared.runtime import Actor, Body, Routes, Source, may, open_to_all
from shared.store.clock import DatabaseClock
from shared.store.tries import Misses
from shared.tickets.numbers import TicketNumber

Short = Annotated[str | None, Query(max_length=100)]


def build_messages_api(reading: Reading) -> Routes:
    """What people were told, and what became of it."""
    router = Routes("/v1/messages", tags=["messages"], dependencies=[may("message.see")])

    @router.get("")
    async def listed(
        actor: Actor,
        number: Annotated[TicketNumber | None, Query(max_length=100)] = None,
        recipient: Short = None,
        status: Status | None = None,
        after: Short = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Messages within reach, newest first; `next` is the cursor of the next page."""
        filters = {"number": number, "recipient": recipient, "status": status}
        return await reading.page(actor, filters, after=after, limit=limit)

    @router.get("/{id}")
    async def one(id: str, actor: Actor) -> dict[str, Any]:
        """One message with its attempts and its words, the person masked."""
        return await reading.one(actor, id)

    return router


class ReceiptBody(Body):
    """What became of one message: whether it has reached its receiver."""

    arrived: bool


def build_receipts_api(receipts: Receipts, misses: Misses) -> Routes:
    """Where whoever brings a message says what became of it: the address is in the message."""
    router = Routes("/v1/receipts", tags=["messages"], dependencies=[open_to_all()])

    @router.post("/{token}", status_code=204)
    async def take(token: str, body: ReceiptBody, source: Source) -> None:
        """It has arrived, or cannot be brought; twice is once."""
        async with misses.counting("link", source, NotThere):
            await receipts.take(token, arrived=body.arrived)

    return router


def build_channels_api(channels: Channels, clock: DatabaseClock) -> Routes:
    """Which channels lead to people: kinds, places and codes only, so that it is open like the rest
    of the health.
    """
    router = Routes(tags=["health"], dependencies=[open_to_all()])

    @router.get("/healthz/channels")
    async def there() -> dict[str, object]:
        """By which channels callers and staff are reached now; none means that nobody is.
        `group_chats` have a robot, and `faults` say by a provider's code which channel is not set
        up right.
        """
        return {
            "trial": clock.is_trial,
            "callers": channels.to_callers,
            "staff": channels.to_staff,
            "group_chats": channels.group_chats,
            "faults": channels.faults,
        }

    return router
