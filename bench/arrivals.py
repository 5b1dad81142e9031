"""Emergencies as they arrive: at chance moments, by turns over HTTP and under the urgent key.

Nobody waits for the last one to be through before crying for help. An emergency's time is from the
moment it is sent until the mail server has the first alert about it. Then somebody acknowledges, as
people do, and the desk withdraws it: nobody here does the work, and the chains and clocks of those
before would call people beside each new one, after three minutes four times as many as arrive.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bench.alarms import Alarms
from bench.hotline import Broken, Hotline
from bench.scraping import metrics_of, summed
from bench.traffic import Traffic, as_body
from bench.wire import wire_to
from hotline.demo.clients import Clients
from hotline.token import make_token
from tests.support.bench import until

MEAN_GAP_SECONDS: Final = 0.3
LONGEST_GAP_SECONDS: Final = 1.5
GIVE_UP_SECONDS: Final = 60.0
AT_ONCE_SECONDS: Final = 0.3
"""Told within so long after an alert, a stage's count has little in it that came later."""
CALM_SECONDS: Final = 4 * AT_ONCE_SECONDS
"""After an emergency routine work is at its full speed again by then."""
TELLING_SECONDS: Final = 0.1
TELLING_TRIES: Final = 8
COUNTING_TRIES: Final = 5
STAGES: Final = ("intake", "router", "notifier")
HTTP, QUEUE = DOORS = ("HTTP", "queue")
BEGUN: Final = "hotline_begun_total"
CONSUMED: Final = "hotline_consumed_total"


@dataclass(frozen=True, slots=True)
class Emergency:
    """One emergency that was heard: by which door it came, and when."""

    number: str
    door: str
    sent: float


@dataclass(frozen=True, slots=True)
class Telling:
    """How many routine messages a stage has begun, and when it said so (monotonic seconds)."""

    count: float
    at: float

    def rate_since(self, earlier: Telling) -> float:
        """How many a second since it was told before."""
        return (self.count - earlier.count) / (self.at - earlier.at)

    def count_at(self, moment: float, rate: float) -> float:
        """How many it has begun by a moment after the telling, at this rate."""
        return self.count + rate * max(moment - self.at, 0.0)


@dataclass(frozen=True, slots=True)
class Counted:
    """Routine messages that each stage began during one emergency, and a second before it."""

    begun: Mapping[str, float]
    rates: Mapping[str, float]


