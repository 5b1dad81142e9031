"""Use case: a caller was rung elsewhere, at the link of the task to tell them something, and the
ticket follows: by the use cases of the desk's own call backs, so that it closes, begins again or
counts an attempt just as over HTTP. By the rights of the desk, for whoever rang.
"""

from __future__ import annotations

from contextlib import suppress

from services.intake.desk.call_backs import CallBacks
from services.intake.desk.wishes import Wishes
from shared.contracts.refusals import Refused
from shared.contracts.router import FollowUpRung
from shared.identity import Forbidden, Principal
from shared.readers.calls import words_of_call
from shared.readers.tickets import NoSuchTicket, Tickets
from shared.store import Store
from shared.telemetry import logger
from shared.tickets import NotAllowed


class RungCalls:
    """Does to tickets what follows from calls; each counts once, however often it is told."""

    def __init__(
        self, store: Store, tickets: Tickets, call_backs: CallBacks, wishes: Wishes
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._call_backs = call_backs
        self._wishes = wishes

    async def heed(self, event: FollowUpRung) -> None:
        """Do what follows from a call, unless the ticket has moved on since: what was told of one
        round says nothing of the next.
        """
        ticket = await self._tickets.get(event.number)
        if ticket is None:
            raise NoSuchTicket(event.number)
        who = Principal(event.by, "agent", frozenset({ticket.estate or "*"}))
        words = await words_of_call(self._store, event.follow_up, event.call)
        try:
            if ticket.round == event.round:
                await self._carry_out(event, who, words)
                return
            why = "another_round"
        except (NotAllowed, Refused, Forbidden) as moved_on:
            why = type(moved_on).__name__
        logger.info("call_no_longer_wanted", ticket=event.number, why=why)
        if event.danger is not None:  # nobody reads the refusal, and the caller is in danger
            await self._wishes.heed(event.number, event.danger, how="follow_up", id=event.follow_up)

    async def _carry_out(self, event: FollowUpRung, who: Principal, words: str | None) -> None:
        number, key = event.number, f"{event.follow_up}/{event.call}"
        match event.answer:
            case "satisfied" | "said_nothing":
                await self._call_backs.feed_back(number, who, "told", words, form_key=key)
            case "not_satisfied":
                await self._wishes.not_satisfied(number, who, words, event.cause, form_key=key)
            case "told":
                await self._call_backs.tell(number, who, words, form_key=key)
            case "no_answer":
                await self._call_backs.no_answer(number, who, words, form_key=key)
            case "unreachable":
                await self._give_up(number, who, words, key)

    async def _give_up(self, number: str, who: Principal, words: str | None, key: str) -> None:
        """The last attempt, unless it is on record already, and the end."""
        with suppress(NotAllowed):
            await self._call_backs.no_answer(number, who, None, form_key=f"{key}/attempt")
        await self._call_backs.feed_back(number, who, "unreachable", words, form_key=key)
