"""A quarter of an hour of calls, heard by two adapters and kept by two replicas, of each of which
one is killed; scraped each second. The figures are those of whoever drew the calls.

python -m faults.calls [--minutes N] [--seed N]

An exchange plays them as they happen: a burst, and a time in which every agent refuses. Afterwards
Prometheus is asked for the whole, the quarter hours are compared one by one, and every number that
rang is looked for in the store, the broker's queues, the logs and the series.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from rich.console import Console
from rich.table import Table

from bench.hotline import Broken, Hotline, bench_servers, running_hotline
from bench.processes import Process
from faults.drawn import COUNTED, T_S, Figures, drawn, figures_of
from faults.prometheus import Prometheus, scraping
from hotline import topology
from hotline.embedded.ports import free_ports
from hotline.embedded.process import clean_environment
from hotline.search import search_everywhere
from hotline.service import ALL, MODULES
from hotline.service import EXCHANGE as EXCHANGE_SERVICE
from services.telephony.calls.storage import CALLS
from services.telephony.exchange.fake import SECRET, FakeExchange
from services.telephony.exchange.fake_habits import Fate
from services.telephony.exchange.fake_script import Says
from services.telephony.load.domain import QuarterLoad
from services.telephony.load.storage import LOAD_QUARTERS
from shared.bus.broker_users import BrokerUsers, PublisherRights
from shared.calls.quarters import quarter_of
from tests.support.servers import Servers

EXCHANGE: Final = "demo"
DOCUMENT: Final = (
    Path(__file__).parents[1] / "services" / "telephony" / "exchange" / "fake_exchange.yaml"
)
BEGINS_AFTER: Final = timedelta(seconds=20)
SETTLE_SECONDS: Final = 60.0
AWAY_SECONDS: Final = 10.0
CLOSE_S: Final = 0.05
"""Between a drawn time and what the exchange and the store say of it."""
READY_SECONDS: Final = 60.0
LONGEST_EXTENSION: Final = 6


def main() -> int:
    """Run; 0 when every figure is as it was drawn."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--seed", type=int, help="of an earlier run, for the same calls")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    console = Console(width=120 if not sys.stdout.isatty() else None)
    with bench_servers() as servers:
        wrong = asyncio.run(play(servers, asked.minutes, seed, console))
    for each in wrong:
        console.print(f"  {each}", highlight=False)
    console.print("calls: every figure is as drawn" if not wrong else "calls: NOT as drawn")
    console.print(f"again the same: python -m faults.calls --seed {seed}", highlight=False)
    return 1 if wrong else 0


async def play(servers: Servers, minutes: float, seed: int, console: Console) -> list[str]:
    """Play on a hotline of its own; what is not as it was drawn."""
    async with running_hotline(servers, name=f"calls{seed}", services=ALL) as hotline:
        begin = datetime.now(UTC) + BEGINS_AFTER
        day = drawn(begin, minutes, seed)
        steps = day.drawn()
        console.print(f"[dim]{len(day.fates)} calls in {minutes:g} minutes[/]")
        async with (
            _replica(hotline) as second,
            FakeExchange(steps, listeners=2) as fake,
            _adapters(hotline, fake) as adapters,
            scraping(hotline.data, [_target(hotline), second.target]) as prometheus,
        ):
            since = time.time()
            await _kills(begin, minutes, second, adapters[0], console)
            await fake.ended.wait()
            await _settled(hotline, len(day.fates))
            found = await _scraped(prometheus, since, minutes)
            truth = figures_of(day.fates, minutes * 60)
            _show(console, truth, found)
            wrong = truth.apart(found) + await _wrong_quarters(hotline, day.fates)
            numbers = _numbers(steps)
            if not await search_everywhere(hotline.endpoints, hotline.data, numbers):
                wrong.append("a number that rang was found in clear; the table above says where")
            hotline.check()
            return wrong


