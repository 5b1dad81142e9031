"""One run: everybody sends, something goes wrong, until all is settled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final, Self
from urllib.parse import urlsplit

from faults.accounts import Accounts
from faults.departments import Departments
from faults.foreign import NodePublisher
from faults.house import DATABASE, House
from faults.kills import Done, Kills
from faults.ledger import Ledger
from faults.plan import Item, Plan
from faults.senders import Desk, PythonPublisher, Sender
from faults.settle import Settling
from faults.verdict import Facts
from faults.watch import Books
from hotline.promises import examine

WINDOW: Final = 400
"""How far what is accepted may run ahead of what is registered."""
PROGRESS_SECONDS: Final = 5.0
COUNT_SECONDS: Final = 0.5
GRACE: Final = timedelta(seconds=1)
"""The auditor judges everything: nothing is under way any more."""

Say = Callable[[str], None]


class Run:
    """One run of a plan in a house."""

    def __init__(self, plan: Plan, house: House, say: Say) -> None:
        self.plan = plan
        self.house = house
        self.ledger = Ledger()
        self.books = Books(house)
        self.kills = Kills(house, self.books, self.ledger)
        self.departments = Departments(house, self.books, self.ledger)
        self.registered = 0
        self._say = say
        self._places = {item: n for n, item in enumerate(plan.items)}
        self._senders = [self._sender(kind) for kind in plan.size.senders]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.books.close()

    async def send(self, *, seconds: float) -> None:
        """Send everything and make every fault; what is not accepted by then is given up, so that
        there is a verdict also where a promise is broken worst.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._send()

    async def _send(self) -> None:
        async with asyncio.TaskGroup() as beside:
            watching = [
                beside.create_task(work())
                for work in (self._count, self._progress, self.departments.work)
            ]
            async with asyncio.TaskGroup() as group:
                for kind, sender in zip(self.plan.size.senders, self._senders, strict=True):
                    items = [item for item in self.plan.items if item.sender == kind]
                    group.create_task(sender.send_all(items))
                group.create_task(self._break())
            for task in watching:
                task.cancel()

    async def settle(self, *, seconds: float) -> Facts:
        """Wait until nothing is under way any more, and have the auditor compare."""
        settling = Settling(self.house, self.books, self.departments)
        working = asyncio.create_task(self.departments.work())
        try:
            await settling.wait(len(self.ledger.names), seconds=seconds, say=self._say)
        finally:
            working.cancel()
        return await self._facts(settling)

    async def _facts(self, settling: Settling) -> Facts:
        user = urlsplit(self.house.endpoints.amqp).username or ""
        accounts = Accounts(self.house.data / "keys.json", user)
        findings = await examine(
            self.house.members.url,
            DATABASE,
            accepted=set(self.ledger.answered.values()),
            confirmed=accounts.confirmed(self.ledger.confirmed.values()),
            delivered=self.house.receivers.by_id(),
            grace=GRACE,
        )
        unsent = len(self.plan.items) - self.ledger.accepted
        not_made = self.plan.faults[len(self.kills.done) :]
        left = {"never accepted": range(unsent), "faults not made": not_made}
        return Facts(
            findings=findings,
            done=self.kills.done,
            cries=self.kills.outage.cries,
            planned_kills=self.plan.kills,
            expected=len(self.ledger.names),
            tickets=await self.books.count("tickets") or 0,
            left={**settling.left, **{what: found for what, found in left.items() if found}},
            troubles=self.ledger.faults,
        )

    def _sender(self, kind: str) -> Sender:
        url = self.house.endpoints.amqp
        match kind:
            case "desk":
                return Desk(self.house.clients, self.ledger, self._has_room)
            case "python":
                return PythonPublisher(url, self.ledger, self._has_room)
            case _:
                return NodePublisher(url, self.ledger, self._has_room)

    def _has_room(self, item: Item) -> bool:
        """Nobody runs far ahead of what is registered or of the slowest sender, nor past the next
        fault: so that every fault meets everybody at work.
        """
        upto = [fault.at for fault in self.plan.faults[len(self.kills.done) :]]
        early = not upto or self.ledger.accepted < upto[0]
        slowest = min((self._places[s.next] for s in self._senders if s.next), default=0)
        abreast = self._places[item] - slowest < WINDOW
        return early and abreast and len(self.ledger.names) - self.registered < WINDOW

    async def _break(self) -> None:
        for fault in self.plan.faults:
            while self.ledger.accepted < fault.at:  # noqa: ASYNC110 - it is counted
                await asyncio.sleep(0.05)
            self._say(f"  {fault}")
            done = await self.kills.make(fault)
            self._say(
                f"      all consume after {done.well_after:.1f} s; in sending "
                f"{len(done.sending)}; {_met(done)}{done.missing or ''}"
            )

    async def _count(self) -> None:
        while True:
            if (found := await self.books.count("tickets")) is not None:
                self.registered = found
            await asyncio.sleep(COUNT_SECONDS)

    async def _progress(self) -> None:
        while True:
            self._say(self.progress())
            await asyncio.sleep(PROGRESS_SECONDS)

    def progress(self) -> str:
        """One line on how far it is."""
        seconds = time.monotonic() - self.ledger.began
        ledger, kills = self.ledger, self.kills
        return (
            f"{seconds:6.0f} s  accepted {ledger.accepted}/{len(self.plan.items)}  "
            f"registered {self.registered}  repeated {ledger.repeats}  "
            f"faults {len(kills.done)}/{len(self.plan.faults)}  killed {kills.killed}  "
            f"messages taken {len(self.house.receivers.taken)}"
        )


def _met(done: Done) -> str:
    return "" if done.met is None else f"met {done.met} "
