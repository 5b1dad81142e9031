"""A service puts on record who sends a parked message again, before it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aio_pika
import httpx
import pytest
import pytest_asyncio
from pymongo.errors import AutoReconnect

from shared.audit import Terms, Trail, verify
from shared.audit.trail import AUDIT, KEPT
from shared.bus import EVENTS, BrokerDown, ParkedRelay
from shared.bus.failures import KEPT_OF_HUGE
from shared.contracts.json_body import MAX_REWRITTEN_BYTES
from shared.store import Doc
from shared.store.parked_entry import ParkedMessage
from tests.router.conftest import RouterBench
from tests.support.bench import opened, until
from tests.support.servers import Corner

QUEUE = "router.tickets.routine"


@pytest_asyncio.fixture
async def bench(corner: Corner, tmp_path: Path) -> AsyncIterator[RouterBench]:
    async with opened(RouterBench, corner, tmp_path) as made:
        await made.add_replica()
        yield made


@pytest_asyncio.fixture
async def parked(bench: RouterBench) -> str:
    """The id of a message that waits for a person."""
    message = ParkedMessage(
        queue=QUEUE, fingerprint="f1", message_id="m1", reason="malformed", detail="d",
        attempts=1, headers={}, body=b"{}", sealed=False, next_at=None,
    )  # fmt: skip
    return await bench.platform.parked.park(message)


async def replay(bench: RouterBench, parked: str, **who: Any) -> httpx.Response:
    signed = bench.signed_in("supervisor", **who)
    return await bench.http.post(f"/v1/parked/{parked}/replay", headers=signed)


async def recorded(bench: RouterBench) -> list[Doc]:
    return await bench.store.find(AUDIT, {}, limit=9)


async def waiting(bench: RouterBench, id: str) -> bool:
    return await bench.store.get("parked", id) is not None


async def test_a_replay_is_on_record_with_who_and_from_where(
    bench: RouterBench, parked: str, tmp_path: Path
) -> None:
    answer = await replay(bench, parked, id="operator:supervisor")

    assert answer.status_code == 202
    [entry] = await recorded(bench)
    assert (entry["act"], entry["subject"]) == ("parked.replayed", {"kind": "parked", "id": parked})
    assert (entry["by"], entry["role"]) == ("operator:supervisor", "supervisor")
    assert (entry["source"], entry["details"]) == ("127.0.0.1", {"queue": QUEUE})
    [chain] = await verify(bench.store, [tmp_path / "audit"], Terms.of(bench.keys, ()))
    assert (chain.writer, chain.entries, chain.anchors) == ("router", 1, 1)
    assert chain.damage is None


async def test_a_replay_that_failed_is_on_record_too(
    bench: RouterBench, parked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise BrokerDown("gone")

    monkeypatch.setattr(ParkedRelay, "replay", fail)

    assert (await replay(bench, parked)).status_code == 503
    assert len(await recorded(bench)) == 1
    assert await waiting(bench, parked)


async def test_what_cannot_be_put_on_record_is_not_done(
    bench: RouterBench, parked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise AutoReconnect("gone")

    monkeypatch.setattr(Trail, "record", fail)

    assert (await replay(bench, parked)).status_code == 503
    assert await waiting(bench, parked)


async def test_whose_id_is_a_name_learns_why_nothing_was_done(
    bench: RouterBench, parked: str
) -> None:
    answer = await replay(bench, parked, id="王女士")

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["by"]
    assert "王" not in answer.text
    assert await recorded(bench) == []
    assert await waiting(bench, parked)


async def test_without_a_folder_for_its_head_nothing_is_done(
    bench: RouterBench, parked: str, tmp_path: Path
) -> None:
    folder = tmp_path / "audit"
    folder.rmdir()
    folder.write_text("no folder", "utf-8")

    answer = await replay(bench, parked)

    assert answer.status_code == 503
    assert answer.json()["type"].endswith(":not-anchored")
    assert await waiting(bench, parked)


@pytest.mark.parametrize("role", ["agent", "auditor"])
async def test_who_may_not_replay_leaves_no_trace(
    bench: RouterBench, parked: str, role: str
) -> None:
    answer = await bench.http.post(f"/v1/parked/{parked}/replay", headers=bench.signed_in(role))

    assert answer.status_code == 403
    assert await recorded(bench) == []


async def test_what_is_not_parked_is_not_on_record(bench: RouterBench) -> None:
    assert (await replay(bench, "nothing")).status_code == 404
    assert await recorded(bench) == []


async def test_every_service_makes_the_indexes_of_the_audit(bench: RouterBench) -> None:
    found = await bench.store.documents(AUDIT).index_information()

    assert {model.document["name"] for model in KEPT.indexes} <= set(found)


async def test_what_is_too_large_to_be_kept_whole_says_so_and_is_not_sent_again(
    bench: RouterBench,
) -> None:
    exchange = await bench.channel.get_exchange(EVENTS, ensure=False)
    body = b'{"text": "' + b"a" * MAX_REWRITTEN_BYTES + b'"}'
    await exchange.publish(aio_pika.Message(body), "ticket.registered.routine")
    found: list[Doc] = []

    async def is_parked() -> bool:
        found[:] = await bench.store.find("parked", {}, limit=9)
        return bool(found)

    await until(is_parked)

    [entry] = found
    signed = bench.signed_in("supervisor")
    shown = await bench.http.get(f"/v1/parked/{entry['_id']}", headers=signed)
    assert (shown.json()["cut"], shown.json()["bytes"]) == (True, KEPT_OF_HUGE)
    answer = await replay(bench, entry["_id"])
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("not-whole")
    assert await waiting(bench, entry["_id"])