async def _kills(
    begin: datetime, minutes: float, second: _Second, adapter: Process, console: Console
) -> None:
    """At a quarter a replica of telephony, at half one of the adapters; the replica comes back."""
    span = timedelta(minutes=minutes)
    await _until(begin + span / 4)
    await asyncio.to_thread(second.process.kill)
    console.print("[dim]killed a replica of telephony[/]")
    await asyncio.sleep(min(AWAY_SECONDS, span.total_seconds() / 10))
    second.process.start()
    await _until(begin + span / 2)
    await asyncio.to_thread(adapter.kill)
    console.print("[dim]killed one of the two adapters[/]")


async def _until(at: datetime) -> None:
    await asyncio.sleep(max(0.0, (at - datetime.now(UTC)).total_seconds()))


@dataclass(frozen=True, slots=True)
class _Second:
    """Another replica of telephony."""

    process: Process
    target: str


@asynccontextmanager
async def _replica(hotline: Hotline) -> AsyncIterator[_Second]:
    [port] = free_ports(1)
    environment = {
        **clean_environment("HOTLINE_"),
        **hotline.endpoints.environment(hotline.data),
        "HOTLINE_DATABASE": hotline.database.name,
        "HOTLINE_TELEPHONY_PORT": str(port),
    }
    log = hotline.data / "logs" / "telephony-2.log"
    argv = (sys.executable, "-m", "services.telephony")
    process = Process("telephony-2", argv, environment=environment, log=log)
    process.start()
    try:
        await _answers(f"http://127.0.0.1:{port}/readyz", process)
        yield _Second(process, f"127.0.0.1:{port}")
    finally:
        process.kill()


@asynccontextmanager
async def _adapters(hotline: Hotline, fake: FakeExchange) -> AsyncIterator[list[Process]]:
    """Two that listen to the same exchange, under its own broker user."""
    assert hotline.endpoints.management is not None, "the bench has a broker of its own"
    users = BrokerUsers(hotline.endpoints.amqp_operator, hotline.endpoints.management)
    keys = topology.inbound_keys() - topology.system_keys()
    rights = PublisherRights.of(EXCHANGE, keys, topology.inbound_keys())
    address = await users.make_publisher(rights, secrets.token_urlsafe(24))
    made = [_adapter(hotline, fake, address, n, port) for n, port in enumerate(free_ports(2), 1)]
    try:
        for each in made:
            each.start()
        yield made
    finally:
        for each in made:
            each.kill()


def _adapter(hotline: Hotline, fake: FakeExchange, address: str, n: int, port: int) -> Process:
    environment = {
        **clean_environment("HOTLINE_"),
        "HOTLINE_EXCHANGE_PORT": str(port),
        "HOTLINE_EXCHANGE_NAME": EXCHANGE,
        "HOTLINE_EXCHANGE_DOCUMENT": str(DOCUMENT),
        "HOTLINE_EXCHANGE_LISTENER": str(n),
        "HOTLINE_EXCHANGE_AMQP_URL": address,
        "HOTLINE_EXCHANGE_MANAGER_PORT": str(fake.port),
        "HOTLINE_EXCHANGE_MANAGER_SECRET": SECRET,
    }
    log = hotline.data / "logs" / f"exchange-{n}.log"
    argv = (sys.executable, "-m", MODULES[EXCHANGE_SERVICE])
    return Process(f"exchange-{n}", argv, environment=environment, log=log)


async def _answers(url: str, process: Process) -> None:
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(READY_SECONDS):
        while True:
            with suppress(httpx.HTTPError):
                if (await http.get(url)).is_success:
                    return
            if not process.is_running():
                raise Broken(f"{process.name} does not become ready; see {process.log}")
            await asyncio.sleep(0.1)


def _target(hotline: Hotline) -> str:
    return urlsplit(hotline.endpoints.services["telephony"]).netloc


async def _settled(hotline: Hotline, calls: int) -> None:
    """Return when all calls are kept, over and counted; Broken when they never are."""
    kept = hotline.database[CALLS.name]
    over = {"call.ended_at": {"$ne": None}, "buckets": []}
    began = time.monotonic()
    while (done := await kept.count_documents(over)) < calls:
        if time.monotonic() - began > SETTLE_SECONDS:
            raise Broken(f"only {done} of {calls} calls are over and counted")
        await asyncio.sleep(0.5)
    await asyncio.sleep(2)  # one more scrape of each


