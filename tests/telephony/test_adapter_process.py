"""The adapter as a process: under its own broker user, with health and series."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import pytest
import uvicorn
from aio_pika.abc import AbstractIncomingMessage
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hotline import topology
from hotline.publishers import exchange_address
from services.telephony.exchange import fake_trial
from services.telephony.exchange.api import build
from services.telephony.exchange.fake import SECRET, FakeExchange
from services.telephony.exchange.fake_script import Says, Step, moved, steps_of
from services.telephony.exchange.listen_settings import ListenSettings
from services.telephony.exchange.translate import Translator
from shared.bus.broker_users import BrokerUsers
from shared.bus.topology import INBOUND
from shared.calls.gaps import Gap
from shared.calls.listening import Listening, gaps_in
from shared.calls.telling import Tellable, heard
from shared.contracts.times import written
from tests.bus.bench import Wire
from tests.calls.recordings import DATA, document, stream
from tests.support.bench import until
from tests.support.servers import Corner, Servers
from tests.telephony.adapters import FAST, as_read, is_of_an_event

pytestmark = pytest.mark.whole

NAME = "lab"


@dataclass
class Inbox:
    """What the broker has on `hotline.inbound`."""

    messages: list[AbstractIncomingMessage] = field(default_factory=list)

    @property
    def happened(self) -> set[Tellable]:
        values = {heard(message.body) for message in self.messages}
        return {value for value in values if is_of_an_event(value)}


@pytest.fixture
async def address(corner: Corner, servers: Servers) -> AsyncIterator[str]:
    """That of the exchange's own broker user."""
    async with as_user(NAME, corner, servers) as made:
        yield made


