"""Reads of work: the board, the manual queue, and one's own work orders, each within reach and with
what whoever reads them may do now.
"""

from __future__ import annotations

from dataclasses import dataclass

from services.router.cards import Counted, ticket_cards
from services.router.work_orders.storage import (
    board,
    count_of_queue,
    emergencies_of_queue,
    page_of_queue,
    page_of_work,
)
from services.router.work_orders.views import (
    BoardPage,
    QueueCard,
    QueuePage,
    WorkCard,
    WorkPage,
    board_card,
    queue_card,
    work_card,
)
from shared.contracts import MalformedMessage
from shared.identity import Principal, handles
from shared.readers.emergencies import which_run
from shared.runtime.platform import Platform
from shared.store import Doc
from shared.tickets import TICKET, OrderStatus, WorkOrder
from shared.tickets.lifecycle import UNFINISHED
from shared.tickets.model import HeldReason


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedWork:
    """Which work orders: of one person (theirs, or offered to them), of one department, in one
    status; without one, what is unfinished.
    """

    person: str | None = None
    department: str | None = None
    status: OrderStatus | None = None

    @property
    def statuses(self) -> list[str]:
        """Those that are asked for."""
        wanted = UNFINISHED if self.status is None else {self.status}
        return sorted(status.value for status in wanted)

    @property
    def is_unfinished(self) -> bool:
        """Whether it is all still to be done."""
        return self.status is None or self.status in UNFINISHED

    def fits(self, order: WorkOrder, principal: Principal) -> bool:
        """Whether an order of a ticket is one of these, and one that whoever asks may see."""
        of_person = self.person is None or self.person in {order.assignee, *order.offered_to}
        of_department = self.department in {None, order.department}
        is_asked = order.status.value in self.statuses and of_person and of_department
        return is_asked and handles(principal, order)


class WorkLists:
    """Shows work to those who may see it."""

    def __init__(self, platform: Platform) -> None:
        self._store = platform.store
        self._tickets = platform.tickets

    async def board(
        self, principal: Principal, *, department: str | None, after: str | None, limit: int
    ) -> BoardPage:
        """Tickets with open work, the newest first. Whose alert one shares is named where that is
        within reach, too.
        """
        found = await board(self._store, principal, department=department, after=after, limit=limit)
        named = {joined for doc in found.items if (joined := doc.get("joins"))}
        seen = await ticket_cards(self._store, principal, "board.see", named)
        cards = [
            board_card(
                doc | {"joins": joined if (joined := doc.get("joins")) in seen else None},
                self._tickets.possible(TICKET.from_doc(doc), principal),
            )
            for doc in found.items
        ]
        return BoardPage(items=tuple(cards), next=found.next)

    async def queue(
        self,
        principal: Principal,
        *,
        reason: HeldReason | None,
        estate: str | None,
        after: str | None,
        limit: int,
    ) -> QueuePage:
        """What waits for a person's decision: emergencies on top, then the longest waiting first.
        The whole of it is counted.
        """
        asked = (self._store, principal)
        top: list[Doc] = []
        if after is None:
            top = await emergencies_of_queue(*asked, reason=reason, estate=estate)
        page = await page_of_queue(*asked, reason=reason, estate=estate, after=after, limit=limit)
        count = await count_of_queue(*asked, reason=reason, estate=estate)
        running = await which_run(self._store, [doc["_id"] for doc in top])
        cards = [self._queue_card(doc, principal, running) for doc in (*top, *page.items)]
        return QueuePage(items=tuple(cards), next=page.next, all=Counted.of(count))

    def _queue_card(self, doc: Doc, principal: Principal, running: frozenset[str]) -> QueueCard:
        ticket = TICKET.from_doc(doc)
        possible = self._tickets.possible(ticket, principal)
        return queue_card(doc, ticket, possible, runs=ticket.number in running)

    async def work(
        self, principal: Principal, wanted: WantedWork, *, after: str | None, limit: int
    ) -> WorkPage:
        """Work orders of the newest tickets first; a page holds those of `limit` tickets.

        Raises MalformedMessage for the finished work of nobody in particular: of years of it no
        page would come in time.
        """
        if wanted.person is None and not wanted.is_unfinished:
            raise MalformedMessage("assignee", "is missing", "name whose finished work to list")
        page = await page_of_work(
            self._store,
            principal,
            person=wanted.person,
            department=wanted.department,
            statuses=wanted.statuses,
            after=after,
            limit=limit,
        )
        cards = tuple(card for doc in page.items for card in self._cards(doc, principal, wanted))
        return WorkPage(items=cards, next=page.next)

    def _cards(self, doc: Doc, principal: Principal, wanted: WantedWork) -> list[WorkCard]:
        ticket = TICKET.from_doc(doc)
        possible = self._tickets.possible(ticket, principal)
        return [
            work_card(doc, order, possible)
            for order in ticket.work_orders
            if wanted.fits(order, principal)
        ]
