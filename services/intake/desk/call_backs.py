"""Use cases of a call back: the desk tells the promise or the progress, answers, feeds the result
back. What the caller says meanwhile stands in the note, and is judged as a wish is: as a note of
the desk, unless its `origin` says that it is the caller's own words.
"""

from __future__ import annotations

from datetime import datetime

from services.intake.desk.wishes import NOTED, Origin, Wishes, kept
from shared.contracts.intake import FeedbackOutcome
from shared.identity import Principal, require
from shared.privacy import scrub
from shared.store import Store
from shared.tickets import NotAllowed, Ticket, Transition
from shared.tickets.acts import Act, AnswerQuestion, Feedback, FeedbackAttempt, Tell


class CallBacks:
    """Puts on record what the desk told callers, and hears what they said."""

    def __init__(self, store: Store, wishes: Wishes) -> None:
        self._store = store
        self._wishes = wishes

    async def tell(
        self,
        number: str,
        principal: Principal,
        words: str | None,
        *,
        promised: tuple[datetime, ...] | None = None,
        origin: Origin = NOTED,
    ) -> Ticket:
        """The caller was told the promise or the progress: all of it, or what was `promised` at
        these times. Raises NotAllowed where something else is promised by now.
        """
        act = Tell(by=principal.id, note=kept(words), form_key=origin.form_key, promised=promised)
        return await self._heard(number, principal, words, act, origin)

    async def answer(
        self, number: str, principal: Principal, answer: str, words: str | None
    ) -> Ticket:
        """The question is answered; the caller's words stand below the answer. The answer is ours,
        and tells of no danger.
        """
        said = scrub("\n".join(filter(None, (answer, words))))
        act = AnswerQuestion(by=principal.id, note=said)
        return await self._heard(number, principal, words, act, NOTED)

    async def no_answer(
        self, number: str, principal: Principal, words: str | None, *, origin: Origin = NOTED
    ) -> Ticket:
        """Nobody took the call: an attempt."""
        act = FeedbackAttempt(by=principal.id, note=kept(words), form_key=origin.form_key)
        return await self._heard(number, principal, words, act, origin)

    async def feed_back(
        self,
        number: str,
        principal: Principal,
        outcome: FeedbackOutcome,
        words: str | None,
        *,
        origin: Origin = NOTED,
    ) -> Ticket:
        """Close with what a person says became of the result; raises NotAllowed for what the store
        knows to be otherwise.
        """
        require(principal, Feedback.transition)
        doc = await self._store.get("tickets", number, fields=("index",))
        has_contact = bool(doc and doc.get("index", {}).get("phone"))

        def wish(ticket: Ticket, _now: datetime) -> Act:
            if why_not := _why_untrue(outcome, ticket, has_contact=has_contact):
                raise NotAllowed(
                    Transition.FEEDBACK,
                    status=ticket.status,
                    last_by=ticket.timeline[-1].by,
                    remedy=why_not,
                )
            note, key = kept(words), origin.form_key
            return Feedback(by=principal.id, outcome=outcome, note=note, form_key=key)

        return await self._wishes.hear(
            number, principal, words, wish, how="feedback", origin=origin
        )

    async def _heard(
        self, number: str, principal: Principal, words: str | None, act: Act, origin: Origin
    ) -> Ticket:
        require(principal, act.transition)
        how = act.transition.value
        return await self._wishes.hear(
            number,
            principal,
            words,
            lambda *_: act,
            how=how,
            origin=origin,
        )


def _why_untrue(outcome: FeedbackOutcome, ticket: Ticket, *, has_contact: bool) -> str | None:
    """Why an outcome cannot be so; a ticket must not close by a slip with nobody told (A4.4)."""
    match outcome:
        case "delivered":
            return "a message says so by itself: say `told` when you have told the caller"
        case "no_contact" if has_contact:
            return "the caller left a number: ring it, and say `told` or `no_answer`"
        case "by_publisher" if not (ticket.principal or "").startswith("system:"):
            return "no system reported it: say `told` when you have told the caller"
        case "by_incident_notice" if ticket.last_of(Transition.LINK) is None:
            return "it is no part of an outage: say `told` when you have told the caller"
        case _:
            return None
