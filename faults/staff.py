"""The staff of a played week: what somebody may do to a ticket, at random and over HTTP."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from bench.hotline import Broken
from hotline.demo.clients import Clients
from shared.tickets import Clock, Ticket, WorkOrder
from shared.tickets.lifecycle import OPEN, UNFINISHED, OrderStatus
from tests.support.deadline_reference import PEOPLE, VISIT

AT_ONCE: Final = 30
"""So many tickets at most between two moves of the clock."""
SHARE: Final = 0.3
DESK: Final = ("urge", "tell")
POSSIBLE: Final[Mapping[OrderStatus, Sequence[str]]] = {
    OrderStatus.DISPATCHED: (
        *("accept",) * 6, "decline", "appoint", "transfer", "extend", "cancel", *DESK,
    ),
    OrderStatus.ACCEPTED: (
        "start", "start", "arrive", "arrive", "suspend", "appoint", "appoint", "extend", "resolve",
        "transfer", *DESK,
    ),
    OrderStatus.IN_PROGRESS: (
        "resolve", "suspend", "suspend", "arrive", "appoint", "extend", "transfer", *DESK,
    ),
    OrderStatus.SUSPENDED: ("resume", "resume", "appoint", "extend", "transfer", *DESK),
}  # fmt: skip
PAUSES: Final = ("access", "parts", "weather", "other")
LONGEST_PAUSE: Final = timedelta(hours=12)
"""Within what the policy allows for any reason."""
REFUSED: Final = 409


class Staff:
    """People who act; `done` counts their acts by name, `refused` those that the table forbids."""

    def __init__(self, clients: Clients, chance: random.Random) -> None:
        self._clients = clients
        self._chance = chance
        self.done: Counter[str] = Counter()
        self.refused = 0

    async def act_on(self, tickets: Iterable[Ticket], now: datetime) -> None:
        """Do something to some of these tickets. Raises Broken for what no act is answered with."""
        open_ = [ticket for ticket in tickets if ticket.status in OPEN]
        chosen = [ticket for ticket in open_ if self._chance.random() < SHARE]
        for ticket in chosen[:AT_ONCE]:
            order = next((o for o in ticket.orders if o.status in UNFINISHED), None)
            what = self._chance.choice(POSSIBLE[order.status] if order else DESK)
            for answer in await self._do(what, ticket, order, now):
                self._note(what, ticket, answer)

    def _note(self, what: str, ticket: Ticket, answer: httpx.Response) -> None:
        if answer.is_success:
            self.done[what] += 1
        elif answer.status_code == REFUSED:
            self.refused += 1
        else:
            raise Broken(f"{what} of {ticket.number} was answered {answer.text}")

    async def _do(
        self, what: str, ticket: Ticket, order: WorkOrder | None, now: datetime
    ) -> list[httpx.Response]:
        if order is None or what in {*DESK, "cancel"}:
            return [await self._at_desk(ticket, what)]
        if what == "extend":
            return await self._extend(ticket, order, now)
        if what in {"appoint", "transfer"}:
            body = self._visit(now) if what == "appoint" else self._other(ticket, order)
            return [await self._at_board(order, what, "dispatcher", body)]
        return [await self._as_assignee(order, what, self._body(what, now))]

    def _body(self, what: str, now: datetime) -> dict[str, Any]:
        if what == "decline":
            return {"reason": "busy"}
        if what != "suspend":
            return {}
        until = now + self._some(LONGEST_PAUSE)
        return {"reason": self._chance.choice(PAUSES), "until": until.isoformat()}

    def _visit(self, now: datetime) -> dict[str, Any]:
        at = now + self._some(timedelta(days=2))
        return {"at": at.isoformat(), "until": (at + VISIT).isoformat()}

    def _other(self, ticket: Ticket, order: WorkOrder) -> dict[str, Any]:
        there = PEOPLE.get(ticket.estate or "", {}).keys() - {o.department for o in ticket.orders}
        department = self._chance.choice(sorted(there) or [order.department])
        return {"department": department, "reason": "not_ours"}

    async def _extend(
        self, ticket: Ticket, order: WorkOrder, now: datetime
    ) -> list[httpx.Response]:
        """The department asks for a later time, and a supervisor grants it."""
        due = ticket.clocks[Clock.RESOLVE].due or now
        until = (due + self._some(timedelta(days=2))).isoformat()
        asked = await self._as_assignee(order, "extend", {"until": until, "reason": "parts"})
        if not asked.is_success:
            return [asked]
        return [asked, await self._at_board(order, "extend", "supervisor", {"until": until})]

    def _some(self, most: timedelta) -> timedelta:
        return timedelta(seconds=self._chance.randint(60, int(most.total_seconds())))

    async def _as_assignee(
        self, order: WorkOrder, what: str, body: dict[str, Any]
    ) -> httpx.Response:
        who = {"id": order.id, "assignee": order.assignee, "department": order.department}
        return await self._clients.work(who, what, **body)

    async def _at_board(
        self, order: WorkOrder, what: str, role: str, body: dict[str, Any]
    ) -> httpx.Response:
        path = f"/v1/work-orders/{order.id}/{what}"
        return await self._clients.call("POST", "router", path, role=role, json=body)

    async def _at_desk(self, ticket: Ticket, what: str) -> httpx.Response:
        path = f"/v1/tickets/{ticket.number}/{what}"
        return await self._clients.call("POST", "intake", path, json={})
