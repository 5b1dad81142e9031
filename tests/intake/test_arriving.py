"""Messages from outside on the real broker: who sent one stays known, whatever becomes of it."""

from __future__ import annotations

import json
from typing import Any

import aio_pika
import pytest

from services.intake.queues import REPORTS_ROUTINE
from shared.bus import INBOUND, BrokerDown, Publisher
from shared.bus.senders import PROOF, SENDER, vouch
from shared.identity import UNNAMED
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import until
from tests.support.servers import Servers


async def send(bench: IntakeBench, user: str | None, **headers: str) -> None:
    body = json.dumps(LAMP | {"external_id": "x-1"}).encode()
    message = aio_pika.Message(body, message_id="x-1", user_id=user, headers=dict(headers))
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(message, "ticket.report")


async def principals(bench: IntakeBench) -> list[str]:
    return [ticket["principal"] for ticket in await bench.store.find("tickets", {}, limit=9)]


async def test_a_report_that_was_passed_on_and_parked_too_is_one_ticket_of_its_sender(
    bench: IntakeBench, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker took it and nobody heard the confirm: it is sent again, without its user_id."""
    whole, times = Publisher.publish, 0

    async def publish(self: Publisher, exchange: str, key: str, *more: Any, **facts: Any) -> None:
        nonlocal times
        await whole(self, exchange, key, *more, **facts)
        times += key == REPORTS_ROUTINE.name
        if key == REPORTS_ROUTINE.name and times == 1:
            raise BrokerDown("the confirm was not heard")

    monkeypatch.setattr(Publisher, "publish", publish)

    await send(bench, servers.rabbit.user)
    await until(lambda: times == 2)
    await until(lambda: nothing_parked(bench))
    await until(lambda: _taken(bench))

    assert await principals(bench) == [f"system:{servers.rabbit.user}"]


async def nothing_parked(bench: IntakeBench) -> bool:
    return await bench.store.find("parked", {}, limit=1) == []


async def _taken(bench: IntakeBench) -> bool:
    queue = await bench.channel.declare_queue(REPORTS_ROUTINE.name, passive=True)
    return not queue.declaration_result.message_count and bool(await principals(bench))


@pytest.mark.parametrize(
    "headers",
    [
        {SENDER: "billing"},
        {SENDER: "billing", PROOF: "0" * 64},
        vouch(b"another secret", "billing", json.dumps(LAMP | {"external_id": "x-1"}).encode()),
    ],
    ids=["no proof", "a made-up proof", "a proof by another secret"],
)
async def test_nobody_is_taken_for_a_sender_without_the_proof(
    bench: IntakeBench, headers: dict[str, str]
) -> None:
    await send(bench, None, **headers)
    await until(lambda: principals(bench))

    assert await principals(bench) == [UNNAMED.id]
