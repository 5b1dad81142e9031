"""A storm of messages while providers fail and the notifier dies: everybody is told, and once.

python -m faults.messages [--messages N] [--kills N] [--seed N]

Requests come in and are worked to their end, so that callers and staff get messages. Of these one
in five is refused by its provider and the receipt of one in fifty is lost, and the notifier is
killed in between. Then a mass message is stopped while it goes out.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final

from rich.console import Console
from typing_extensions import override

from bench.hotline import Broken, Hotline, bench_servers, running_hotline
from faults.providers import TEXTS, Providers
from faults.receivers import Receivers, running_receivers
from faults.texting import PROVIDER
from faults.told import Told, Verdict, judge
from hotline.demo.clients import Clients, Json, until
from hotline.promises import KINDS, examine
from hotline.service import SERVICES
from shared.documents import Doc
from tests.support.servers import Servers

A_TICKET: Final = 4
"""Messages of a ticket: it is registered, given to somebody, and done; then the caller is asked how
it went, or somebody else hears that one of these reached nobody.
"""
ESTATES: Final = ("jinyuan", "binjiang")
TEXTS_OF: Final = (
    "{n}号楼{m}层楼道灯不亮了，请来修", "{n}号楼{m}层楼道很脏，请保洁来打扫",
    "{n}号楼门口的草坪秃了一块，请补种", "{n}号楼单元门禁刷卡没反应，请来修",
)  # fmt: skip
MASS_AT: Final = "cuihu"
NO_WATER: Final = "停水了，家里一点水都没有"
MASS_SECONDS: Final = 2.0
"""How long a provider takes for a letter of a mass message: many are left when it is stopped."""
GONE_BEFORE_A_STOP: Final = 0.2
STOPPED_WITHIN: Final = 5.0
"""Seconds after which nothing of what was stopped leaves any more."""
LOOKED_ON: Final = 3.0
AT_ONCE: Final = 8
POLL_SECONDS: Final = 0.25
WORK_SECONDS: Final = 1_800.0
SETTLE_SECONDS: Final = 180.0
GRACE: Final = timedelta(seconds=1)
"""The auditor judges everything: nothing is under way any more."""
POLICY: Final = """
rules:
  busy_from: 100
  quiet_hours: null
  messages_in_a_minute: null
  receipt_within: PT20S
  taken_is_enough: [mail]
"""
ENVIRONMENT: Final = {
    "HOTLINE_NOTIFIER_SENDING_LIMIT": "PT12S",
    "HOTLINE_NOTIFIER_SMTP_TIMEOUT": "PT10S",
    "HOTLINE_NOTIFIER_WEBHOOK_TIMEOUT": "PT10S",
    "HOTLINE_NOTIFIER_WEBHOOK_PLAIN_HOSTS": "127.0.0.1",
    "HOTLINE_NOTIFIER_SMTP_HOST": "127.0.0.1",
}
_TOLD: Final = ("number", "purpose", "recipient", "status", "facts.person")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Mass:
    """A mass message that was stopped: how many there were, how they stand, and how many left
    before the stop, soon after it, and later.
    """

    total: int
    standing: Counter[str]
    left: tuple[int, int, int]

    @property
    def faults(self) -> list[str]:
        """What of a stop does not hold."""
        found = []
        if self.left[2]:
            found.append(f"{self.left[2]} left more than {STOPPED_WITHIN:.0f} s after the stop")
        if self.standing.total() != self.total:
            found.append(f"{self.standing.total()} of {self.total} are accounted for")
        if waiting := self.standing["pending"] + self.standing["held"]:
            found.append(f"{waiting} still wait")
        if not self.left[0] or not self.standing["stopped"]:
            found.append("nothing had left, or nothing was stopped: it shows nothing")
        return found

    @override
    def __str__(self) -> str:
        before, soon, later = self.left
        return (
            f"a mass message of {self.total}: {dict(self.standing)}; left before the stop {before},"
            f" within {STOPPED_WITHIN:.0f} s {soon}, later {later}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a storm came to."""

    verdict: Verdict
    killed: int
    brought: int
    audited: tuple[str, ...]
    mass: Mass

    @property
    def faults(self) -> tuple[str, ...]:
        """Everything that does not hold."""
        return (*self.verdict.faults, *self.audited, *self.mass.faults)

    @override
    def __str__(self) -> str:
        verdict = self.verdict
        return (
            f"{verdict.by_status.total()} messages {dict(verdict.by_status)}, "
            f"brought {self.brought} times, {self.killed} kills; unknown {len(verdict.unknown)}, "
            f"of the staff refused with the word of it {len(verdict.unheard)}, to callers failed "
            f"and not told by telephone {verdict.not_rung_up}; {self.mass}; "
            f"{len(self.faults)} faults"
        )


