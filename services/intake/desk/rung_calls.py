"""Use case: a caller was rung elsewhere, at the link of the task to tell them something, and the
ticket follows: by the use cases of the desk's own call backs, so that it closes, begins again or
counts an attempt just as over HTTP. By the rights of the desk, for whoever rang.
"""

from __future__ import annotations

from contextlib import suppress

from services.intake.desk.call_backs import CallBacks
from services.intake.desk.wishes import Origin, Wishes
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
        round says nothing of the next. A danger that was told of is heeded whatever became of the
        ticket, and where the words of it are gone.
        """
        ticket = await self._tickets.get(event.number)
        if ticket is None:
            raise NoSuchTicket(event.number)
        if ticket.was_asked(_key_of(event)):
            return
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
            await self._wishes.heed(event.number, event.danger, how="follow_up", id=_key_of(event))

    async def _carry_out(self, event: FollowUpRung, who: Principal, words: str | None) -> None:
        number = event.number
        # The page asks for the caller's own words.
        origin = Origin(form_key=_key_of(event), danger=event.danger)
        match event.answer:
            case "satisfied" | "said_nothing":
                await self._call_backs.feed_back(number, who, "told", words, origin=origin)
            case "not_satisfied":
                await self._wishes.not_satisfied(
                    number, who, words, event.cause, of_round=event.round, origin=origin
                )
            case "told":
                await self._call_backs.tell(
                    number, who, words, promised=event.promised, origin=origin
                )
            case "no_answer":
                await self._call_backs.no_answer(number, who, words, origin=origin)
            case "unreachable":
                await self._give_up(number, who, words, origin)

    async def _give_up(
        self, number: str, who: Principal, words: str | None, origin: Origin
    ) -> None:
        """The last attempt, unless it is on record already, and the end."""
        attempt = Origin(form_key=f"{origin.form_key}/attempt")
        with suppress(NotAllowed):
            await self._call_backs.no_answer(number, who, None, origin=attempt)
        await self._call_backs.feed_back(number, who, "unreachable", words, origin=origin)


def _key_of(event: FollowUpRung) -> str:
    """What stands in the timeline of what was done for this call."""
    return f"{event.follow_up}/{event.call}"
