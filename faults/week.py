"""A week of tickets, played live by moving the clock: each clock's rungs are as a reference says.

python -m faults.week [--tickets N] [--days N] [--seed N]

People act on some of the tickets and never on others; in between everybody's clock moves by
minutes, hours or a day and a half. Whenever the services have done all that is due, every write of
every ticket so far is compared with the reference (`called`).
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from rich.console import Console
from typing_extensions import override

from bench.hotline import Broken, Hotline, bench_servers, running_hotline
from faults.called import Called
from faults.ear import Ear
from faults.requests import Request, requests
from faults.staff import Staff
from hotline.demo.clients import Clients
from hotline.demo.time import forward, time_of
from hotline.promises import KINDS, examine
from hotline.service import SERVICES
from shared.contracts.router import ClockBreached, ClockWarned
from shared.documents import Doc
from shared.policy.policy import build_policy, sample_documents
from shared.readers.tickets import TICKETS, rules_of
from shared.store.group_commit import Documents
from shared.store.store import Database
from shared.tickets import Ticket
from tests.support.deadline_reference import PEOPLE, SAMPLE, Minutes, Reference
from tests.support.servers import Servers

SHORTEST: Final = timedelta(minutes=2)
LONGEST: Final = timedelta(hours=36)
AT_ONCE: Final = 0.5
"""How often people act as soon as the clock has moved, perhaps before the router has looked."""
JUST_DUE: Final = 0.3
NEAREST: Final = 10
"""The move goes to one of so many that fall due next."""
POLICY: Final = "rules: {busy_from: 100, messages_in_a_minute: null, quiet_hours: null}"
"""So that the duty list alone says who comes next."""
SETTLE_SECONDS: Final = 90.0
GIVEN_SECONDS: Final = 45.0
"""Somebody has a ticket by then, or a person is asked."""
POLL_SECONDS: Final = 0.25
DAY: Final = timedelta(days=1)
MONTH: Final = timedelta(days=30)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a week came to."""

    tickets: int
    acts: Counter[str]
    refused: int
    clocks: int
    warned: int
    broken: int
    handed_over: int
    differences: tuple[str, ...]

    @override
    def __str__(self) -> str:
        return (
            f"{self.tickets} tickets, {self.acts.total()} acts and {self.refused} refused, "
            f"{self.clocks} clocks, {self.warned} warned, {self.broken} broken, "
            f"{self.handed_over} handed over, {len(self.differences)} differences"
        )


