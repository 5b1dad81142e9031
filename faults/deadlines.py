"""Thousands of deadlines within a minute, four routers, and kills: each fires once and in time.

python -m faults.deadlines [--seed N] [--open N] [--deadlines N] [--replicas N]

First one router without kills, then the replicas with kills, over the same tickets and the same
deadlines: what may be late is measured, not guessed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import bson
from rich.console import Console

from bench.clones import AT_ONCE, Template, insert, numbers
from bench.hotline import Hotline, bench_servers, running_hotline
from bench.processes import Process
from faults.ear import Ear
from hotline.embedded.ports import free_ports
from hotline.embedded.process import clean_environment
from shared.contracts.router import ClockBreached
from shared.policy.ladder import BREACH
from shared.policy.plan import Reported, plan
from shared.policy.policy import Policy, build_policy, load_documents
from shared.readers.tickets import rules_of
from shared.store import Store
from shared.store.store import Database
from shared.tickets import TICKET, Clock, Registration, apply, register
from shared.tickets.acts import Dispatch

WITHIN: Final = timedelta(seconds=60)
LEAD: Final = timedelta(seconds=15)
"""Between putting the deadlines in and the first of them."""
KILLS_AT: Final = (12.0, 42.0)
"""Seconds after the first deadline: so that some are due far from any kill."""
JITTER_SECONDS: Final = 2.0
NEAR_A_KILL: Final = timedelta(seconds=10)
SLACK_SECONDS: Final = 2.0
MOST_NEAR_SECONDS: Final = 15.0
SETTLE_SECONDS: Final = 180.0
POLL_SECONDS: Final = 0.5
LIMIT: Final = timedelta(minutes=30)
NUMBER: Final = "HHHHHHHH"
MODEL: Final = datetime(2026, 11, 26, 4, tzinfo=UTC)
"""Number and limit of the ticket that all others are made after."""
TEXT: Final = "楼道灯不亮了，请来修"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One go: how late each deadline fired, by number, and what was wrong."""

    late: dict[str, float]
    near: frozenset[str]
    missing: int
    twice: int
    kills: int

    def p99(self, *, near: bool) -> float:
        """Of those near a kill, or of the others; 0 when there is none."""
        found = [late for number, late in self.late.items() if (number in self.near) is near]
        return statistics.quantiles(found, n=100)[98] if len(found) > 1 else 0.0