class Arrivals:
    """Sends emergencies to one hotline."""

    def __init__(self, hotline: Hotline, clients: Clients, alarms: Alarms, seed: int) -> None:
        self._hotline = hotline
        self._clients = clients
        self._alarms = alarms
        self._traffic = Traffic(seed)
        self._token = make_token(hotline.data, role="agent")

    async def many(self, count: int, moments: random.Random) -> list[Emergency]:
        """Send so many, whatever becomes of the others; all of them, once somebody is alerted.

        Some come in bursts, and the longest waits are theirs: from the same `moments` the bursts
        are the same ones.
        """
        sent = []
        for n in range(count):
            sent.append(asyncio.create_task(self.one(by_queue=bool(n % 2))))
            gap = moments.expovariate(1 / MEAN_GAP_SECONDS)
            await asyncio.sleep(min(gap, LONGEST_GAP_SECONDS))
        return list(await asyncio.gather(*sent))

    async def one(self, *, by_queue: bool) -> Emergency:
        """Send one and wait until somebody is alerted."""
        emergency = await (self._publish() if by_queue else self._post())
        await self._until_alerted(emergency)
        await self._end(emergency)
        return emergency

    async def _until_alerted(self, emergency: Emergency) -> None:
        try:
            await until(lambda: self._alarms.first(emergency.number), seconds=GIVE_UP_SECONDS)
        except TimeoutError:
            raise Broken(
                f"nobody was alerted of {emergency.number} in {GIVE_UP_SECONDS:.0f} s"
            ) from None

    async def _end(self, emergency: Emergency) -> None:
        """Acknowledge it, say that it is none and withdraw it, so that no chain and no clock runs
        on.
        """
        ticket = f"/v1/tickets/{emergency.number}"
        for service, path, body in (
            ("router", f"/v1/emergencies/{emergency.number}/acknowledge", {}),
            ("intake", f"{ticket}/reclassify", {"no_danger": True, "reason": "measured"}),
            ("intake", f"{ticket}/cancel", {}),
        ):
            answer = await self._clients.call("POST", service, path, role="supervisor", json=body)
            if not answer.is_success:
                raise Broken(f"{path}: {answer.status_code} {answer.text}")

    async def _post(self) -> Emergency:
        body = as_body(self._traffic.emergency())
        headers = {"authorization": f"Bearer {self._token}", "idempotency-key": uuid.uuid4().hex}
        async with wire_to(self._hotline.endpoints.services["intake"], headers) as wire:
            sent = time.monotonic()
            answer = await wire.ask("POST", "/v1/tickets", body=body)
        return Emergency(json.loads(answer.body)["number"], HTTP, sent)

    async def _publish(self) -> Emergency:
        report = self._traffic.emergency()
        sent = time.monotonic()
        answer = await self._clients.report(report, key="ticket.report.urgent")
        return Emergency(answer["number"], QUEUE, sent)

    async def counted(self) -> Counted:
        """Send one while nothing else is urgent, and tell how many routine messages each stage
        began meanwhile.

        A busy stage takes a while to tell its count, and each another one. What it began between
        its telling and the sending, at its rate of that moment, is not the emergency's; what it
        began from the alert to its next telling, before anybody acknowledges, is left in. Where
        that telling came late, the house had gone on, and another one is sent.
        """
        for _ in range(COUNTING_TRIES):
            counted, late = await self._count_one()
            if late < AT_ONCE_SECONDS:
                break
        return counted

    async def _count_one(self) -> tuple[Counted, float]:
        """One emergency, and how long after the alert the last stage told its count."""
        calm = await self._tellings()
        await asyncio.sleep(CALM_SECONDS)
        before = await self._tellings_at_once()
        emergency = await self._post()
        await self._until_alerted(emergency)
        after = await self._tellings()
        await self._end(emergency)
        rates = {stage: before[stage].rate_since(calm[stage]) for stage in STAGES}
        begun = {
            stage: after[stage].count - before[stage].count_at(emergency.sent, rates[stage])
            for stage in STAGES
        }
        alerted = self._alarms.first(emergency.number) or emergency.sent
        return Counted(begun, rates), max(telling.at for telling in after.values()) - alerted

    async def _tellings_at_once(self) -> dict[str, Telling]:
        """What all stages tell within a moment of each other, if they ever do."""
        for _ in range(TELLING_TRIES):
            told = await self._tellings()
            moments = [telling.at for telling in told.values()]
            if max(moments) - min(moments) < TELLING_SECONDS:
                break
        return told

    async def _tellings(self) -> dict[str, Telling]:
        async def told(stage: str) -> tuple[str, Telling]:
            # Over connections that are there: to make one takes as long as an emergency.
            address = self._hotline.endpoints.services[stage]
            page = (await self._clients.http.get(f"{address}/metrics")).text
            at = time.monotonic()
            return stage, Telling(_routine_begun(page), at)

        return dict(await asyncio.gather(*(told(stage) for stage in STAGES)))

    async def begun(self) -> dict[str, float]:
        """How many routine messages each stage has begun since it started."""
        pages = await metrics_of(self._hotline, STAGES)
        return {stage: _routine_begun(page) for stage, page in pages.items()}

    def delays(self, emergencies: list[Emergency], *, door: str) -> list[float]:
        """Milliseconds until somebody was alerted, of those that came through one door."""
        return [
            (self._alarms.first(e.number) or e.sent) * 1000 - e.sent * 1000
            for e in emergencies
            if e.door == door
        ]

    def delays_of_all(self, emergencies: list[Emergency]) -> list[float]:
        """Milliseconds until everybody was alerted who is called at the same moment."""
        return [(self._alarms.last(e.number) or e.sent) * 1000 - e.sent * 1000 for e in emergencies]


def _routine_begun(page: str) -> float:
    """Deliveries of the routine lane that were begun; those that ended, where only they count."""
    begun = summed(page, BEGUN, by="lane")
    if begun:
        return begun.get("routine", 0)
    ended = summed(page, CONSUMED, by="queue")
    return sum(n for queue, n in ended.items() if not queue.endswith(".urgent"))