def main() -> int:
    """Run; 0 when everything was called as the reference says."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--tickets", type=int, default=200)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--seed", type=int, help="of an earlier run, for the same week")
    asked = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if asked.seed is None else asked.seed
    say = partial(Console(width=120 if not sys.stdout.isatty() else None).print, highlight=False)
    with bench_servers() as servers:
        outcome = asyncio.run(
            play(servers, tickets=asked.tickets, days=asked.days, seed=seed, say=say)
        )
    for difference in outcome.differences:
        say(f"  {difference}")
    say(str(outcome))
    say(f"again the same: python -m faults.week --seed {seed}")
    return 1 if outcome.differences else 0


async def play(servers: Servers, *, tickets: int, days: int, seed: int, say: Say) -> Outcome:
    """Play so many tickets and days on a hotline of its own, which is thrown away."""
    async with running_hotline(servers, name=f"week{seed}", services=(), overlay=POLICY) as hotline:
        called = _called(datetime.now(UTC) - MONTH)
        async with (
            _following(hotline.database, called),
            Ear(hotline.endpoints.amqp_operator, ClockWarned, ClockBreached) as ear,
            Clients(hotline.endpoints, hotline.data) as clients,
        ):
            await hotline.start(*SERVICES)
            chance = random.Random(seed)
            week = Week(hotline, clients, called, Staff(clients, chance), chance, say)
            await week.play(requests(chance, tickets, days * DAY), days * DAY)
            await ear.until_quiet()
            called.hear(ear.heard)
            findings = await examine(hotline.servers.mongo.url, hotline.database.name)
    broken = findings.of(*(kind for kind in KINDS if kind.breaks))
    return week.outcome(tuple(f"{found.kind.code} {found.id}: {found.why}" for found in broken))


def _called(since: datetime) -> Called:
    """A reference for each ticket by the sample's policy and duty list, and its calendar's days."""
    policy = build_policy("sample", sample_documents())
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    calendar = policy.calendar
    minutes = Minutes(midnight, calendar.days_off, calendar.make_up_workdays)

    def reference_of(ticket: Ticket) -> Reference:
        return Reference(SAMPLE, PEOPLE.get(ticket.estate or "", {}), minutes)

    return Called(lambda estate: rules_of(policy.at(estate)), reference_of)


@asynccontextmanager
async def _following(database: Database, called: Called) -> AsyncIterator[None]:
    """Hand over every write of a ticket while the block lasts, whole and in its order."""
    # With these the store gives out the whole document after each write, however small it was.
    images = {"enabled": True}
    await database.create_collection(TICKETS.name, changeStreamPreAndPostImages=images)
    over = asyncio.Event()
    async with database[TICKETS.name].watch(full_document="required") as writes:
        await writes.try_next()  # from here on none is missed

        async def follow() -> None:
            while not over.is_set():
                if (write := await writes.try_next()) is not None:
                    called.take(TICKETS.from_doc(write["fullDocument"]))

        following = asyncio.create_task(follow())
        try:
            yield
        finally:
            over.set()
            await following


@dataclass
class Week:
    """One week as it goes on."""

    hotline: Hotline
    clients: Clients
    called: Called
    staff: Staff
    chance: random.Random
    say: Say
    worked: list[str] = field(default_factory=list)
    """Numbers of the tickets on which somebody acts, in the order in which they came."""
    forgotten: set[str] = field(default_factory=set)
    """Numbers of those that nobody has, which were noted."""

    @property
    def _tickets(self) -> Documents:
        return self.hotline.database[TICKETS.name]

    async def play(self, coming: list[Request], span: timedelta) -> None:
        """Play all that comes within a span, until it is over and everything has settled."""
        begun = now = await self._settle()
        days = 0
        while True:
            await self._register(coming, now - begun)
            await self._settle()
            await self._act(now)
            now = await self._settle()
            while days < (now - begun) // DAY:
                days += 1
                self.say(f"day {days}: {self.outcome()}")
            if now >= begun + span:
                return
            step = min(self._step(now), begun + span - now)
            await forward(self.hotline.endpoints, self.hotline.database, self.clients, step)
            if self.chance.random() < AT_ONCE:
                await self._act(await time_of(self.hotline.endpoints))
            now = await self._settle()

    async def _act(self, now: datetime) -> None:
        await self.staff.act_on([self.called.tickets[number] for number in self.worked], now)

    def _step(self, now: datetime) -> timedelta:
        """As often a few minutes as a few hours as a day and more; now and then just until
        something falls due, since long ones pass over what warns.
        """
        dues = sorted(due for ticket in self.called.tickets.values() if (due := ticket.next_due))
        if dues and self.chance.random() < JUST_DUE:
            until = self.chance.choice(dues[:NEAREST]) - now
            return min(max(until + timedelta(seconds=1), timedelta(seconds=1)), LONGEST)
        shortest, longest = SHORTEST.total_seconds(), LONGEST.total_seconds()
        chosen = self.chance.uniform(math.log(shortest), math.log(longest))
        return timedelta(seconds=round(math.exp(chosen)))

    async def _register(self, coming: list[Request], passed: timedelta) -> None:
        while coming and coming[0].after <= passed:
            request = coming.pop(0)
            answer = await self.clients.post_ticket(request.report)
            if answer.get("emergency") is not False:
                raise Broken(f"{request.report['text']} was answered {answer}")
            if request.is_worked:
                self.worked.append(str(answer["number"]))

    async def _settle(self) -> datetime:
        """Wait until the services have done all that is due, and judge it; the time then."""
        await self._until_given()
        left: list[Doc] = []
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                now = await time_of(self.hotline.endpoints)
                while left := await self._under_way(now):
                    await asyncio.sleep(POLL_SECONDS)
                    now = await time_of(self.hotline.endpoints)
                await self._caught_up()
        except TimeoutError as error:
            raise Broken(f"not settled within {SETTLE_SECONDS:.0f} s: {left}") from error
        self.hotline.check()
        self.called.check(now)
        return now

    async def _until_given(self) -> None:
        """Wait until every ticket is somebody's, or waits for a person; note those of which neither
        comes true, once.
        """
        left: list[Doc] = []
        with suppress(TimeoutError):
            async with asyncio.timeout(GIVEN_SECONDS):
                while left := await self._nobodys():  # noqa: ASYNC110 - nobody calls back
                    await asyncio.sleep(POLL_SECONDS)
        for doc in left:
            number = doc["_id"]
            self.forgotten.add(number)
            entries = self.called.tickets[number].timeline
            acts = (" ".join(filter(None, (e.transition, e.order, e.note))) for e in entries)
            self.called.differ(f"{number}: nobody has it, and no person is asked, after "
                               f"{', '.join(acts)}")  # fmt: skip

    async def _nobodys(self) -> list[Doc]:
        """Tickets that nobody has, and of which no person is asked to whom they go."""
        nobodys = {"status": "registered", "held": None, "_id": {"$nin": sorted(self.forgotten)}}
        return await self._tickets.find(nobodys, {"_id": 1}).to_list(None)

    async def _under_way(self, now: datetime) -> list[Doc]:
        """Tickets of which something is due, or unsaid."""
        due, unsaid = {"next_due": {"$lte": now, "$type": "date"}}, {"outbox.0": {"$exists": True}}
        fields = {"status": 1, "next_due": 1}
        return await self._tickets.find({"$or": [due, unsaid]}, fields).to_list(None)

    async def _caught_up(self) -> None:
        """Return when every write that is in the store was compared."""
        found = self._tickets.find({}, {"version": 1})
        written = {doc["_id"]: doc["version"] for doc in await found.to_list(None)}
        while any(not self._has_taken(*each) for each in written.items()):  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)

    def _has_taken(self, number: str, version: int) -> bool:
        ticket = self.called.tickets.get(number)
        return ticket is not None and ticket.version >= version

    def outcome(self, audited: tuple[str, ...] = ()) -> Outcome:
        """What it came to so far, with what the auditor of the promises found."""
        called = self.called
        return Outcome(
            len(called.tickets), self.staff.done, self.staff.refused, called.clocks, called.warned,
            called.broken, called.handed_over, (*called.differences, *audited),
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
