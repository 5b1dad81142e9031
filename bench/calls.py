"""Calls: what telephony costs at five calls a second beside tickets, how soon a telephone that
rings is told of, and whether a storm and a batch of facts leave every call and quarter hour exact.

Facts go to the broker as the exchange's own user would tell them, each when it happens. What is
kept afterwards is compared with what all that was told comes to by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from rich.console import Console

from bench import complaints
from bench.exchange import Exchange, Popped, Told, listening, open_exchange
from bench.hotline import Hotline, bench_servers, running_hotline
from bench.plan import Plan
from bench.processes import cpu_seconds
from bench.results import Line, Result
from bench.ringing import Calls
from bench.slices import percentile
from bench.traffic import Traffic
from hotline.demo.clients import Clients
from services.telephony.calls.domain import Bucket, without_numbers
from services.telephony.calls.storage import CALLS
from services.telephony.load.domain import QuarterLoad, loaded
from services.telephony.load.storage import LOAD_QUARTERS
from shared.calls.call import Call
from shared.calls.fold import fold_all
from shared.calls.quarters import busy_by_quarter, quarter_of

TELEPHONY: Final = "telephony"
A_SECOND: Final = 5.0
STORM_A_SECOND: Final = 20.0
TICKETS_A_SECOND: Final = 5.0
SHARE: Final = 25.0
"""Of one core, in percent, at five calls a second."""
POP_MS: Final = 1000.0
LONG_ENOUGH_S: Final = 1.0
CAUGHT_UP_SECONDS: Final = 60.0
GIVE_UP_SECONDS: Final = 300.0
LOOK_SECONDS: Final = 0.5
WARM_UP_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What telephony has after all of it, beside what was told."""

    calls: int
    wrong_calls: Sequence[str]
    quarters: int
    wrong_quarters: Sequence[str]


@dataclass(frozen=True, slots=True)
class Rang:
    """Milliseconds from each telephone's first ring, as it was told, until it was said, and how
    many rang for a second or more and nobody was told. Of one picked up at once nothing is said.
    """

    pops: Sequence[float]
    missed: int


async def measure(plan: Plan, console: Console) -> Result:
    """Calls beside tickets, then a storm with a batch, then what is kept."""
    with bench_servers() as servers:
        async with (
            running_hotline(servers) as hotline,
            Clients(hotline.endpoints, hotline.data) as clients,
            open_exchange(hotline) as exchange,
            listening(hotline) as popped,
        ):
            await asyncio.sleep(WARM_UP_SECONDS)
            told, share = await _calls(hotline, clients, exchange, plan, console)
            caught_up = await _until_caught_up(hotline, told)
            kept = await _kept(hotline, told)
            hotline.check()
            rang = await _rang(hotline, told, popped)
            return _result(hotline, plan, told, share, caught_up, kept, rang)


async def _calls(
    hotline: Hotline, clients: Clients, exchange: Exchange, plan: Plan, console: Console
) -> tuple[Told, float]:
    """All calls, and the percentage of a core that telephony used before the storm."""
    told, calls = Told(), Calls(plan.seed)
    tickets = asyncio.create_task(_tickets(clients, plan.seed))
    try:
        console.print(f"[dim]calls: {A_SECOND:.0f} a second for {plan.call_seconds:.0f} s[/]")
        pid = hotline.processes[TELEPHONY].pid
        before, began = cpu_seconds(pid), time.monotonic()
        await exchange.ring(calls, told, A_SECOND, plan.call_seconds)
        share = (cpu_seconds(pid) - before) / (time.monotonic() - began) * 100
        console.print(f"[dim]calls: {STORM_A_SECOND:.0f} a second for {plan.storm_seconds:.0f} s, "
                      f"and {plan.batch_facts:,} facts at once[/]")  # fmt: skip
        await exchange.ring(calls, told, STORM_A_SECOND, plan.storm_seconds)
        await exchange.tell_at_once(calls, told, plan.batch_facts)
        await exchange.until_all_told()
        told.ended_at = time.monotonic()
    finally:
        tickets.cancel()
        await asyncio.gather(tickets, return_exceptions=True)
    return told, share


async def _tickets(clients: Clients, seed: int) -> None:
    """Requests as they come by telephone, until cancelled; slow answers hold nobody up."""
    traffic, running = Traffic(seed), set[asyncio.Task[Any]]()
    while True:
        sent = asyncio.create_task(clients.post_ticket(traffic.routine()))
        running.add(sent)
        sent.add_done_callback(running.discard)
        await asyncio.sleep(1 / TICKETS_A_SECOND)


