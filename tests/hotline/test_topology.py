"""Everything is made by one act, and what is missing is named."""

from __future__ import annotations

import aio_pika

from hotline import topology
from shared.bus import INBOUND
from shared.bus.topology import UNROUTED_QUEUE
from tests.support.servers import Corner, Servers


async def made(corner: Corner, servers: Servers) -> str:
    management = servers.rabbit.management_login_url
    await topology.make(corner.amqp_url, management)
    return management


async def test_what_was_made_lacks_nothing_also_when_it_is_made_again(
    corner: Corner, servers: Servers
) -> None:
    management = await made(corner, servers)
    await made(corner, servers)

    assert await topology.missing(corner.amqp_url, management) == []


async def test_an_empty_broker_lacks_everything(corner: Corner, servers: Servers) -> None:
    lacking = await topology.missing(corner.amqp_url, servers.rabbit.management_login_url)

    assert {"the exchange hotline.events", "the queue router.tickets.urgent"} <= set(lacking)
    assert lacking[-1] == "the policy hotline-unrouted"


async def test_what_somebody_took_away_is_named_and_comes_back(
    corner: Corner, servers: Servers
) -> None:
    management = await made(corner, servers)
    async with await aio_pika.connect(corner.amqp_url) as connection:
        channel = await connection.channel()
        await channel.queue_delete("survey.erasures.routine")
        queue = await channel.get_queue("router.tickets.urgent")
        await queue.unbind("hotline.events", "ticket.registered.urgent")

    assert await topology.missing(corner.amqp_url, management) == [
        "the binding of router.tickets.urgent to hotline.events by ticket.registered.urgent",
        "the queue survey.erasures.routine",
    ]

    await made(corner, servers)
    assert await topology.missing(corner.amqp_url, management) == []


async def test_a_misspelled_key_is_caught_and_an_event_that_nobody_wants_is_not(
    corner: Corner, servers: Servers
) -> None:
    await made(corner, servers)
    async with await aio_pika.connect(corner.amqp_url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        inbound = await channel.get_exchange(INBOUND, ensure=False)
        await inbound.publish(aio_pika.Message(b"{}"), "ticket.reports")
        events = await channel.get_exchange("hotline.events", ensure=False)
        await events.publish(aio_pika.Message(b"{}"), "nobody.wants.it")

        unrouted = await channel.get_queue(UNROUTED_QUEUE.name)
        message = await unrouted.get(timeout=5)
        assert message is not None
        assert message.routing_key == "ticket.reports"
        assert await unrouted.get(fail=False) is None