def main() -> int:
    """Run; 0 when everybody was told, and once."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--messages", type=int, default=5_000, help="about so many, rather more")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, help="of an earlier run, for the same fates")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    say = partial(Console(width=120 if not sys.stdout.isatty() else None).print, highlight=False)
    with bench_servers() as servers:
        outcome = asyncio.run(
            blow(servers, messages=asked.messages, kills=asked.kills, seed=seed, say=say)
        )
    for fault in outcome.faults:
        say(f"  {fault}")
    for id in outcome.verdict.unknown:
        say(f"  unknown: {id}")
    say(str(outcome))
    say(f"again the same: python -m faults.messages --seed {seed}")
    return 1 if outcome.faults else 0


async def blow(
    servers: Servers, *, messages: int, kills: int, seed: int, mass: int = 150, say: Say
) -> Outcome:
    """A storm of so many messages, and a mass message, on a hotline of its own."""
    providers = Providers(seed)
    async with (
        providers.running(),
        running_receivers() as mail,
        running_hotline(
            servers,
            name=f"told{seed}",
            services=(),
            overlay=POLICY,
            environment={
                **ENVIRONMENT,
                PROVIDER: providers.address(TEXTS),
                "HOTLINE_NOTIFIER_SMTP_PORT": str(mail.mail_port),
            },
            notifier="faults.texting",
        ) as hotline,
        Clients(hotline.endpoints, hotline.data) as clients,
    ):
        providers.notifier = hotline.endpoints.services["notifier"]
        await _give_webhooks(hotline, providers)
        await hotline.start(*SERVICES)
        storm = Storm(hotline, clients, providers, mail, say)
        await storm.work(-(-messages // A_TICKET), kills)
        verdict = await storm.settle()
        audited = await _audit(hotline)
        brought = len(providers.brought) + len(mail.taken)
        stopped = await stop_a_mass(clients, providers, mass)
    return Outcome(verdict, storm.killed, brought, audited, stopped)


async def _give_webhooks(hotline: Hotline, providers: Providers) -> None:
    """Everybody on a duty list has a webhook beside their mail."""
    rosters = hotline.database["rosters"]
    async for roster in rosters.find({"people": {"$exists": True}}):
        given = {
            f"people.{turn}.webhook": providers.address(f"to/{person['id']}")
            for turn, person in enumerate(roster["people"])
        }
        await rosters.update_one({"_id": roster["_id"]}, {"$set": given})
    await rosters.update_one({"_id": "head"}, {"$inc": {"revision": 1}})


@dataclass
class Storm:
    """One storm as it goes on."""

    hotline: Hotline
    clients: Clients
    providers: Providers
    mail: Receivers
    say: Say
    killed: int = 0
    is_worked: bool = False
    in_sending: set[str] = field(default_factory=set)
    """What was being handed over at a kill."""

    async def work(self, tickets: int, kills: int) -> None:
        """Register and finish so many, with so many kills in between."""
        async with asyncio.timeout(WORK_SECONDS), asyncio.TaskGroup() as group:
            group.create_task(self._kill(tickets * A_TICKET, kills))
            group.create_task(self._register(tickets))
            await self._until_done(tickets)
            self.is_worked = True

    async def _register(self, tickets: int) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(n: int) -> None:
            block, floor = n % 40 + 1, n // 40 + 1
            report = {
                "estate": ESTATES[n % len(ESTATES)],
                "text": TEXTS_OF[n % len(TEXTS_OF)].format(n=block, m=floor),
                "caller": {"name": "常丽", "phone": f"1380013{n:04}",
                           "room": f"{block}-1-{floor}01"},
            }  # fmt: skip
            async with gate:
                answer = await self.clients.post_ticket(report)
            if "number" not in answer:
                raise Broken(f"{report['text']} was answered {answer}")

        await asyncio.gather(*(one(n) for n in range(tickets)))

    async def _work_on(self) -> int:
        """Finish what somebody has; how many there were."""
        given = {"status": "dispatched", "estate": {"$in": ESTATES}}
        found = await self._tickets.find(given, {"work_orders": 1}).to_list(100)
        gate = asyncio.Semaphore(AT_ONCE)

        async def finish(ticket: Doc) -> None:
            async with gate:
                for order in ticket["work_orders"]:
                    named = {"id": order["id"], **{k: order[k] for k in ("assignee", "department")}}
                    for act in ("accept", "resolve"):
                        await self.clients.work(named, act)

        await asyncio.gather(*(finish(ticket) for ticket in found))
        return len(found)

    async def _until_done(self, tickets: int) -> None:
        done = {"status": {"$in": ["resolved", "closed"]}, "estate": {"$in": ESTATES}}
        while await self._tickets.count_documents(done) < tickets:
            await self._work_on()
            await asyncio.sleep(POLL_SECONDS)

    async def _kill(self, messages: int, kills: int) -> None:
        """Kill the notifier when so many letters more were brought, or no more come."""
        for n in range(1, kills + 1):
            upto = messages * n // (kills + 1)
            while len(self.providers.brought) < upto and not self.is_worked:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await self._kill_once()

    async def _kill_once(self) -> None:
        notifier = self.hotline.processes["notifier"]
        await asyncio.to_thread(notifier.kill)
        self.killed += 1
        # What it had sent to the database arrives within this.
        await asyncio.sleep(POLL_SECONDS)
        self.in_sending |= {doc["_id"] for doc in await self._messages({"status": "sending"})}
        await self.hotline.start("notifier")
        self.say(f"kill {self.killed}: {len(self.in_sending)} were being handed over at one; "
                 f"brought {len(self.providers.brought)}")  # fmt: skip

    async def settle(self) -> Verdict:
        """Wait until nothing is wrong any more, or long enough; what is wrong then."""
        verdict = await self._judge()
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while verdict.faults or await self._unsaid():
                    await asyncio.sleep(1)
                    verdict = await self._judge()
        return verdict

    async def _judge(self) -> Verdict:
        found = await self._tickets.find({"estate": {"$in": ESTATES}}, {"status": 1}).to_list(None)
        tickets = {doc["_id"]: doc["status"] for doc in found}
        live = {"why": "tell", "state": {"$in": ["planned", "open"]}}
        tasks = await self.hotline.database["follow_ups"].find(live, {"number": 1}).to_list(None)
        told = [Told.from_doc(doc) for doc in await self._messages({})]
        shown = self.providers.shown()
        shown.update({(id, "mail"): times for id, times in self.mail.by_id().items()})
        return judge(told, shown, tickets, {t["number"] for t in tasks}, self.in_sending)

    async def _unsaid(self) -> bool:
        """Whether any event is still to be said: what follows of it is to come."""
        unsaid = {"outbox.0": {"$exists": True}}
        kept = ("tickets", "messages", "follow_ups")
        return any([await self.hotline.database[c].count_documents(unsaid) for c in kept])

    async def _messages(self, query: Doc) -> list[Doc]:
        fields = dict.fromkeys(_TOLD, 1)
        return await self.hotline.database["messages"].find(query, fields).to_list(None)

    @property
    def _tickets(self) -> Any:
        return self.hotline.database["tickets"]


async def _audit(hotline: Hotline) -> tuple[str, ...]:
    """What the auditor of the promises finds broken."""
    await asyncio.sleep(2 * GRACE.total_seconds())
    findings = await examine(hotline.servers.mongo.url, hotline.database.name, grace=GRACE)
    broken = findings.of(*(kind for kind in KINDS if kind.breaks))
    return tuple(f"{found.kind.code} {found.id}: {found.why}" for found in broken)


async def stop_a_mass(clients: Clients, providers: Providers, households: int) -> Mass:
    """Announce an outage to so many households, and stop it while it goes out."""
    made = await _desk(clients, "/v1/incidents", estate=MASS_AT, area="plumbing", buildings=[])
    incident = str(made["id"])
    for n in range(households):
        caller = {"name": "常丽", "phone": f"1380013{9_999 - n}", "room": f"{n + 1}-1-101"}
        await clients.post_ticket({"estate": MASS_AT, "text": NO_WATER, "caller": caller})

    async def linked() -> Json | None:
        answer = await clients.call("GET", "router", f"/v1/incidents/{incident}", role="supervisor")
        found: Json = answer.json()
        return found if found["reachable"] == households else None

    await until(linked, f"{households} households are linked")
    providers.seconds = MASS_SECONDS
    await _desk(clients, f"/v1/incidents/{incident}/announce", at_most=households)

    def left() -> list[float]:
        return [each.at for each in providers.brought if each.purpose == "outage"]

    async def has_begun() -> bool | None:
        return True if len(left()) >= households * GONE_BEFORE_A_STOP else None

    await until(has_begun, "the mass message goes out")
    before = time.monotonic()
    brake = await _desk(
        clients, "/v1/messages/brakes", service="notifier", kind="stop", incident=incident
    )
    stopped = time.monotonic()
    await asyncio.sleep(STOPPED_WITHIN + LOOKED_ON)
    answer = await clients.call("GET", "notifier", "/v1/messages/brakes", role="supervisor")
    shown = next(each for each in answer.json()["items"] if each["id"] == brake["id"])
    times = left()
    return Mass(
        households,
        Counter(shown["messages"]),
        (
            sum(at < before for at in times),
            sum(before <= at < stopped + STOPPED_WITHIN for at in times),
            sum(at >= stopped + STOPPED_WITHIN for at in times),
        ),
    )


async def _desk(clients: Clients, path: str, *, service: str = "router", **body: Any) -> Json:
    answer = await clients.call("POST", service, path, role="supervisor", json=body)
    if not answer.is_success:
        raise Broken(f"{path} was answered {answer.text}")
    found: Json = answer.json()
    return found


if __name__ == "__main__":
    sys.exit(main())