async def _until_caught_up(hotline: Hotline, told: Told) -> float:
    """Seconds from the last fact until all are kept and counted; as long as it is waited."""
    calls = hotline.database[CALLS.name]
    facts = [{"$group": {"_id": None, "n": {"$sum": {"$size": "$facts"}}}}]
    while (taken := time.monotonic() - told.ended_at) < GIVE_UP_SECONDS:
        [kept] = await calls.aggregate(facts).to_list(1) or [{"n": 0}]
        if kept["n"] >= len(told.facts) and not await calls.find_one(
            {"buckets.0": {"$exists": True}}
        ):
            break
        await asyncio.sleep(LOOK_SECONDS)
    return taken


async def _kept(hotline: Hotline, told: Told) -> Kept:
    """Compare each call and each quarter hour with what was told."""
    expected = {call.call: call for call in fold_all(map(without_numbers, told.facts))}
    docs = await hotline.database[CALLS.name].find().to_list(None)
    found = {each.channel: each.call for each in map(CALLS.shape.from_doc, docs)}
    wrong = [id for id in expected | found if expected.get(id) != found.get(id)]
    counted = {each.id: replace(each, version=0) async for each in _quarters(hotline)}
    due = _expected_quarters(list(expected.values()))
    wrong_quarters = [id for id in due | counted if due.get(id) != counted.get(id)]
    return Kept(len(found), wrong, len(counted), wrong_quarters)


async def _quarters(hotline: Hotline) -> Any:
    async for doc in hotline.database[LOAD_QUARTERS.name].find():
        yield LOAD_QUARTERS.shape.from_doc(doc)


def _expected_quarters(calls: Sequence[Call]) -> dict[str, QuarterLoad]:
    buckets = {Bucket(call.line, quarter_of(call.offered_at)) for call in calls}
    for call in calls:
        buckets |= {Bucket(call.line, quarter) for quarter in busy_by_quarter([call])}
    made = [loaded(bucket, calls) for bucket in buckets]
    return {each.id: each for each in made}


async def _rang(hotline: Hotline, told: Told, popped: Popped) -> Rang:
    """Compare what was said of ringing telephones with what was told."""
    names = {}
    async for doc in hotline.database[CALLS.name].find({}, {"channel": True}):
        names[doc["_id"]] = doc["channel"]
    seen = {(names.get(id, ""), agent): at for (id, agent), at in popped.seen.items()}
    pops = [(seen[ring] - at) * 1000 for ring, at in told.rang.items() if ring in seen]
    missed = [
        ring
        for ring in told.rang.keys() - seen.keys()
        if told.rang_for.get(ring, LONG_ENOUGH_S) >= LONG_ENOUGH_S
    ]
    return Rang(pops, len(missed))


def _result(
    hotline: Hotline, plan: Plan, told: Told, share: float, caught_up: float, kept: Kept,
    rang: Rang,
) -> Result:  # fmt: skip
    pops, missing = rang.pops, rang.missed
    late = caught_up >= GIVE_UP_SECONDS
    pop = percentile(pops, 95) if pops else float("inf")
    result = Result(
        figures={
            "telephony_share": share,
            "call_pop_p95_ms": pop,
            "calls_caught_up_seconds": caught_up,
        }
    )
    result.lines = [
        Line(f"telephony at {A_SECOND:.0f} calls/s and {TICKETS_A_SECOND:.0f} tickets/s, of a core",
             f"{share:.1f} %", f"≤ {SHARE:.0f} %", share <= SHARE),
        Line("telephone rings → said, p50, p95",
             f"{percentile(pops, 50) if pops else 0:.0f} ms, {pop:.0f} ms", f"≤ {POP_MS:.0f} ms",
             pop <= POP_MS),
        Line(f"caught up after {STORM_A_SECOND:.0f} calls/s and {plan.batch_facts:,} facts at once",
             f"{caught_up:.1f} s", f"≤ {CAUGHT_UP_SECONDS:.0f} s", caught_up <= CAUGHT_UP_SECONDS),
        Line("calls that are not as they were told", f"{len(kept.wrong_calls)} of {kept.calls:,}",
             "0", not kept.wrong_calls),
        Line("quarter hours that are not exact", f"{len(kept.wrong_quarters)} of {kept.quarters}",
             "0", not kept.wrong_quarters),
    ]  # fmt: skip
    if late:
        result.broken.append(f"not all facts were kept and counted within {GIVE_UP_SECONDS:.0f} s")
    for what, wrong in (("call", kept.wrong_calls), ("quarter hour", kept.wrong_quarters)):
        if wrong:
            result.broken.append(f"{len(wrong)} times a {what} is not as told, such as {wrong[:3]}")
    if missing:
        result.broken.append(f"{missing} telephones rang for a second and nobody was told")
    result.details = {"facts": len(told.facts), "calls": kept.calls, "pops": len(pops)}
    complaints.tell(result, hotline.complaints())
    return result
