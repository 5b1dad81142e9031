"""Whatever is said of a ticket, the ticket gets somebody who has it."""

from __future__ import annotations

from shared.contracts.intake import TicketRegistered
from shared.tickets import TicketStatus
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.tickets import LAMP, registered


async def test_an_event_whose_ticket_is_not_to_be_found_is_tried_again(bench: RouterBench) -> None:
    ticket = registered(LAMP, at=bench.now())
    await bench.publish(TicketRegistered(number=ticket.number), id="t/1/1/0", lane="routine")

    async def parked() -> list[str]:
        return [entry["reason"] for entry in await bench.store.find("parked", {}, limit=10)]

    await until(parked)
    assert await parked() == ["temporary"]

    await bench.put(ticket)

    async def dispatched() -> bool:
        return (await bench.read()).status is TicketStatus.DISPATCHED

    await until(dispatched)
    await until(lambda: _gone(bench))


async def _gone(bench: RouterBench) -> bool:
    return not await bench.store.find("parked", {}, limit=1)
