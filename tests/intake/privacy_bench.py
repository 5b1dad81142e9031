"""Intake with people in it: callers who are registered, departments at work, staff who read."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from shared.contracts.privacy import PrivacyRequestGranted
from shared.identity import Principal, Role, issue_token
from shared.tickets import Ticket
from shared.tickets.acts import Accept, Act, Cancel, Dispatch, Resolve, Start
from tests.intake.test_registering import IntakeBench

WANG: Final = {"name": "王桂兰", "phone": "138 0013 8000", "role": "owner", "room": "3-1-502"}
LI: Final = {"name": "李建国", "phone": "13800138001", "role": "tenant", "room": "3-1-503"}
LAMP: Final = {"estate": "jinyuan", "text": "楼道灯不亮，请来修", "type": "repair",
               "area": "electrical"}  # fmt: skip
STUCK: Final = {"estate": "jinyuan", "text": "电梯里困了两个人，快来"}


@dataclass
class PrivacyBench(IntakeBench):
    """What the tests do over and over, in their words."""

    async def ask(
        self, method: str, path: str, *, as_: Role, id: str = "agent-7", place: str = "*",
        departments: str = "*", n: int = 0, key: str | None = None, **more: Any,
    ) -> httpx.Response:  # fmt: skip
        """One request as somebody."""
        headers = self.bearer(as_, id=id, place=place, departments=departments)
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.replicas[n].http.request(method, path, headers=headers, **more)

    async def register(self, report: dict[str, Any] | None = None, **changes: Any) -> str:
        """A ticket of Mrs Wang's, unless said otherwise; its number."""
        body = {**LAMP, "caller": WANG, **(report or {}), **changes}
        answer = await self.ask(
            "POST", "/v1/tickets", as_="agent", id="agent-1", key=uuid.uuid4().hex, json=body
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["number"])

    async def reveal(
        self, number: str, *, person: str = "caller", reason: str = "call_back",
        key: str | None = None, as_: Role = "agent", **who: Any,
    ) -> httpx.Response:  # fmt: skip
        """Wish to open somebody, under a key of its own unless one is given."""
        body = {"number": number, "person": person, "reason": reason}
        return await self.ask(
            "POST", "/v1/reveals", as_=as_, key=key or uuid.uuid4().hex, json=body, **who
        )

    async def act(self, number: str, *acts: Act) -> Ticket:
        """Have the table's acts done, one after the other, as the services would."""
        for act in acts:

            def chosen(_ticket: Ticket, _now: datetime, act: Act = act) -> Act:
                return act

            ticket = await self.platform.tickets.change(number, chosen)
        return ticket

    async def give(self, number: str, department: str = "engineering", *, take: bool = True) -> str:
        """Give the work to a department, and have it accepted; the work order."""
        ticket = await self.act(
            number, Dispatch(by="service:router", department=department, assignee="li")
        )
        order = ticket.work_orders[-1].id
        if take:
            await self.act(number, Accept(by="li", order=order))
        return order

    async def finish(self, number: str, order: str) -> None:
        await self.act(number, Start(by="li", order=order),
                       Resolve(by="li", order=order, outcome="done"))  # fmt: skip

    async def end(self, number: str) -> None:
        """Nobody needs it any more."""
        await self.act(number, Cancel(by="agent-1"))

    async def grant(self, request: str, **facts: Any) -> PrivacyRequestGranted:
        """A request that a privacy officer granted, as it is kept; what is said of it."""
        event = PrivacyRequestGranted(request=request, by="officer", **facts)
        kept = event.model_dump(include={"turn", "kind", "number", "person"})
        await self.store.documents("privacy_requests").update_one(
            {"_id": request}, {"$set": {**kept, "status": "granted"}}, upsert=True
        )
        return event

    async def audit(self, act: str | None = None) -> list[dict[str, Any]]:
        """What is on record, the oldest first."""
        query = {} if act is None else {"act": act}
        return await self.store.find("audit", query, sort=[("n", 1)], limit=1000)

    async def alarms(self, **query: Any) -> list[dict[str, Any]]:
        return await self.store.find("reading_alarms", query, limit=100)

    def bearer(self, role: Role, *, id: str, place: str, departments: str) -> dict[str, str]:
        who = Principal(id, role, frozenset(place.split()), frozenset(departments.split()))
        return {"Authorization": f"Bearer {issue_token(who, self.keys.token, now=self.now())}"}


def kinds(answers: Sequence[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """What a refusal calls itself."""
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