@asynccontextmanager
async def as_user(name: str, corner: Corner, servers: Servers) -> AsyncIterator[str]:
    management = servers.rabbit.management_login_url
    await topology.make(corner.amqp_url, management)
    try:
        yield await exchange_address(corner.amqp_url, management, name)
    finally:
        await BrokerUsers(corner.amqp_url, management).drop_publisher(name)


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """By a real socket: its address."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def inbox(corner: Corner, address: str) -> AsyncIterator[Inbox]:
    box = Inbox()

    async def take(message: AbstractIncomingMessage) -> None:
        box.messages.append(message)

    async with await aio_pika.connect(corner.amqp_url) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(INBOUND, "#")
        await queue.consume(take, no_ack=True)
        yield box


def settings(address: str, port: int, **more: Any) -> ListenSettings:
    given = {
        "name": NAME,
        "document": DATA / "exchange.yaml",
        "amqp_url": address,
        "manager_port": port,
        "manager_secret": SECRET,
        **more,
    }
    return ListenSettings(**given)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://exchange") as http,
    ):
        yield http


async def ready(http: httpx.AsyncClient) -> bool:
    answer = await http.get("/readyz")
    return answer.status_code == 200


async def test_facts_come_under_the_exchanges_own_user_and_are_counted(
    address: str, inbox: Inbox
) -> None:
    async with FakeExchange(steps_of(stream("two-queues")), speed=FAST) as fake:
        app = await build(settings(address, fake.port), fake.now)
        async with served(app) as http:
            await fake.ended.wait()
            await until(lambda: inbox.happened == as_read("two-queues"))
            await until(lambda: _all_confirmed(http))
            assert await ready(http)
            state = (await http.get("/readyz")).json()
            text = (await http.get("/metrics")).text

    assert {message.user_id for message in inbox.messages} == {NAME}
    for message in inbox.messages:
        assert f'"hotline.{message.routing_key}.v1"'.encode() in message.body
    assert state["status"] == "ready"
    assert 'hotline_pbx_connected{pbx="lab"} 1.0' in text
    offered = sum(message.routing_key == "call.offered" for message in inbox.messages)
    assert f'hotline_pbx_told_total{{key="call.offered",pbx="lab"}} {float(offered)}' in text
    assert 'hotline_pbx_unheard_total{pbx="lab",why="overflow"} 0.0' in text
    assert 'hotline_pbx_left_out_total{pbx="lab",why="unknown_line"} 1.0' in text
    assert 'hotline_pbx_unpublished_facts{pbx="lab"} 0.0' in text
    assert "hotline_pbx_last_event_timestamp_seconds" in text
    assert "hotline_pbx_clock_offset_seconds" in text
    assert "13800138" not in text


async def test_while_the_broker_is_cut_off_facts_wait_and_come_when_it_is_back(
    address: str, inbox: Inbox, servers: Servers
) -> None:
    wire = Wire(servers.rabbit.ports.amqp)
    await wire.mend()
    by_wire = address.replace(f":{servers.rabbit.ports.amqp}/", f":{wire.port}/")
    async with FakeExchange(steps_of(stream("day")), speed=50) as fake:
        app = await build(settings(by_wire, fake.port), fake.now)
        async with served(app) as http:
            await until(lambda: len(inbox.messages) > 50)
            await wire.cut()
            await fake.ended.wait()
            await until(lambda: _waiting(http))
            assert not await ready(http)
            assert inbox.happened < as_read("day")
            await wire.mend()
            await until(lambda: inbox.happened == as_read("day"))
            await until(lambda: ready(http))
    await wire.cut()


async def _all_confirmed(http: httpx.AsyncClient) -> bool:
    state = (await http.get("/readyz")).json()
    return bool(state.get("unpublished") == 0)


async def _waiting(http: httpx.AsyncClient) -> bool:
    state = (await http.get("/readyz")).json()
    return str(state.get("type", "")).endswith(":broker-away") and state["unpublished"] > 0


async def test_it_is_not_ready_while_no_exchange_is_heard(address: str) -> None:
    async with FakeExchange(steps_of(stream("smoke"))[:1]) as fake:
        fake.cut()
        async with served(await build(settings(address, fake.port))) as http:
            answer = await http.get("/readyz")
            assert answer.status_code == 503
            assert answer.json()["type"].endswith(":exchange-away")
            assert answer.json()["title_zh"]
            assert (await http.get("/healthz")).status_code == 200
            assert (await http.get("/healthz/consumers")).status_code == 200
            await fake.opens_again()
            await until(lambda: ready(http))


async def test_it_is_not_ready_where_the_exchange_refuses_it(address: str) -> None:
    async with FakeExchange(steps_of(stream("smoke"))[:1]) as fake:
        app = await build(settings(address, fake.port, manager_secret="wrong"))
        async with served(app) as http:
            await until(lambda: _is(http, "exchange-refuses"))


async def test_it_is_not_ready_where_the_exchange_tells_no_times(
    address: str, inbox: Inbox
) -> None:
    steps = steps_of(stream("smoke"))
    async with (
        FakeExchange(steps, speed=FAST, tells_times=False) as fake,
        served(await build(settings(address, fake.port), fake.now)) as http,
    ):
        await fake.ended.wait()
        await until(lambda: _is(http, "exchange-without-times"))
        text = (await http.get("/metrics")).text

    [count] = [
        float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("hotline_pbx_left_out_total") and "no_timestamp" in line
    ]
    assert count > 100
    assert {message.routing_key for message in inbox.messages} <= {"pbx.connected"}


async def _is(http: httpx.AsyncClient, code: str) -> bool:
    answer = await http.get("/readyz")
    kind: str = answer.json().get("type", "")
    return answer.status_code == 503 and kind.endswith(f":{code}")


async def test_at_an_orderly_end_it_says_until_when_it_heard(address: str, inbox: Inbox) -> None:
    async with FakeExchange(steps_of(stream("smoke"))[:1]) as fake:
        async with served(await build(settings(address, fake.port))) as http:
            await until(lambda: ready(http))
            await until(lambda: inbox.messages)
        await until(lambda: inbox.messages[-1].routing_key == "pbx.lost")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"name": "main"}, "describes lab, not main"),
        ({"amqp_url": "amqp://hotline:x@localhost/"}, "publishers add lab --exchange"),
        ({"document": Path("nowhere.yaml")}, "nowhere.yaml cannot be read"),
        ({"manager_secret": None}, "HOTLINE_EXCHANGE_MANAGER_SECRET"),
        ({"manager_secret": None, "manager_secret_file": Path("nowhere")}, "nowhere"),
        ({"listener": "A b"}, "listener"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        settings("amqp://lab:x@localhost/", 5038, **change)


def test_the_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", "utf-8")
    given = settings("amqp://lab:x@localhost/", 5038, manager_secret=None, manager_secret_file=file)

    assert given.manager.secret == "from a file"
    assert "from a file" not in repr(given.manager)


@dataclass
class Process:
    """`hotline serve exchange`, as an operator starts it."""

    running: asyncio.subprocess.Process

    async def end(self, number: signal.Signals) -> None:
        self.running.send_signal(number)
        await self.running.wait()


@asynccontextmanager
async def process(address: str, port: int, listener: str, data: Path) -> AsyncIterator[Process]:
    told = {
        "HOTLINE_DATA": str(data),
        "HOTLINE_EXCHANGE_PORT": "0",
        "HOTLINE_EXCHANGE_DOCUMENT": str(DATA / "exchange.yaml"),
        "HOTLINE_EXCHANGE_AMQP_URL": address,
        "HOTLINE_EXCHANGE_LISTENER": listener,
        "HOTLINE_EXCHANGE_MANAGER_PORT": str(port),
        "HOTLINE_EXCHANGE_MANAGER_SECRET": SECRET,
    }
    command = (sys.executable, "-m", "hotline", "serve", "exchange", NAME)
    own = Process(await asyncio.create_subprocess_exec(*command, env={**os.environ, **told}))
    try:
        yield own
    finally:
        if own.running.returncode is None:
            await own.end(signal.SIGKILL)


def told_by(steps: list[Step]) -> set[Tellable]:
    translator = Translator(document())
    return {
        each
        for step in steps
        if isinstance(step, Says)
        for each in translator.take(step.block, step.at)
        if not isinstance(each, Gap)
    }


async def test_of_two_processes_one_is_killed_and_no_fact_is_missing(
    address: str, inbox: Inbox, tmp_path: Path
) -> None:
    steps = steps_of(stream("standby"))
    steps = moved(steps, datetime.now(UTC) - steps[0].at)
    async with (
        FakeExchange(steps, speed=4, listeners=2) as fake,
        process(address, fake.port, "1", tmp_path) as one,
        process(address, fake.port, "2", tmp_path) as other,
    ):
        await until(lambda: len(inbox.happened) > 30, seconds=60)
        await one.end(signal.SIGKILL)
        await fake.ended.wait()
        await until(lambda: inbox.happened == told_by(steps))
        await other.end(signal.SIGTERM)
        await until(lambda: inbox.messages[-1].routing_key == "pbx.lost")

    assert {message.user_id for message in inbox.messages} == {NAME}
    words = [word for word in map(heard, bodies(inbox)) if isinstance(word, Listening)]
    assert {word.listener for word in words} == {"1", "2"}
    assert gaps_in(words) == []


async def test_the_demos_exchange_tells_a_day_of_calls_when_the_hotlines_time_is_moved(
    corner: Corner, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = timedelta()

    async def healthz(_: Request) -> Response:
        return JSONResponse({"now": written(datetime.now(UTC) + ahead)})

    monkeypatch.setattr(fake_trial, "AT_MOST", 3_000.0)
    monkeypatch.setattr(fake_trial, "LOOK_SECONDS", 0.05)
    intake = Starlette(routes=[Route("/healthz", healthz)])
    heard_of: set[bytes] = set()

    async def take(message: AbstractIncomingMessage) -> None:
        heard_of.add(message.body)

    async with as_user("demo", corner, servers) as own, serving(intake) as url:
        given = fake_trial.TrialSettings(amqp_url=own, HOTLINE_INTAKE_URL=url)  # type: ignore[call-arg]
        app = await fake_trial.build_trial(given)
        async with await aio_pika.connect(corner.amqp_url) as connection, served(app) as http:
            channel = await connection.channel()
            queue = await channel.declare_queue(exclusive=True)
            await queue.bind(INBOUND, "call.offered")
            await queue.consume(take, no_ack=True)
            await until(lambda: ready(http))
            assert len(heard_of) < 10
            ahead = timedelta(days=1)
            await until(lambda: len(heard_of) >= 200)


def bodies(inbox: Inbox) -> list[bytes]:
    return [message.body for message in inbox.messages]