def main() -> int:
    """Run; 0 when each fired once and in time."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="of an earlier run, for the same deadlines")
    parser.add_argument("--open", type=int, default=200_000, help="open tickets beside them")
    parser.add_argument("--deadlines", type=int, default=5_000)
    parser.add_argument("--replicas", type=int, default=4)
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    console = Console(width=120 if not sys.stdout.isatty() else None)
    held = asyncio.run(_run(asked, random.Random(seed), console))
    console.print(f"again the same: make faults SEED={seed}", highlight=False)
    return 0 if held else 1


async def _run(asked: argparse.Namespace, chance: random.Random, console: Console) -> bool:
    offsets = sorted(chance.uniform(0, WITHIN.total_seconds()) for _ in range(asked.deadlines))
    with bench_servers() as servers:
        async with running_hotline(servers, name="deadlines", services=()) as hotline:
            store = Store(hotline.database.client, hotline.database.name, service="faults")
            routers = _routers(hotline, asked.replicas)
            try:
                await _start(routers[:1])
                await _fill(store, asked.open, console)
                alone = await _go(store, hotline, routers[:1], offsets, None)
                _tell(console, "one router, no kills", alone)
                await _start(routers[1:])
                beside = await _go(store, hotline, routers, offsets, chance)
                _tell(console, f"{asked.replicas} routers, {beside.kills} kills", beside)
            finally:
                for router in routers:
                    router.kill()
    return _verdict(console, alone, beside)


def _verdict(console: Console, alone: Outcome, beside: Outcome) -> bool:
    most = SLACK_SECONDS + alone.p99(near=False)
    worst = max((beside.late[number] for number in beside.near), default=0.0)
    checks = {
        "each fired": not (alone.missing or beside.missing),
        "none fired twice": not (alone.twice or beside.twice),
        f"p99 of the others at most {most:.1f} s": beside.p99(near=False) <= most,
        f"within 10 s of a kill at most {MOST_NEAR_SECONDS:.0f} s": worst <= MOST_NEAR_SECONDS,
    }
    for what, holds in checks.items():
        console.print(f"  {what}: {'yes' if holds else 'NO'}", highlight=False)
    return all(checks.values())


def _tell(console: Console, what: str, outcome: Outcome) -> None:
    worst = max((outcome.late[number] for number in outcome.near), default=0.0)
    console.print(
        f"{what}: {len(outcome.late)} fired, {outcome.missing} missing, {outcome.twice} twice; "
        f"late p99 {outcome.p99(near=False):.2f} s, greatest {max(outcome.late.values()):.2f} s; "
        f"near a kill {len(outcome.near)}, p99 {outcome.p99(near=True):.2f} s, "
        f"greatest {worst:.2f} s", highlight=False,
    )  # fmt: skip


def _routers(hotline: Hotline, count: int) -> list[Process]:
    """Replicas of the router, as an operator starts them."""
    found = []
    for n, port in enumerate(free_ports(count)):
        environment = {
            **clean_environment("HOTLINE_"),
            **hotline.endpoints.environment(hotline.data),
            "HOTLINE_DATABASE": hotline.database.name,
            "HOTLINE_ROUTER_PORT": str(port),
        }
        log = hotline.data / "logs" / f"router-{n}.log"
        argv = (sys.executable, "-m", "services.router")
        found.append(Process(f"router-{n}", argv, environment=environment, log=log))
    return found


async def _start(routers: Sequence[Process]) -> None:
    """Start them, and return when each looks for deadlines."""
    for router in routers:
        router.start()
    async with asyncio.timeout(SETTLE_SECONDS):
        while not all("serving" in _read(router.log) for router in routers):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


async def _fill(store: Store, count: int, console: Console) -> None:
    """Open tickets whose limits are far away."""
    await store.clock.refresh()
    template = _template(store.clock.now() + timedelta(days=1))
    fresh = numbers()
    for start in range(0, count, AT_ONCE):
        chosen = sorted(next(fresh) for _ in range(min(AT_ONCE, count - start)))
        contents = [template.numbered(template.ticket, number) for number in chosen]
        await insert(store._database, "tickets", contents)
        if (start + AT_ONCE) % 50_000 == 0:
            console.print(f"  {start + AT_ONCE:,} open tickets are there", highlight=False)


def _template(due: datetime) -> Template:
    """A ticket that a department has not accepted, and has to by then."""
    return Template(NUMBER, bson.encode(_moved(_doc(), due - MODEL)))


def _moved(value: Any, by: timedelta) -> Any:
    """A document as it would be, had it happened so much later."""
    match value:
        case datetime():
            return value + by
        case Mapping():
            return {key: _moved(inner, by) for key, inner in value.items()}
        case list():
            return [_moved(inner, by) for inner in value]
        case _:
            return value


@cache
def _doc() -> dict[str, Any]:
    policy, number, due = _policy(), NUMBER, MODEL
    at, rules = due - LIMIT, rules_of(policy)
    made = plan(Reported(text=TEXT, estate="jinyuan"), policy, at)
    new = Registration(number=number, channel="phone", estate="jinyuan", by="desk", told=True)
    ticket = register(new, made, at, rules).ticket
    given = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
    ticket = apply(ticket, given, at, rules).ticket
    assert ticket.next_due == due, "nothing else of it falls due before"
    return TICKET.to_doc(ticket) | {"scrubbed": "", "outbox": [], "made_by": "faults"}


@cache
def _policy() -> Policy:
    """The sample's, with one limit for everything and no warnings before it."""
    documents = load_documents()
    limit = {"for": f"PT{LIMIT.total_seconds():.0f}S", "on": "wall"}
    taxonomy = documents["taxonomy"]
    types = [{**each, "limits": {"normal": {"accept": limit}, "urgent": {"accept": limit}}}
             if each["id"] == "repair" else each for each in taxonomy["types"]]  # fmt: skip
    rules = {**documents["rules"], "warn_at_shares": []}
    return build_policy("faults", {**documents, "taxonomy": {**taxonomy, "types": types},
                                   "rules": rules})  # fmt: skip


