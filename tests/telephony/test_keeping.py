"""Who rang is kept as long as the policy says; replicas and crashes change nothing."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from hotline import topology
from services.telephony.calls.storage import CALLS
from shared.bus.broker_users import PublisherRights
from shared.calls.facts import Kind
from shared.calls.telling import KEYS
from tests.support.questions import questions
from tests.support.servers import Servers, open_corner
from tests.telephony.bench import Bench, open_bench, plain
from tests.telephony.test_gaps import fact, talking, word


async def test_facts_go_after_a_day_and_numbers_by_the_policy(bench: Bench) -> None:
    then = bench.now()
    call = talking(bench, "1.1", then)
    await bench.tell(*call, fact(bench, Kind.ENDED, then + timedelta(seconds=9), "1.1"))
    [before] = await bench.kept()
    tidying = bench.telephony.app.state.loops._tidying
    await bench.forward(timedelta(hours=25))
    await tidying.forget()
    [kept] = await bench.kept()
    assert kept.facts == ()
    assert (kept.call, kept.index) == (before.call, before.index)
    assert kept.persons.keys() == {"caller"}
    await bench.forward(timedelta(days=90))
    await tidying.forget()
    [kept] = await bench.kept()
    assert (kept.persons, kept.index) == ({}, {})
    assert kept.call == before.call


async def test_whoever_sent_a_call_on_is_forgotten_though_no_caller_is_known(bench: Bench) -> None:
    then = bench.now()
    sent_on = fact(bench, Kind.OFFERED, then, "1.8", line="hotline", diverted_from="13800138009")
    await bench.tell(sent_on, fact(bench, Kind.ENDED, then + timedelta(seconds=9), "1.8"))
    [kept] = await bench.kept()
    assert kept.persons.keys() == {"diverted_from"}
    await bench.forward(timedelta(days=91))
    await bench.telephony.app.state.loops._tidying.forget()
    [kept] = await bench.kept()
    assert (kept.persons, kept.index) == ({}, {})


async def test_what_was_never_heard_being_offered_is_dropped_after_a_day(bench: Bench) -> None:
    await bench.tell(fact(bench, Kind.ENDED, bench.now(), "1.7"))
    [kept] = await bench.kept()
    assert kept.call is None
    answer = await bench.http.get(f"/v1/calls/{kept.id}", headers=bench.signed_in("agent"))
    assert answer.status_code == 404
    await bench.forward(timedelta(hours=25))
    await bench.telephony.app.state.loops._tidying.forget()
    assert await bench.kept() == []


async def test_two_replicas_and_two_listeners_keep_the_same_documents(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("two")) as bench:
            facts = bench.recorded("standby")
            alone = await bench.kept_as(facts)
            await bench.store.remove_many(CALLS.name, {})
            await bench.add_replica()
            both = [*facts, *facts]
            random.Random(3).shuffle(both)
            await bench.tell(*both)
            kept = [plain(each) async for each in bench.calls.walk({})]
            assert sorted(kept, key=lambda k: k.id) == sorted(alone, key=lambda k: k.id)


def test_an_exchanges_publisher_has_the_keys_of_calls_and_others_have_not() -> None:
    known, systems = topology.inbound_keys(), topology.system_keys()
    assert set(KEYS) == known - systems
    assert PublisherRights.of("main", KEYS, known).forbidden == systems


async def test_nothing_that_is_asked_reads_the_calls_through(bench: Bench) -> None:
    then = bench.now() - timedelta(minutes=40)
    at = [then + timedelta(seconds=n) for n in range(100)]
    await bench.tell(
        *talking(bench, "1.1", at[1]),
        fact(bench, Kind.ENDED, at[30], "1.1"),
        *talking(bench, "1.2", at[2]),
        word(bench, "1", at[0], at[10]),
        word(bench, "1", at[20], at[90]),
    )
    lists = ("", "?line=hotline", "?agent=8001", "?outcome=lost", "?from=2026-12-01T00:00:00Z")
    with questions(bench.corner.mongo_url, bench.corner.database) as record:
        await bench.look()
        await bench.telephony.app.state.loops._tidying.forget()
        for query in lists:
            headers = bench.signed_in("supervisor")
            answer = await bench.http.get(f"/v1/calls{query}", headers=headers)
            assert answer.status_code == 200, answer.text
        await bench.http.get("/v1/load", headers=bench.signed_in("manager"))
        asked = [each for each in record.asked() if each.collection in {"calls", "load_quarters"}]
    assert len(asked) > 10
    assert [each.asked for each in asked if "COLLSCAN" in each.plan] == []
