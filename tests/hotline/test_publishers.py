"""A publisher may publish and read its own answers, and nothing else at the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import aio_pika
import httpx
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import AMQPError

from hotline import topology
from shared.bus.broker_users import BrokerUsers, NoPublisher, PublisherRights, tags_of
from shared.bus.topology import INBOUND, UNROUTED_QUEUE
from tests.support.servers import Corner, Servers

NAME: Final = "test-app"
REPORTS: Final = ("ticket.report", "ticket.report.urgent")
REFUSED: Final = (AMQPError, RuntimeError)
"""aio-pika finds a channel closed that the broker has closed."""


@pytest.fixture
def users(corner: Corner, servers: Servers) -> BrokerUsers:
    return BrokerUsers(corner.amqp_url, servers.rabbit.management_login_url)


def rights(*keys: str, name: str = NAME) -> PublisherRights:
    known = topology.inbound_keys()
    return PublisherRights.of(name, keys or known, known)


@pytest.fixture
async def rabbit(servers: Servers) -> AsyncIterator[httpx.AsyncClient]:
    """The broker's management API; the publisher is gone when the test is."""
    async with httpx.AsyncClient(base_url=servers.rabbit.management_login_url) as http:
        yield http
        await http.delete(f"/api/users/{NAME}")


async def put(rabbit: httpx.AsyncClient, path: str, body: dict[str, str]) -> None:
    (await rabbit.put(path, json=body)).raise_for_status()


@pytest.fixture
async def address(
    users: BrokerUsers, corner: Corner, servers: Servers, rabbit: httpx.AsyncClient
) -> str:
    """That of a publisher of reports."""
    await topology.make(corner.amqp_url, servers.rabbit.management_login_url)
    return await users.make_publisher(rights(*REPORTS), "a secret/@:")


@pytest.fixture
async def channel(address: str) -> AsyncIterator[AbstractChannel]:
    async with await aio_pika.connect(address) as connection:
        yield await connection.channel(publisher_confirms=True)


async def publish(channel: AbstractChannel, exchange: str, key: str, **facts: Any) -> None:
    there = (
        await channel.get_exchange(exchange, ensure=False) if exchange else channel.default_exchange
    )
    await there.publish(aio_pika.Message(b"{}", **facts), key)


async def test_reports_are_taken_under_the_name_that_the_broker_checks(
    channel: AbstractChannel,
) -> None:
    for key in REPORTS:
        await publish(channel, INBOUND, key, user_id=NAME)

    with pytest.raises(REFUSED):
        await publish(channel, INBOUND, "ticket.report", user_id="hotline")


async def test_an_exchange_tells_of_calls_alone_and_no_other_system_does(
    users: BrokerUsers, corner: Corner, servers: Servers, rabbit: httpx.AsyncClient
) -> None:
    await topology.make(corner.amqp_url, servers.rabbit.management_login_url)
    systems = topology.system_keys()
    for keys, own, foreign in (
        (topology.inbound_keys() - systems, "call.offered", "ticket.report"),
        (systems, "ticket.report", "call.offered"),
    ):
        address = await users.make_publisher(rights(*keys), "secret")
        async with await aio_pika.connect(address) as connection:
            channel = await connection.channel(publisher_confirms=True)
            await publish(channel, INBOUND, own, user_id=NAME)
            with pytest.raises(REFUSED):
                await publish(channel, INBOUND, foreign, user_id=NAME)


async def test_answers_come_without_any_permission(
    channel: AbstractChannel, corner: Corner
) -> None:
    """As the README's publisher asks for them: declared, looked up, consumed."""
    answers = await channel.declare_queue("amq.rabbitmq.reply-to")
    answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def hear(message: AbstractIncomingMessage) -> None:
        answer.set_result(message.body)

    await answers.consume(hear, no_ack=True)
    inbound = await channel.get_exchange(INBOUND)
    await inbound.publish(aio_pika.Message(b"{}", reply_to=answers.name), "ticket.report")

    async with await aio_pika.connect(corner.amqp_url) as operator:
        own = await operator.channel()
        message = await (await own.get_queue("intake.triage")).get(timeout=5)
        assert message is not None
        await own.default_exchange.publish(aio_pika.Message(b"heard"), message.reply_to or "")

    assert await asyncio.wait_for(answer, 5) == b"heard"


async def test_a_queue_of_its_own_for_answers_may_last(
    channel: AbstractChannel, corner: Corner
) -> None:
    own = await channel.declare_queue(f"reply.{NAME}.1")
    async with await aio_pika.connect(corner.amqp_url) as operator:
        there = await operator.channel()
        await there.default_exchange.publish(aio_pika.Message(b"heard"), own.name)

    message = await own.get(timeout=5)

    assert message is not None
    assert message.body == b"heard"


BEYOND: Final[dict[str, Callable[[AbstractChannel], Awaitable[Any]]]] = {
    "events": lambda channel: publish(channel, "hotline.events", "ticket.registered.urgent"),
    "a queue of ours": lambda channel: publish(channel, "", "intake.reports.urgent"),
    "a service's exchange": lambda channel: publish(channel, "hotline.intake", "intake.triage"),
    "another key": lambda channel: publish(channel, INBOUND, "ticket.cancel"),
    "a new queue": lambda channel: channel.declare_queue("mine"),
    "another's answers": lambda channel: channel.declare_queue("reply.other.1"),
    "a longer name": lambda channel: channel.declare_queue(f"reply.{NAME}2.1"),
    "a new exchange": lambda channel: channel.declare_exchange("mine"),
    "reading reports": lambda channel: _get(channel, "intake.triage"),
    "emptying a queue": lambda channel: _purge(channel, "intake.triage"),
    "deleting a queue": lambda channel: channel.queue_delete("intake.triage"),
    "hearing events": lambda channel: _bind(channel, "hotline.events"),
    "hearing reports": lambda channel: _bind(channel, INBOUND),
    "events by a detour": lambda channel: channel.declare_queue(
        f"reply.{NAME}.2", arguments={"x-dead-letter-exchange": "hotline.events"}
    ),
}


