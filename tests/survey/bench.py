"""The survey as a test runs it: replicas, the events it says, and residents' pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from services.survey.app import build
from services.survey.settings import SurveySettings
from shared.contracts import Lane
from shared.contracts.intake import TicketAnswered, TicketClosed
from shared.identity import sign_link
from shared.policy.plan import Reported, plan
from shared.readers.tickets import rules_of
from shared.telemetry import metrics
from shared.tickets import Registration, Ticket, register
from shared.tickets.acts import Act
from tests.support.bench import Replica, ServiceBench, handled, opened, until
from tests.support.servers import Corner

QUEUES = ("survey.tickets.urgent", "survey.tickets.routine")


@dataclass
class Bench(ServiceBench):
    """Replicas of the survey over one broker and database, and what they publish."""

    @property
    def survey(self) -> Replica:
        return self.replicas[0]

    async def add_replica(self) -> Replica:
        return await self.serve(await build(self.settings_of(SurveySettings)))

    async def say(
        self,
        event: TicketClosed | TicketAnswered,
        *,
        version: int = 7,
        lane: Lane = "routine",
        at: datetime | None = None,
    ) -> None:
        """Say what intake would say of a ticket's document at this version."""
        await self.publish(event, id=f"ticket/{event.number}/{version}/0", lane=lane, at=at)

    async def handle(self, *events: TicketClosed | TicketAnswered, **how: Any) -> None:
        """Publish and return when all were handled."""
        before = handled(QUEUES)
        for event in events:
            await self.say(event, **how)
        await until(lambda: handled(QUEUES) >= before + len(events))

    async def asked(self, id: str) -> None:
        """Return when the question of a round is there: what is said of the ticket beside it may
        have been handled first.
        """

        async def is_there() -> bool:
            return await self.store.get("surveys", id) is not None

        await until(is_there)

    async def docs(self) -> list[dict[str, Any]]:
        return await self.store.find("surveys", {}, limit=1000)

    async def doc(self, id: str) -> dict[str, Any]:
        doc = await self.store.get("surveys", id)
        assert doc is not None
        return doc

    async def put_answered(
        self, number: str, *, ago: timedelta = timedelta(), owner: str | None = None
    ) -> None:
        """A ticket of jinyuan that ended with an answer on the call."""
        policy, now = self.survey.platform.policy, self.now() - ago
        new = Registration(
            number=number, channel="phone", estate="jinyuan", by="agent-7", told=True,
            answered=True, owner=owner,
        )  # fmt: skip
        planned = plan(Reported("物业费怎么交", "jinyuan"), policy, now)
        applied = register(new, planned, now, rules_of(policy.at("jinyuan")))
        assert await self.survey.platform.tickets.insert(applied, {})

    async def act(self, number: str, *acts: Act) -> None:
        """Have done to a ticket what the other services would do, one after the other."""
        for act in acts:

            def chosen(_ticket: Ticket, _now: datetime, act: Act = act) -> Act:
                return act

            await self.survey.platform.tickets.change(number, chosen)

    def link(self, survey: str) -> str:
        return f"/s/{sign_link('survey', survey, self.survey.platform.keys.link)}"

    async def ask(self, number: str = "JY0001", **facts: Any) -> str:
        """Have somebody asked; the address of their page."""
        await self.handle(closed(number, **facts))
        return self.link(f"{number}-1")


def closed(number: str = "JY0001", **facts: Any) -> TicketClosed:
    """A repair of a lift in jinyuan that is over and told."""
    usual: dict[str, Any] = {
        "outcome": "told", "estate": "jinyuan", "type": "repair", "area": "elevator",
    }  # fmt: skip
    return TicketClosed(number=number, **{**usual, **facts})


def counted(score: int) -> float:
    return float(metrics.SURVEY_ANSWERS.labels(score=score)._value.get())


@asynccontextmanager
async def open_bench(corner: Corner, folder: Path) -> AsyncIterator[Bench]:
    async with opened(Bench, corner, folder) as bench:
        await bench.listen("survey.#")
        await bench.add_replica()
        yield bench
