import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue
from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from typing_extensions import override

from hotline.embedded import MongoNode, RabbitNode, RabbitPorts, mongod, rabbitmq
from hotline.embedded.folder import LONGEST_PATH, private_folder, read_json, write_json
from hotline.embedded.ports import free_ports
from hotline.embedded.process import Child, ChildrenFile, Identity, wait_until
from hotline.errors import (
    AlreadyRunningError,
    LeftOverError,
    MissingLibraryError,
    MissingProgramError,
    NoLocalhostError,
    PortTakenError,
    StartFailedError,
    UnusableFolderError,
)
from tests.support.servers import Corner, Servers, fresh_vhost

pytestmark = pytest.mark.whole


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    """A child whose command line is known."""
    child = Child.start(
        "sleeper",
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env=dict(os.environ),
        folder=tmp_path,
        log=tmp_path / "sleeper.log",
        marker="time.sleep(600)",
    )
    yield child
    child.kill()


async def declare_quorum_queue(channel: AbstractChannel) -> AbstractQueue:
    return await channel.declare_queue(
        "kept", durable=True, arguments={"x-queue-type": "quorum"}, timeout=10
    )


async def test_a_confirmed_message_survives_kill_9(servers: Servers, corner: Corner) -> None:
    connection = await aio_pika.connect(corner.amqp_url)
    async with connection:
        channel = await connection.channel()
        await declare_quorum_queue(channel)
        await channel.default_exchange.publish(aio_pika.Message(b"water from above"), "kept")
        before = servers.rabbit.pid
        flushed = partial(servers.rabbit.is_on_disk, corner.vhost, "kept")
        assert await asyncio.to_thread(wait_until, flushed, 10.0)
        servers.rabbit.kill()

    servers.rabbit.restart()

    assert servers.rabbit.pid != before
    connection = await aio_pika.connect(corner.amqp_url)
    async with connection:
        queue = await (await connection.channel()).get_queue("kept")
        message = await queue.get(timeout=10)
    assert message.body == b"water from above"


async def test_a_queue_killed_before_it_was_on_disk_works_again(servers: Servers) -> None:
    """Without the election after the start it would wait for a leader for ever."""
    with fresh_vhost(servers.rabbit) as vhost:
        async with await aio_pika.connect(servers.rabbit.amqp_url_of(vhost)) as connection:
            await declare_quorum_queue(await connection.channel())
            servers.rabbit.kill()
        servers.rabbit.restart()
        async with await aio_pika.connect(servers.rabbit.amqp_url_of(vhost)) as connection:
            channel = await connection.channel()
            queue = await declare_quorum_queue(channel)
            await channel.default_exchange.publish(aio_pika.Message(b"again"), "kept", timeout=10)
            assert (await queue.get(timeout=10)).body == b"again"


async def test_a_journaled_write_survives_kill_9(servers: Servers, corner: Corner) -> None:
    async with AsyncMongoClient[dict[str, Any]](corner.mongo_url) as client:
        await client[corner.database]["kept"].insert_one({"_id": 1})
        servers.mongo.kill()
        servers.mongo.restart()
        assert await client[corner.database]["kept"].count_documents({}) == 1


def test_a_member_keeps_its_data_on_another_port(tmp_path: Path) -> None:
    first = MongoNode.start(tmp_path / "mongodb")
    with MongoClient[dict[str, Any]](first.url) as client:
        client["estate"]["kept"].insert_one({"_id": 1})
    first.stop()

    second = MongoNode.start(tmp_path / "mongodb", port=free_ports(1)[0])
    try:
        with MongoClient[dict[str, Any]](second.url) as client:
            assert client["estate"]["kept"].count_documents({}) == 1
        assert second.port != first.port
    finally:
        second.stop()


def test_a_node_on_the_same_folder_keeps_name_ports_and_password(tmp_path: Path) -> None:
    first = RabbitNode.prepare(tmp_path / "rabbitmq")
    second = RabbitNode.prepare(tmp_path / "rabbitmq")
    assert first.amqp_url == second.amqp_url
    assert first.ports == second.ports
    assert (tmp_path / "rabbitmq" / "node.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_has_one_user_and_the_second_leaves_no_trace(tmp_path: Path) -> None:
    first = MongoNode.start(tmp_path / "mongodb")
    try:
        second = MongoNode.prepare(tmp_path / "mongodb")
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
            second.launch()
        second.stop()
        assert first.is_ready()
        assert read_json(tmp_path / "mongodb" / "children.json")[0]["pid"] == first.pid
    finally:
        first.stop()


def test_a_taken_port_is_named_with_its_holder_and_the_way_out(
    tmp_path: Path, taken_port: int
) -> None:
    node = MongoNode.prepare(tmp_path / "mongodb", port=taken_port)
    with pytest.raises(PortTakenError) as caught:
        node.launch()
    for part in (f"Port {taken_port}", f"process {os.getpid()}", "ports.json"):
        assert part in str(caught.value)


def test_a_taken_broker_port_leaves_no_epmd(tmp_path: Path, taken_port: int) -> None:
    prepared = RabbitNode.prepare(tmp_path / "rabbitmq")
    ports: RabbitPorts = replace(prepared.ports, management=taken_port)
    node = RabbitNode.prepare(tmp_path / "rabbitmq", ports=ports)
    with pytest.raises(PortTakenError, match=r"\(management\)"):
        node.launch()
    assert not node.is_running()
    assert read_json(tmp_path / "rabbitmq" / "children.json") is None


def test_a_missing_broker_is_named_with_make_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "SCRIPT_PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match=r"rabbitmq-server.*make setup"):
        RabbitNode.start(tmp_path / "rabbitmq")


def test_a_missing_database_is_named_with_make_setup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongod, "WHEELS", ("no-such-distribution",))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingProgramError, match=r"mongod.*make setup"):
        MongoNode.start(tmp_path / "mongodb")


