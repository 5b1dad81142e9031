"""Erasure covers calls: who rang is forgotten with the ticket's caller."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.domain import KeptCall, link
from services.telephony.queues import ERASURES
from shared.contracts.intake import TicketPersonErased
from tests.support.bench import handled, until
from tests.telephony.bench import Bench
from tests.telephony.test_callbacks import NUMBER, OTHER, follow, reached, vain

FIRST, SECOND = "23456789", "34567892"


async def erased(bench: Bench, number: str, *, why: str, person: str = "caller") -> None:
    event = TicketPersonErased(number=number, estate="jinyuan", person=person, why=why)
    await bench.publish(event, id=f"erased/{number}/{why}/{person}")


async def calls(bench: Bench) -> dict[str, KeptCall]:
    return {kept.channel: kept for kept in await bench.kept()}


async def until_forgotten(bench: Bench, channel: str) -> None:
    async def is_forgotten() -> bool:
        return not (await calls(bench))[channel].persons

    await until(is_forgotten)


@pytest.fixture
async def rung(bench: Bench) -> Bench:
    """Twice in vain, then answered with two tickets; and somebody else."""
    began = bench.now() - timedelta(minutes=30)
    await bench.tell(
        *vain(bench, "1.1", began),
        *vain(bench, "1.2", began, OTHER),
        *reached(bench, "1.3", began + timedelta(minutes=2)),
    )
    await follow(bench)
    call = (await calls(bench))["1.3"].id
    for number in (FIRST, SECOND):
        await bench.calls.change(call, lambda kept, _, n=number: link(kept, n, danger=False))  # type: ignore[misc]
    return bench


async def test_who_asks_to_be_erased_is_forgotten_in_all_calls_of_the_number(rung: Bench) -> None:
    await erased(rung, FIRST, why="privacy_request")
    await until_forgotten(rung, "1.3")
    found = await calls(rung)
    assert (found["1.1"].persons, found["1.1"].index) == ({}, {})
    assert found["1.3"].call is not None
    assert found["1.2"].persons.keys() == {"caller"}
    backs = await rung.store.find(CALLBACKS.name, {}, limit=10)
    assert [back["calls"] for back in backs] == [[found["1.2"].id]]
    written = str(await rung.store.find("calls", {}, limit=10)) + str(backs)
    assert str(rung.platform.index.phone(NUMBER)) not in written


async def test_a_call_is_kept_as_long_as_one_of_its_tickets(rung: Bench) -> None:
    tickets, before = rung.store.documents("tickets"), handled([ERASURES.name])
    rest: dict[str, Any] = {"persons": {}}
    await tickets.insert_many([{"_id": FIRST, **rest}, {"_id": SECOND, "persons": {"caller": 1}}])
    await erased(rung, FIRST, why="retention", person="on_site_contact")
    await erased(rung, FIRST, why="retention")
    await erased(rung, "45678923", why="retention")
    await until(lambda: handled([ERASURES.name]) >= before + 3)
    assert (await calls(rung))["1.3"].persons
    await tickets.update_one({"_id": SECOND}, {"$set": rest})
    await erased(rung, SECOND, why="retention")
    await until_forgotten(rung, "1.3")
    assert (await calls(rung))["1.1"].persons
    await tickets.delete_many({})