async def _get(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).get(fail=False)


async def _purge(channel: AbstractChannel, queue: str) -> None:
    await (await channel.get_queue(queue, ensure=False)).purge()


async def _bind(channel: AbstractChannel, exchange: str) -> None:
    own = await channel.declare_queue(f"reply.{NAME}.3")
    await own.bind(exchange, "#")


@pytest.mark.parametrize("what", BEYOND)
async def test_nothing_else_is_allowed(channel: AbstractChannel, what: str) -> None:
    with pytest.raises(REFUSED):
        await BEYOND[what](channel)


async def test_a_key_that_leads_nowhere_still_reaches_a_person(
    channel: AbstractChannel, corner: Corner
) -> None:
    await publish(channel, INBOUND, "ticket.reports")

    async with await aio_pika.connect(corner.amqp_url) as operator:
        unrouted = await (await operator.channel()).get_queue(UNROUTED_QUEUE.name)
        assert await unrouted.get(timeout=5) is not None


async def test_a_publisher_sees_nothing_of_the_management_api(
    address: str, servers: Servers
) -> None:
    async with httpx.AsyncClient(auth=(NAME, "a secret/@:")) as http:
        answer = await http.get(f"{servers.rabbit.management_url}/api/queues")

    assert answer.status_code == 401


async def test_made_again_it_has_the_new_password_and_these_rights_alone(
    address: str, users: BrokerUsers
) -> None:
    again = await users.make_publisher(rights("ticket.report"), "another")

    with pytest.raises(REFUSED):
        await aio_pika.connect(address)
    async with await aio_pika.connect(again) as connection:
        channel = await connection.channel(publisher_confirms=True)
        await publish(channel, INBOUND, "ticket.report")
        with pytest.raises(REFUSED):
            await publish(channel, INBOUND, "ticket.report.urgent")


async def test_nobody_else_s_user_is_made_a_publisher_or_taken_away(
    users: BrokerUsers, servers: Servers
) -> None:
    own = servers.rabbit.user
    with pytest.raises(NoPublisher):
        await users.make_publisher(rights(name=own), "x")
    with pytest.raises(NoPublisher):
        await users.drop_publisher(own)


async def test_one_that_is_taken_away_is_gone(address: str, users: BrokerUsers) -> None:
    assert await users.drop_publisher(NAME)
    assert not await users.drop_publisher(NAME)

    with pytest.raises(REFUSED):
        await aio_pika.connect(address)


async def test_the_doctor_finds_nothing_wrong_with_what_was_made(
    address: str, users: BrokerUsers
) -> None:
    assert await users.faults(topology.inbound_keys()) == []

    await users.make_publisher(rights(), "x")
    assert await users.faults(topology.inbound_keys()) == []


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/api/permissions", {"configure": ".*", "write": "^hotline\\.inbound$", "read": "^$"},
         "may configure more than queues reply.test-app.*"),
        ("/api/permissions", {"configure": "", "write": "^hotline\\.inbound$", "read": "^intake"},
         "may read more than queues reply.test-app.*"),
        ("/api/permissions", {"configure": "", "write": "^hotline", "read": ""},
         "may write elsewhere than to hotline.inbound"),
        ("/api/topic-permissions", {"exchange": INBOUND, "write": "^ticket", "read": ""},
         "is not limited to keys of its own"),
    ],
)  # fmt: skip
async def test_the_doctor_names_whoever_may_more(
    address: str, users: BrokerUsers, corner: Corner, rabbit: httpx.AsyncClient, path: str,
    body: dict[str, str], fault: str,
) -> None:  # fmt: skip
    await put(rabbit, f"{path}/{corner.vhost}/{NAME}", body)

    assert await users.faults(topology.inbound_keys()) == [f"{NAME}: {fault}"]


async def test_the_doctor_names_who_publishes_without_having_been_made_here(
    corner: Corner, users: BrokerUsers, rabbit: httpx.AsyncClient
) -> None:
    await put(rabbit, f"/api/users/{NAME}", {"password": "x", "tags": ""})
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    await put(rabbit, f"/api/permissions/{corner.vhost}/{NAME}", everything)

    [fault] = await users.faults(topology.inbound_keys())

    assert fault.startswith(f"{NAME}: writes to hotline.inbound")
    everything["write"] = "^elsewhere"
    await put(rabbit, f"/api/permissions/{corner.vhost}/{NAME}", everything)
    assert await users.faults(topology.inbound_keys()) == []


@pytest.mark.parametrize("keys", [(), ("ticket.reports",), ("ticket.report", "#")])
def test_only_keys_that_lead_somewhere_are_given(keys: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="use keys of"):
        PublisherRights.of(NAME, keys, topology.inbound_keys())


@pytest.mark.parametrize(
    ("tags", "read"),
    [(["a", "b"], {"a", "b"}), ("a,b", {"a", "b"}), ([], set()), ("", {""}), (None, set())],
)
def test_tags_are_read_as_every_version_writes_them(tags: Any, read: set[str]) -> None:
    assert tags_of({"tags": tags}) - {""} == read - {""}
