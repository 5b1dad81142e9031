"""The real RabbitMQ and MongoDB every test may use, and a clean corner of them for each test."""

import shutil
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from hotline.embedded import MongoNode, RabbitNode
from hotline.embedded.node import log_tail

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
ROOM: Final = 4 * 1024**3
"""Bytes: three workers together take 1.5 GB by the end of a run."""
RESTING: Final = 2
"""Databases that nobody uses for a while: a write of the test before may still be on its way."""


@dataclass(frozen=True, slots=True)
class Servers:
    """One broker and one database of the test run's own."""

    rabbit: RabbitNode
    mongo: MongoNode
    left: deque[str] = field(default_factory=deque)
    """Databases that tests are done with."""


@dataclass(frozen=True, slots=True)
class Corner:
    """One test's own vhost and database; the next one finds nothing in them."""

    amqp_url: str
    vhost: str
    mongo_url: str
    database: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Start both servers at once for the whole run, and leave nothing behind."""
    with (
        TemporaryDirectory(prefix="estateline-tests-", dir=_memory()) as folder,
        running_servers(Path(folder)) as both,
    ):
        yield both


@pytest.fixture
def amqp_url(servers: Servers) -> Iterator[str]:
    """Give the test a vhost of its own."""
    with fresh_vhost(servers.rabbit) as vhost:
        yield servers.rabbit.amqp_url_of(vhost)


@pytest.fixture
def mongo_url(servers: Servers) -> str:
    """Give the address of the replica set; the database is ``database``."""
    return servers.mongo.url


@pytest.fixture
def database(servers: Servers) -> Iterator[str]:
    """Give the test the name of a database of its own."""
    with fresh_database(servers.mongo) as name:
        yield name


@pytest.fixture
def corner(servers: Servers) -> Iterator[Corner]:
    """Give the test a vhost and a database of its own in one value."""
    with open_corner(servers) as made:
        yield made


def _memory() -> Path | None:
    """Where files are kept in memory, if there is room: a disk takes longer for the hundred files
    of a database than a test that makes one. None: where temporary files go.
    """
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM else None


@contextmanager
def running_servers(folder: Path) -> Iterator[Servers]:
    """Run both servers in the folder while the block lasts."""
    rabbit = RabbitNode.prepare(folder / "rabbitmq")
    mongo = MongoNode.prepare(folder / "mongodb")
    try:
        rabbit.launch()
        mongo.launch()
        mongo.await_ready()
        rabbit.await_ready()
        yield Servers(rabbit=rabbit, mongo=mongo)
    finally:
        # Their data is thrown away, and a broker takes seconds to stop in order.
        for node in (mongo, rabbit):
            if node.is_running():
                node.kill()
            node.stop()


@contextmanager
def open_corner(servers: Servers, *, untouched: bool = False) -> Iterator[Corner]:
    """Make a corner while the block lasts; an untouched one has not even collections yet.

    Raises RuntimeError where a server has ended: every test after that would wait for it in vain.
    """
    for node in (servers.rabbit, servers.mongo):
        if not node.is_running():
            raise RuntimeError(f"{node.server} of this run has ended: {log_tail(node.log)}")
    database = fresh_database(servers.mongo) if untouched else emptied_database(servers)
    with fresh_vhost(servers.rabbit) as vhost, database as name:
        yield Corner(
            amqp_url=servers.rabbit.amqp_url_of(vhost),
            vhost=vhost,
            mongo_url=servers.mongo.url,
            database=name,
        )


@contextmanager
def fresh_vhost(rabbit: RabbitNode) -> Iterator[str]:
    """Make a vhost while the block lasts; its queues and connections go with it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    rabbit.add_vhost(name)
    try:
        yield name
    finally:
        if rabbit.is_running():  # a test may have killed it on purpose
            rabbit.delete_vhost(name)


@contextmanager
def fresh_database(mongo: MongoNode) -> Iterator[str]:
    """Name a database while the block lasts, and drop it afterwards."""
    name = _new_name()
    try:
        yield name
    finally:
        if mongo.is_running():
            with _client(mongo) as client:
                client.drop_database(name)


@contextmanager
def emptied_database(servers: Servers) -> Iterator[str]:
    """Name a database without a document in it while the block lasts.

    It has the collections and indexes of a test before: to drop and to make a hundred of them
    takes longer than most tests.
    """
    if len(servers.left) < RESTING:
        name = _new_name()
    else:
        name = servers.left.popleft()
        with _client(servers.mongo) as client:
            _empty(client[name])
    yield name
    servers.left.append(name)


def _empty(database: Database[dict[str, Any]]) -> None:
    for collection in database.list_collection_names():
        database[collection].delete_many({})


def _client(mongo: MongoNode) -> MongoClient[dict[str, Any]]:
    return MongoClient(mongo.url)


def _new_name() -> str:
    return f"test_{uuid.uuid4().hex[:12]}"