def test_a_missing_library_is_named_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "mongod"
    complaint = "error while loading shared libraries: libcurl.so.4"
    program.write_text(f"#!/bin/sh\necho 'mongod: {complaint}' >&2\nexit 127\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(MissingLibraryError, match=r"libcurl\.so\.4.*package libcurl4"):
        MongoNode.start(tmp_path / "mongodb")


def test_a_server_that_ends_while_starting_shows_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "mongod"
    # The last of its arguments that matters here is the one after --logpath.
    program.write_text(
        '#!/bin/sh\nwhile [ "$1" != --logpath ]; do shift; done\n'
        "echo 'the disk is full' >\"$2\"\nexit 14\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(StartFailedError, match=r"(?s)exit code 14.*the disk is full"):
        MongoNode.start(tmp_path / "mongodb")


def test_a_machine_without_localhost_is_told_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> object:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NoLocalhostError, match=r"127\.0\.0\.1 localhost"):
        rabbitmq.require_localhost()


@pytest.mark.parametrize("name", ["x" * LONGEST_PATH, 'a"b', "a\nb", "file/below"])
def test_an_unfit_folder_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnusableFolderError, match=r"--data or HOTLINE_DATA"):
        private_folder(tmp_path / name)


def test_a_left_over_child_is_ended(tmp_path: Path, sleeper: Child) -> None:
    children = ChildrenFile(tmp_path / "children.json")
    children.record([sleeper])
    assert children.end_left_over(grace=5.0) == [sleeper.identity]
    assert wait_until(lambda: not sleeper.is_running(), 5.0)


def test_a_left_over_that_cannot_be_ours_is_refused(tmp_path: Path, sleeper: Child) -> None:
    value = {
        "name": "intake",
        "pid": sleeper.pid,
        "start_ticks": sleeper.identity.start_ticks,
        "marker": "-m services.intake",
    }
    write_json(tmp_path / "children.json", [value])
    with pytest.raises(LeftOverError, match=f"{sleeper.pid} .*not touched"):
        ChildrenFile(tmp_path / "children.json").end_left_over(grace=1.0)
    assert sleeper.is_running()


def test_an_id_given_out_again_is_nobody_of_ours(tmp_path: Path, sleeper: Child) -> None:
    earlier = replace(sleeper.identity, start_ticks=sleeper.identity.start_ticks - 1)
    assert not earlier.is_alive()
    earlier.send(signal.SIGKILL)
    assert sleeper.is_running()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from hotline.embedded.process import Child\n"
        "here = Path(sys.argv[1])\n"
        "argv = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "child = Child.start('c', argv, env=dict(os.environ), folder=here, log=here / 'l',\n"
        "    marker='sleep')\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    argv = [sys.executable, str(script), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = Identity.of("c", int(parent.stdout.readline()), "sleep")
        parent.kill()
    assert child.wait_gone(5.0)


def test_a18_without_the_password_nobody_gets_into_the_embedded_mongodb(servers: Servers) -> None:
    address = f"mongodb://127.0.0.1:{servers.mongo.port}/?directConnection=true"
    with MongoClient[dict[str, Any]](address) as stranger:
        for attempt in (
            partial(stranger["hotline"]["tickets"].find_one, {}),
            lambda: stranger["hotline"]["tickets"].insert_one({}),
            lambda: stranger.admin.command("createUser", "me", pwd="me", roles=["root"]),
            stranger.list_database_names,
        ):
            with pytest.raises(OperationFailure, match=r"[Aa]uthentication|authorized"):
                attempt()


class _WithoutPassword(MongoNode):
    """A member as versions of before started it."""

    asks_password = False

    @override
    def _answers(self) -> bool:
        with (
            suppress(PyMongoError),
            MongoClient[dict[str, Any]](
                f"mongodb://{self._address}/?directConnection=true&serverSelectionTimeoutMS=200"
            ) as client,
        ):
            if "setName" not in client.admin.command("hello"):
                members = [{"_id": 0, "host": self._address}]
                client.admin.command(
                    "replSetInitiate", {"_id": mongod.REPLICA_SET, "members": members}
                )
            return bool(client.admin.command("hello").get("isWritablePrimary"))
        return False


def test_a_folder_of_before_gets_its_password_and_keeps_its_data(tmp_path: Path) -> None:
    before = _WithoutPassword.start(tmp_path / "mongodb")
    with MongoClient[dict[str, Any]](before.url) as client:
        client["hotline"]["tickets"].insert_one({"_id": "T1"})
    before.stop()

    now = MongoNode.start(tmp_path / "mongodb")
    try:
        with MongoClient[dict[str, Any]](now.url) as client:
            assert client["hotline"]["tickets"].find_one() == {"_id": "T1"}
        unsigned = MongoClient[dict[str, Any]](before.url)
        with unsigned as client, pytest.raises(OperationFailure):
            client["hotline"]["tickets"].find_one()
    finally:
        now.stop()