async def _go(
    store: Store,
    hotline: Hotline,
    routers: Sequence[Process],
    offsets: Sequence[float],
    chance: random.Random | None,
) -> Outcome:
    """Put the deadlines in, kill meanwhile where a chance is given, and see what came of them."""
    await store.clock.refresh()
    first = store.clock.now() + LEAD
    fresh = numbers()
    due = {next(fresh): first + timedelta(seconds=offset) for offset in offsets}
    models = {number: _template(at) for number, at in due.items()}
    docs = [model.numbered(model.ticket, number) for number, model in models.items()]
    async with Ear(hotline.endpoints.amqp_operator, ClockBreached) as ear:
        await insert(store._database, "tickets", docs)
        kills = await _kill_meanwhile(store, routers, first, chance)
        await _until_fired(store._database, set(due))
        await ear.until_quiet()
        twice = sum(len(ids) > 1 for ids in ear.heard.values())
    fired = await _fired(store._database, list(due))
    late = {number: (at - due[number]).total_seconds() for number, at in fired.items()}
    near = frozenset(
        number for number, at in due.items()
        if any(timedelta(0) <= abs(at - killed) <= NEAR_A_KILL for killed in kills)
    )  # fmt: skip
    return Outcome(late, near & fired.keys(), len(due) - len(fired), twice, len(kills))


async def _kill_meanwhile(
    store: Store, routers: Sequence[Process], first: datetime, chance: random.Random | None
) -> list[datetime]:
    """Wait until the last deadline is due; with a chance, kill half of the routers now and then,
    and start them again at once, as their supervisor would.
    """
    kills: list[datetime] = []
    moments = [
        first + timedelta(seconds=at + chance.uniform(-JITTER_SECONDS, JITTER_SECONDS))
        for at in KILLS_AT if chance is not None
    ]  # fmt: skip
    while store.clock.now() < first + WITHIN:
        await asyncio.sleep(POLL_SECONDS)
        if chance is not None and moments and store.clock.now() >= moments[0]:
            del moments[0]
            for router in chance.sample(list(routers), len(routers) // 2):
                router.kill()
                kills.append(store.clock.now())
                router.start()
    return kills


async def _until_fired(database: Database, numbers_: set[str]) -> None:
    """Return when nothing of them is due any more, or it takes too long: the figures tell."""
    began = time.monotonic()
    while time.monotonic() - began < SETTLE_SECONDS:
        if len(await _fired(database, list(numbers_))) == len(numbers_):
            return
        await asyncio.sleep(POLL_SECONDS)


async def _fired(database: Database, numbers_: Sequence[str]) -> dict[str, datetime]:
    """When the breach of each was put on record, by number."""
    found: dict[str, datetime] = {}
    fields = {"work_orders": 1}
    async for doc in database["tickets"].find({"_id": {"$in": list(numbers_)}}, fields):
        for rung in doc["work_orders"][0]["clocks"][Clock.ACCEPT]["fired"]:
            if rung["level"] == BREACH:
                assert doc["_id"] not in found, f"{doc['_id']} fired twice"
                found[doc["_id"]] = rung["at"]
    return found


if __name__ == "__main__":
    sys.exit(main())
