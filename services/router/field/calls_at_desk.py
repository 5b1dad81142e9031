"""Use cases of whoever rings a caller from the desk, signed in: the same calls as at their links,
for everybody within reach whose right it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.router.cards import TicketCard, ticket_cards
from services.router.field.call_visits import CallVisits
from services.router.field.calls import CallWork
from services.router.follow_ups.call_results import CallResults
from services.router.follow_ups.storage import FOLLOW_UPS
from services.router.follow_ups.tasks import FollowUp
from services.router.people import whom_it_is_about
from shared.contracts.refusals import NotNow, NotThere
from shared.contracts.router import CallAnswer
from shared.identity import Principal, sees
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.tickets import Ticket

SEE: Final = "follow_up.see"


class CallsAtDesk:
    """Shows and ends calls; foreign and missing tasks look the same, and whom a matter is about
    sees none of it.
    """

    def __init__(self, platform: Platform, visits: CallVisits, call_results: CallResults) -> None:
        self._platform = platform
        self._visits = visits
        self._call_results = call_results
        self._tasks = Collection(platform.store, FOLLOW_UPS)

    async def task(self, id: str, who: Principal) -> tuple[FollowUp, TicketCard | None]:
        """One task with its ticket; raises NotThere."""
        task, ticket = await self._found(id, who)
        cards = await ticket_cards(self._platform.store, who, SEE, [ticket.number])
        return task, cards.get(ticket.number)

    async def see(self, id: str, who: Principal) -> CallWork:
        """What is to be told, and what may be said of the call now. Raises NotThere, and NotNow for
        a task of another kind.
        """
        task, ticket = await self._found(id, who)
        if task.why != "tell":
            raise NotNow(
                "no-call",
                "This task is no call to make",
                "end it with what came of it (POST /v1/follow-ups/{id}/done)",
            )
        return await self._visits.work(task, ticket, who)

    async def say(
        self,
        id: str,
        who: Principal,
        answer: CallAnswer,
        *,
        key: str,
        cause: str | None,
        words: str | None,
        promised: Sequence[datetime],
    ) -> CallWork:
        """Say what came of it; the same key counts once. Raises what seeing it raises, and what the
        task's use cases raise.
        """
        await self.see(id, who)
        await self._call_results.say(
            id, who, answer, key=key, cause=cause, words=words, promised=promised
        )
        return await self.see(id, who)

    async def _found(self, id: str, who: Principal) -> tuple[FollowUp, Ticket]:
        task = await self._tasks.get(id)
        if task is None or not who.reaches(task.estate):
            raise NotThere
        ticket = await self._platform.tickets.get(task.number)
        if ticket is None or not sees(who, ticket):
            raise NotThere
        if who.id in whom_it_is_about(ticket, self._platform.duty.current):
            raise NotThere
        return task, ticket