async def _scraped(prometheus: Prometheus, since: float, minutes: float) -> Figures:
    """The whole by PromQL."""
    now = time.time()
    over = f"[{round(now - since)}s]"

    async def grown(series: str) -> float:
        return await prometheus.value(f"sum(increase({series}{over}))", now)

    became = await prometheus.values(
        f"sum by (outcome) (increase(hotline_calls_total{over}))", "outcome", now
    )
    offered = await grown("hotline_calls_offered_total")
    wait = "hotline_call_wait_seconds"
    answered = await grown(f'{wait}_count{{outcome="answered"}}')
    reaching = '{outcome=~"answered|abandoned|timed_out|blocked"}'
    handle = await grown("hotline_call_handle_seconds_sum")
    handled = await grown("hotline_call_handle_seconds_count")
    seconds = minutes * 60
    gave_up = became.get("abandoned", 0.0) + became.get("abandoned_greeting", 0.0)
    return Figures(
        offered=offered,
        became={name: became.get(name, 0.0) for name in COUNTED},
        reached=await grown(f'{wait}_bucket{{outcome="answered",le="{T_S}"}}')
        / await grown(f"{wait}_count{reaching}"),
        asa_s=await grown(f'{wait}_sum{{outcome="answered"}}') / answered,
        abandonment=gave_up / offered,
        offered_load=offered / seconds * handle / handled,
        carried_load=handle / seconds,
    )


async def _wrong_quarters(hotline: Hotline, fates: Sequence[Fate]) -> list[str]:
    """Quarter hours that are not exactly what was drawn."""
    found = [
        LOAD_QUARTERS.shape.from_doc(doc)
        async for doc in hotline.database[LOAD_QUARTERS.name].find()
    ]
    kept = {each.quarter: each for each in found if each.offered}
    drawn_in: Mapping[datetime, list[Fate]] = defaultdict(list)
    for fate in fates:
        drawn_in[quarter_of(fate.offered_at)].append(fate)
    wrong = [f"quarter {at:%H:%M}: nobody rang then" for at in kept.keys() - drawn_in.keys()]
    for at, of_it in sorted(drawn_in.items()):
        wrong += _unlike(at, of_it, kept.get(at))
    return wrong


def _unlike(at: datetime, fates: Sequence[Fate], kept: QuarterLoad | None) -> list[str]:
    if kept is None:
        return [f"quarter {at:%H:%M}: {len(fates)} rang, and it is not there"]
    became = dict(Counter(fate.became for fate in fates))
    waits = sorted(fate.wait_s for fate in fates if fate.became == "answered")
    said = []
    if (kept.offered, dict(kept.outcomes)) != (len(fates), became):
        said.append(f"quarter {at:%H:%M}: {kept.offered} {dict(kept.outcomes)} for {became}")
    pairs = zip(kept.answered_after, waits, strict=False)
    if len(waits) != len(kept.answered_after) or any(abs(a - b) > CLOSE_S for a, b in pairs):
        said.append(f"quarter {at:%H:%M}: its waits are not those that were drawn")
    return said


def _numbers(steps: Sequence[object]) -> list[bytes]:
    """Every number that a caller came with, in all that may be left of it."""
    shown = {
        step.block["CallerIDNum"]
        for step in steps
        if isinstance(step, Says) and step.block["Event"] == "Newchannel"
    }
    return sorted(each.lstrip("0").encode() for each in shown if len(each) > LONGEST_EXTENSION)


def _show(console: Console, truth: Figures, found: Figures) -> None:
    table = Table("figure", "drawn", "Prometheus")
    for name in ("offered", "reached", "asa_s", "abandonment", "offered_load", "carried_load"):
        table.add_row(name, f"{getattr(truth, name):.4g}", f"{getattr(found, name):.4g}")
    for name in COUNTED:
        table.add_row(f"  {name}", f"{truth.became[name]:.0f}", f"{found.became[name]:.1f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
