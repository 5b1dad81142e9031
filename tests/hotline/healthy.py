"""A store as healthy services leave it: some requests on every way, settled, everything stopped.

All four services run in this process on real servers; what they wrote is kept as documents, and
each test puts them into a database of its own and breaks what it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx

from services.intake.app import build as build_intake
from services.intake.settings import IntakeSettings
from services.notifier.app import build as build_notifier
from services.notifier.settings import NotifierSettings
from services.router.app import build as build_router
from services.router.settings import RouterSettings
from services.survey.app import build as build_survey
from services.survey.settings import SurveySettings
from shared.store import Doc
from tests.notifier.postbox import Postbox, running_postbox
from tests.support.bench import ServiceBench, opened, until
from tests.support.servers import Corner

CALLER = {"name": "王桂兰", "phone": "13800138000", "role": "owner", "room": "3-1-502"}
LAMP = {"estate": "jinyuan", "text": "楼道灯不亮，请来修", "caller": CALLER}
LIFT = {"estate": "jinyuan", "text": "三号楼电梯里困了人，快来", "caller": CALLER}
NOWHERE = {"address": "某某路一号", "text": "楼道灯不亮，请来修", "caller": CALLER}
QUESTION = {"estate": "cuihu", "type": "inquiry", "text": "物业费怎么交", "answer": "前台可以交"}
SEEN = (
    "clock",
    "emergencies",
    "follow_ups",
    "messages",
    "parked",
    "reservations",
    "surveys",
    "tickets",
)


@dataclass(frozen=True, slots=True)
class Healthy:
    """What was kept, the numbers by their stories, and what a real mail server got."""

    documents: Mapping[str, list[Doc]]
    numbers: Mapping[str, str]
    mailed: Mapping[str, int]


@dataclass
class House(ServiceBench):
    """One replica of every service, and everybody's hands."""

    postbox: Postbox = field(kw_only=True)
    services: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def open(self) -> Self:
        mail = {"smtp_host": "127.0.0.1", "smtp_port": self.postbox.port,
                "digest_after": timedelta(seconds=1)}  # fmt: skip
        apps = {
            "intake": await build_intake(self.settings_of(IntakeSettings)),
            "router": await build_router(self.settings_of(RouterSettings)),
            "notifier": await build_notifier(self.settings_of(NotifierSettings, **mail)),
            "survey": await build_survey(self.settings_of(SurveySettings)),
        }
        for name, app in apps.items():
            self.services[name] = (await self.serve(app)).http
        return self

    async def post(
        self, service: str, path: str, role: str, *, by: str = "agent-7", **body: Any
    ) -> dict[str, Any]:
        headers = self.signed_in(role, id=by)
        answer = await self.services[service].post(path, json=body, headers=headers)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    async def report(self, key: str, report: Mapping[str, Any]) -> str:
        headers = self.signed_in("agent") | {"Idempotency-Key": key}
        answer = await self.services["intake"].post("/v1/tickets", json=report, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["number"])

    async def ticket(self, number: str) -> Doc:
        return await self.store.get("tickets", number) or {}

    async def until_status(self, number: str, *statuses: str) -> None:
        async def reached() -> bool:
            return (await self.ticket(number))["status"] in statuses

        await until(reached)

    async def finish(self, number: str, n: int = 1) -> None:
        """The department does its work; the ticket closes when the caller was told."""
        await self.until_status(number, "dispatched")
        for act in ("accept", "start", "resolve"):
            await self.post("router", f"/v1/work-orders/{number}-{n}/{act}", "department")
        await self.until_status(number, "closed")

    async def until_asked(self, survey: str) -> None:
        async def asked() -> bool:
            return await self.store.get("surveys", survey) is not None

        await until(asked)

    async def settle(self) -> None:
        """Wait until no event waits and every message has come to an end."""

        async def quiet() -> bool:
            waiting = {"outbox.0": {"$exists": True}}
            left = [await self.store.find(c, waiting, limit=1) for c in SEEN]
            open_ = await self.store.find("messages", {"ended_at": None}, limit=1)
            return not any(left) and not open_

        await until(quiet)


async def live_through(corner: Corner, folder: Path) -> Healthy:
    """Play the stories and stop everything."""
    async with AsyncExitStack() as stack:
        postbox = await stack.enter_async_context(running_postbox())
        opening = opened(House, corner, folder, postbox=postbox)
        house = await (await stack.enter_async_context(opening)).open()
        numbers = await play(house)
        await house.settle()
        kept = {c: await house.store.find(c, {}, limit=1000) for c in SEEN}
    ids = (str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in postbox.mails)
    return Healthy(kept, numbers, Counter(ids))


async def play(house: House) -> dict[str, str]:
    late = await house.report("late", LAMP)
    await house.until_status(late, "dispatched")
    await house.forward(timedelta(minutes=12))
    await until(lambda: _told(house, late, "warning"))
    await house.forward(timedelta(minutes=4))
    await until(lambda: _told(house, late, "breach"))
    await house.forward(timedelta(minutes=21))  # as if nothing had run meanwhile
    await until(lambda: _told(house, "overdue", "digest"))
    again = await house.report("again", LAMP)
    await house.finish(again)
    await house.until_asked(f"{again}-1")
    survey = f"/v1/surveys/{again}-1/answer"
    await house.post("survey", survey, "agent", by="agent-8", score=1)
    await house.finish(again, 2)
    await house.until_asked(f"{again}-2")
    lift = await house.report("lift", LIFT)
    await house.until_status(lift, "dispatched")
    await house.post("router", f"/v1/emergencies/{lift}/acknowledge", "dispatcher")
    answered = await house.report("answered", QUESTION)
    await house.until_asked(f"{answered}-1")
    nowhere = await house.report("nowhere", NOWHERE)
    await house.until_status(nowhere, "registered")
    # On a busy machine an event may be published, and what it asks for not written down yet.
    await until(lambda: _has_ended(house, answered, "survey"))
    await until(lambda: _has_ended(house, nowhere, "receipt"))
    of_call = [await house.report(f"call/{n}", LAMP | {"call": "call-7"}) for n in range(2)]
    for number in of_call:
        await house.until_status(number, "dispatched")
        await until(partial(_waits, house, number))
    await house.forward(timedelta(minutes=1, seconds=1))
    for number in of_call:
        await until(partial(_told, house, number, "receipt"))
    return {
        "late": late, "again": again, "lift": lift, "answered": answered, "nowhere": nowhere,
        "first of a call": of_call[0], "second of a call": of_call[1],
    }  # fmt: skip


async def _waits(house: House, number: str) -> bool:
    waits = {"number": number, "purpose": "receipt", "status": "queued"}
    return bool(await house.store.find("messages", waits, limit=1))


async def _told(house: House, number: str, purpose: str) -> bool:
    told = {"number": number, "purpose": purpose, "status": "received"}
    return bool(await house.store.find("messages", told, limit=1))


async def _has_ended(house: House, number: str, purpose: str) -> bool:
    """Whatever became of it: who asked without a number cannot be reached."""
    ended = {"number": number, "purpose": purpose, "ended_at": {"$type": "date"}}
    return bool(await house.store.find("messages", ended, limit=1))
