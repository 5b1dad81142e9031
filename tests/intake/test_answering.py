"""Answers over the queue on the real broker: one sender's bad addresses are its own trouble."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, Final

import aio_pika
import pytest

from services.intake.inbound import replies
from shared.bus import INBOUND, BrokerDown, Publisher
from shared.bus.topology import UNROUTED
from tests.intake.test_registering import LAMP, IntakeBench
from tests.support.bench import until
from tests.support.servers import Servers

CRY: Final = {"estate": "jinyuan", "text": "3号楼电梯困人了，快来人"}
OF_NOBODY: Final = "amq.rabbitmq.reply-to.g1h2AA5y.nLnDw4nSq1JmqtkyvzZBuA=="
"""In the form that the broker makes, of a process that never was."""
MANY: Final = 30


async def publish(bench: IntakeBench, body: dict[str, Any], key: str, **more: Any) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    await exchange.publish(aio_pika.Message(json.dumps(body).encode(), **more), key)


async def answer_to(
    bench: IntakeBench,
    body: dict[str, Any],
    user: str,
    *,
    exchange: str = INBOUND,
    key: str = "ticket.report.urgent",
) -> dict[str, Any]:
    """What a system is answered on a channel that it has just opened."""
    heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    channel = await bench.connection.channel()
    answers = await channel.declare_queue("amq.rabbitmq.reply-to")

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        heard.set_result(message.body)

    await answers.consume(hear, no_ack=True)
    taking = await channel.get_exchange(exchange, ensure=False)
    message = aio_pika.Message(json.dumps(body).encode(), reply_to=answers.name, user_id=user)
    await taking.publish(message, key)
    async with asyncio.timeout(60):
        found: dict[str, Any] = json.loads(await heard)
    await channel.close()
    return found


async def test_a_sender_who_is_refused_learns_it_on_a_new_address_and_nobody_else_need_look(
    bench: IntakeBench, servers: Servers
) -> None:
    problem = await answer_to(bench, {"estate": "jinyuan"}, servers.rabbit.user)
    await until(lambda: bench.store.find("parked", {}, limit=1))

    [entry] = await bench.store.find("parked", {}, limit=9)
    assert problem["status"] == 422
    assert entry["answered"]


async def test_who_misspells_a_key_is_told_it_and_the_right_ones_and_the_desk_sees_both(
    bench: IntakeBench, servers: Servers
) -> None:
    """The broker brings here what no queue is bound to."""
    problem = await answer_to(
        bench, LAMP, servers.rabbit.user, exchange=UNROUTED, key="ticket.reports"
    )
    await until(lambda: bench.store.find("parked", {}, limit=1))

    assert problem["type"] == "urn:hotline:problem:unrouted"
    assert "ticket.reports" in problem["title"]
    assert {"ticket.report,", "ticket.report.urgent,"} <= set(problem["detail"].split())
    listed = await bench.http.get("/v1/parked", headers=bench.signed_in("supervisor"))
    [item] = listed.json()["items"]
    assert (item["key"], item["principal"]) == ("ticket.reports", servers.rabbit.user)
    assert (item["reason"], item["answered"]) == ("unrouted", True)
    assert "ticket.reports" in item["detail"]


async def test_a_key_that_holds_somebody_s_number_is_not_told_on(bench: IntakeBench) -> None:
    exchange = await bench.channel.get_exchange(UNROUTED, ensure=False)
    await exchange.publish(aio_pika.Message(b"{}"), "ticket.138-0013-8000")
    await until(lambda: bench.store.find("parked", {}, limit=1))

    listed = await bench.http.get("/v1/parked", headers=bench.signed_in("supervisor"))
    assert listed.json()["items"][0]["key"] == "(not shown)"
    assert "0013" not in listed.text


@pytest.mark.parametrize("key", ["ticket.report", "ticket.report.urgent"])
@pytest.mark.parametrize("body", [LAMP, CRY, {"estate": "jinyuan"}], ids=["lamp", "cry", "refused"])
async def test_a_cry_is_answered_soon_whatever_addresses_others_make_up(
    bench: IntakeBench,
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    body: dict[str, Any],
) -> None:
    """As where the node of an address is gone: only silence tells that nobody is there."""
    whole = Publisher.publish

    async def publish_to(
        self: Publisher, exchange: str, target: str, *more: Any, **facts: Any
    ) -> None:
        if target == OF_NOBODY:
            await asyncio.sleep(replies.REPLY_SECONDS)
            raise BrokerDown("silence")
        await whole(self, exchange, target, *more, **facts)

    monkeypatch.setattr(Publisher, "publish", publish_to)
    for n in range(MANY):
        await publish(bench, body, key, reply_to=OF_NOBODY, message_id=f"m-{n}")
    began = time.monotonic()

    answer = await answer_to(bench, CRY | {"external_id": "theirs"}, servers.rabbit.user)

    assert answer["alerting"] == "started"
    assert time.monotonic() - began < 5 * replies.REPLY_SECONDS
