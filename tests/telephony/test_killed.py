"""A replica that is killed in the middle changes nothing: what it had in hand comes again."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import aio_pika
import pytest

from services.telephony.calls.storage import CALLS
from shared.bus import INBOUND
from shared.calls.facts import Fact
from shared.calls.telling import told
from tests.support.bench import until
from tests.support.servers import Servers, open_corner
from tests.telephony.bench import Bench, open_bench

pytestmark = pytest.mark.whole


async def test_kill_in_the_middle_makes_the_same_documents(
    servers: Servers, tmp_path: Path
) -> None:
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path) as bench:
            facts = bench.recorded("two-queues")
            alone = await bench.kept_as(facts)
            await bench.store.remove_many(CALLS.name, {})
            random.Random(5).shuffle(facts)
            other = await _started(bench, tmp_path / "other.log")
            try:
                half = len(facts) // 2
                await _send(bench, facts[:half])
                await until(lambda: _has(bench, half // 4))
                await _send(bench, facts[half:])
                other.kill()
            finally:
                if other.returncode is None:
                    other.kill()
                await other.wait()
            await until(lambda: _has(bench, len(facts)))
            assert await bench.kept() == alone


async def _started(bench: Bench, log: Path) -> asyncio.subprocess.Process:
    """One more replica, a process of its own, that consumes."""
    settings = {
        "HOTLINE_AMQP_URL": bench.corner.amqp_url,
        "HOTLINE_MONGO_URL": bench.corner.mongo_url,
        "HOTLINE_DATABASE": bench.corner.database,
        "HOTLINE_KEYS": str(bench.key_file),
        "HOTLINE_DATA": str(bench.key_file.parent),
        "HOTLINE_TELEPHONY_PORT": "0",
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOTLINE_")}
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.telephony", env={**own, **settings}, stdout=out,
            stderr=out,
        )  # fmt: skip
    await until(lambda: process.returncode is not None or "consuming" in _text_of(log))
    if process.returncode is not None:
        pytest.fail(_text_of(log))
    return process


def _text_of(log: Path) -> str:
    return log.read_text("utf-8")


async def _send(bench: Bench, facts: list[Fact]) -> None:
    exchange = await bench.channel.get_exchange(INBOUND, ensure=False)
    published = []
    for key, body in map(told, facts):
        message = aio_pika.Message(body, user_id=bench.user)
        published.append(exchange.publish(message, key))
    await asyncio.gather(*published)


async def _has(bench: Bench, count: int) -> bool:
    return sum(len(each.facts) for each in await bench.kept()) >= count
