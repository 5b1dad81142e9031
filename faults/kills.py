"""The second hand: makes each fault of the plan, and notes what was being sent at that moment."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from pymongo.errors import PyMongoError

from faults.house import House
from faults.ledger import Ledger
from faults.members import Member
from faults.outage import Outage
from faults.plan import Fault, Item
from faults.proxy import Side
from faults.senders import PythonPublisher
from faults.watch import Books, until_well
from faults.wires import Wire

WELL_SECONDS: Final = 90.0
"""A queue without its consumer for longer than this after a fault is a finding."""
SETTLE_SECONDS: Final = 0.1
"""What a killed process had sent to the database arrives within this."""
FULL_AT: Final = 2
FULL_QUEUES: Final = r"^intake\.(triage|arrivals\.urgent)$"
NACK_SECONDS: Final = 30.0
DELAY_SECONDS: Final = 0.3
SLOW_SECONDS: Final = 3.0
"""How long the mail server thinks while the notifier is about to be killed."""
MAIL_SECONDS: Final = 20.0
"""Within this the notifier has a mail to hand over while requests come in."""


@dataclass(slots=True)
class Done:
    """A fault that was made: when, what was being sent then, and how long until all consumed."""

    fault: Fault
    at: float
    kills: int = 0
    sending: set[str] = field(default_factory=set)
    mended_after: float = 0.0
    well_after: float = 0.0
    """Seconds until the broken part was there again, and until every queue had its consumers."""
    missing: list[str] = field(default_factory=list)
    met: int | None = None
    """Connections that a cut concerned, or publishes that a full queue refused; None for faults
    that cannot miss."""


class Kills:
    """Makes faults, one after the other."""

    def __init__(self, house: House, books: Books, ledger: Ledger) -> None:
        self._house = house
        self._books = books
        self._ledger = ledger
        self.outage = Outage(house, ledger)
        self.done: list[Done] = []

    @property
    def killed(self) -> int:
        """How many processes were ended by -9 so far."""
        return sum(done.kills for done in self.done)

    async def make(self, fault: Fault) -> Done:
        """Make one fault, mend what was broken, and return when everything consumes again."""
        done = Done(fault, time.monotonic() - self._ledger.began)
        self.done.append(done)
        before = await self._books.in_sending() or set()
        await self._act(done)
        done.mended_after = time.monotonic() - self._ledger.began - done.at
        done.sending |= before | await self._sending_of(datetime.now(UTC))
        _, missing = await until_well(self._house, seconds=WELL_SECONDS)
        # A primary may be elected only now, and what is claimed meanwhile is cut off as well.
        done.sending |= await self._sending_of(datetime.now(UTC))
        done.well_after = time.monotonic() - self._ledger.began - done.at
        done.missing = [*missing.queues, *missing.services]
        return done

    async def _sending_of(self, moment: datetime) -> set[str]:
        """What was claimed by then and is still not decided, once the database can be asked."""
        while True:
            if (found := await self._books.in_sending(begun_before=moment)) is not None:
                return found
            await asyncio.sleep(SETTLE_SECONDS)

    async def _act(self, done: Done) -> None:
        acts: dict[str, Callable[[Done], Awaitable[None]]] = {
            "service": self._service,
            "broker": self._broker,
            "member": self._member,
            "database": self._database,
            "step_down": self._step_down,
            "wire": self._wire,
            "full_queue": self._full_queue,
            "alarm": self._alarm,
            "no_broker": self._no_broker,
        }
        await acts[done.fault.kind](done)

    async def _service(self, done: Done) -> None:
        """Kill services at the same moment; the notifier in the middle of a mail."""
        if "notifier" in done.fault.targets:
            self._house.receivers.seconds = SLOW_SECONDS
            await self._until_sending(datetime.now(UTC))
        for name in done.fault.targets:
            done.kills += self.kill_service(name)
        self._house.receivers.seconds = 0
        await asyncio.sleep(SETTLE_SECONDS)

    async def _until_sending(self, slow_since: datetime) -> None:
        """Return when a message is being handed over that the mail server is slow to take, or none
        comes. One that it had begun to take before may be told by the time of the kill.
        """
        for _ in range(round(MAIL_SECONDS / SETTLE_SECONDS)):
            if await self._books.in_sending(begun_after=slow_since):
                return
            await asyncio.sleep(SETTLE_SECONDS)

    def kill_service(self, name: str) -> int:
        """End a service's process now; 0 when it is just not running."""
        child = self._house.service(name).child
        if child is None or not child.is_running():
            return 0
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
            return 1
        return 0

    async def _broker(self, done: Done) -> None:
        self._house.broker.node.kill()
        done.kills += 1
        await asyncio.sleep(done.fault.seconds)
        await self._house.broker.start()

    async def _member(self, done: Done) -> None:
        primary = await self._house.members.until_primary()
        others = [m for m in self._house.members.members if m is not primary]
        await self._kill_members(done, primary if "primary" in done.fault.targets else others[0])

    async def _database(self, done: Done) -> None:
        await self._kill_members(done, *self._house.members.members)
        await self._house.members.until_primary()

    async def _step_down(self, done: Done) -> None:
        primary = await self._house.members.until_primary()
        with suppress(PyMongoError):  # it ends our connection as well
            await asyncio.to_thread(
                primary.ask, "replSetStepDown", 20, secondaryCatchUpPeriodSecs=5, force=True
            )
        await self._kill_members(done, primary)

    async def _kill_members(self, done: Done, *members: Member) -> None:
        for member in members:
            member.kill()
            done.kills += 1
        await asyncio.sleep(done.fault.seconds)
        await self._house.members.restart(members)

    async def _wire(self, done: Done) -> None:
        wires = await self._wires(done.fault.targets[0])
        match done.fault.how:
            case "cut":
                done.met = sum([await wire.cut() for wire in wires])
            case "half_near" | "half_far":
                side: Side = "near" if done.fault.how == "half_near" else "far"
                done.met = sum([await wire.half_close(side) for wire in wires])
            case "delay":
                await self._while(wires, done.fault.seconds, DELAY_SECONDS)
            case _:
                for wire in wires:
                    await wire.shut()
                await asyncio.sleep(done.fault.seconds)
                for wire in wires:
                    await wire.open()

    async def _while(self, wires: list[Wire], seconds: float, delay: float) -> None:
        for wire in wires:
            await wire.delay(delay)
        await asyncio.sleep(seconds)
        for wire in wires:
            await wire.delay(0)

    async def _wires(self, where: str) -> list[Wire]:
        members = self._house.members
        match where:
            case "broker":
                return [self._house.broker.wire]
            case "database":
                return list(members.wires)
            case _:
                primary = await members.until_primary()
                return [w for m, w in zip(members.members, members.wires, strict=True)
                        if m is primary]  # fmt: skip

    async def _full_queue(self, done: Done) -> None:
        """Nobody takes from intake's queues and few fit in: publishers are refused, and repeat."""
        before, ours = self._ledger.nacks, Ledger()
        filling = PythonPublisher(self._house.endpoints.amqp, ours, lambda _: True)
        await self._house.broker.limit(FULL_QUEUES, FULL_AT)
        until = time.monotonic() + NACK_SECONDS
        while self._ledger.nacks + ours.nacks == before and time.monotonic() < until:
            done.kills += self.kill_service("intake")
            # Senders may wait for what intake would register: so we send again what they sent.
            for item in self._sent_by_queue():
                await filling.send_once(item)
            await asyncio.sleep(0.5)
        await self._house.broker.limit(FULL_QUEUES, None)
        await filling.drop()
        done.met = self._ledger.nacks + ours.nacks - before

    def _sent_by_queue(self) -> list[Item]:
        """A few reports that the broker confirmed: to send them again changes nothing."""
        kinds = {"routine", "emergency"}
        found = (item for item in self._ledger.confirmed.values() if item.kind in kinds)
        return list(islice(found, 2 * FULL_AT))

    async def _alarm(self, done: Done) -> None:
        await self._house.broker.alarm(on=True)
        await asyncio.sleep(done.fault.seconds)
        await self._house.broker.alarm(on=False)

    async def _no_broker(self, done: Done) -> None:
        self._house.broker.node.kill()
        done.kills += 1
        await self._house.broker.wire.shut()
        await self.outage.last(done.fault.seconds)
        await self._house.broker.wire.open()
        await self._house.broker.start()
