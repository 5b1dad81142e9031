"""Use cases of what callers want of their tickets: to add something, haste, another round, an end.

Their words are judged whichever way they come. A wish that is not possible is refused; a danger in
the words that come with it never is: the ticket is worked on again and becomes an emergency in the
same write (B3.2.3), whoever took the words down.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.desk.actions import BY_RULE
from services.intake.desk.late_dangers import LateDangers
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotThere, TooOften
from shared.identity import Principal, require, sees
from shared.lanes import Precedence
from shared.policy.outages import is_only_outage
from shared.policy.plan import Plan, Reported, danger_noted, danger_told, plan
from shared.policy.policy import Policy, Rules
from shared.privacy import scrub
from shared.readers.tickets import Tickets
from shared.tickets import NotAllowed, Steps, Ticket, Transition
from shared.tickets.acts import (
    DANGER,
    Act,
    Cancel,
    Flag,
    NotSatisfied,
    Reclassify,
    Reopen,
    RequestCancel,
    Supplement,
    Tell,
    Urge,
)
from shared.tickets.lifecycle import DONE, FOR_GOOD, OPEN, UNFINISHED, OrderStatus
from shared.tickets.table import ROWS
from shared.triage.classify import classify
from shared.triage.taxonomy import EMERGENCY
from shared.words import says_nothing

Wish = Callable[[Ticket, datetime], Act | None]
"""Given the ticket as it is now, what is wanted of it; None where that was said before."""
_BEGINNING_AGAIN: Final = (Reopen, NotSatisfied)
_SAYING: Final = (Supplement, Urge, RequestCancel)
"""What adds to a ticket and moves nothing. Each rings whoever has the work."""
MOST_SAID: Final = 30
"""So often a system says something of one ticket in a round: a loop with a time in its words says
something else each time, and one document takes 16 MB. More than the words of repeated alerts, so
that the end of an alarm is heard after them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where words come from. `noted`: they are a note of the desk, and not the caller's own. What
    stands in the timeline under the `form_key` was heard before. `danger` is of which kind a danger
    is that the caller is known to have told of, also where the words are gone.
    """

    noted: bool = False
    form_key: str | None = None
    danger: str | None = None


OWN_WORDS: Final = Origin()
NOTED: Final = Origin(noted=True)


class Wishes:
    """Moves tickets as callers want it, and hears what they say with it."""

    def __init__(
        self,
        tickets: Tickets,
        policy: Callable[[], Policy],
        late_dangers: LateDangers,
        precedence: Precedence,
    ) -> None:
        self._tickets = tickets
        self._policy = policy
        self._late_dangers = late_dangers
        self._precedence = precedence

    async def supplement(
        self, number: str, principal: Principal, words: str | None, *, form_key: str | None = None
    ) -> Ticket:
        """Put on record what the caller added. Raises MalformedMessage where that is nothing."""
        require(principal, Supplement.transition)
        note = kept(words)

        def wish(ticket: Ticket, _now: datetime) -> Act | None:
            if note is None:
                raise MalformedMessage("note", "is missing or empty", "write what the caller adds")
            # A system that sends the same words again has sent them twice.
            added = Supplement(by=principal.id, note=note, form_key=form_key)
            again = principal.role == "system" and _was_said(ticket, added, added.transition)
            return None if again else added

        origin = Origin(form_key=form_key)
        return await self.hear(number, principal, words, wish, how="supplement", origin=origin)

    async def urge(
        self, number: str, principal: Principal, words: str | None
    ) -> tuple[Ticket, datetime]:
        """Put it on record that the caller asks for haste, once within the policy's time however
        often they do; other words that come within it are a supplement. The ticket, and from when
        on it counts again.
        """
        require(principal, Urge.transition)
        note = kept(words)

        def wish(ticket: Ticket, now: datetime) -> Act | None:
            last = ticket.last_of(Transition.URGE)
            if last is None or now >= last + self._rules(ticket).urge_every:
                return Urge(by=principal.id, note=note)
            added = Supplement(by=principal.id, note=note)
            return None if note is None or _was_said(ticket, added) else added

        ticket = await self.hear(number, principal, words, wish, how="urge")
        # Of a system that has said too much nothing is put on record.
        last = ticket.last_of(Transition.URGE) or ticket.timeline[-1].at
        return ticket, last + self._rules(ticket).urge_every

    async def reopen(self, number: str, principal: Principal, words: str | None) -> Ticket:
        """It is not solved after all: a new round."""
        require(principal, Reopen.transition)
        act = Reopen(by=principal.id, reason="caller", note=kept(words))
        return await self.hear(number, principal, words, lambda *_: act, how="reopen")

    async def cancel(self, number: str, principal: Principal, words: str | None) -> Ticket:
        """Cancel it, or ask the department when somebody has accepted it already; who tells of a
        danger with it cancels nothing.
        """
        note = kept(words)

        def wish(ticket: Ticket, _now: datetime) -> Act:
            accepted = any(
                order.status in UNFINISHED and order.status is not OrderStatus.DISPATCHED
                for order in ticket.orders
            )
            wanted = RequestCancel if accepted else Cancel
            act = wanted(by=principal.id, note=note)
            require(principal, act.transition)
            return act

        return await self.hear(number, principal, words, wish, how="cancel")

    async def not_satisfied(
        self,
        number: str,
        principal: Principal,
        words: str | None,
        reason: str | None,
        *,
        of_round: int | None = None,
        origin: Origin = OWN_WORDS,
    ) -> Ticket:
        """The caller heard the result and says that it is not solved; `reason` is a code. Who was
        rung about the result `of_round` is heard also where that round has closed meanwhile.
        """
        require(principal, NotSatisfied.transition)
        said: dict[str, Any] = {
            "by": principal.id,
            "note": kept(words),
            "reason": reason or "not_satisfied",
            "form_key": origin.form_key,
        }

        def wish(ticket: Ticket, _now: datetime) -> Act:
            if ticket.round != of_round or ticket.status not in ROWS[Transition.REOPEN].from_:
                return NotSatisfied(**said)
            require(principal, Reopen.transition)
            return Reopen(**said)

        return await self.hear(number, principal, words, wish, how="feedback", origin=origin)

    async def heed(self, number: str, kind: str, *, how: str, id: str) -> None:
        """A caller has told of a danger elsewhere, as in a survey (`how`): an emergency, once for
        what it was told in (`id`); one of its own where the ticket was cancelled since, or went on
        under another number.
        """
        code = f"{how}/{id}"

        def walk(steps: Steps) -> Steps:
            if steps.ticket.status in FOR_GOOD or _is_noted(code, steps.ticket):
                return steps
            back = _back_to_work(steps.ticket)
            steps = steps.must(*(replace(act, note=code) for act in back))
            made = self._decided(kind, steps.ticket.estate, steps.now)
            return steps.must(*_alarms(steps.ticket, made, how, code))

        with self._precedence.urgent():
            steps = await self._tickets.walk(number, walk)
            ticket = steps.ticket
            if ticket.status in FOR_GOOD and not _is_noted(code, ticket):
                made = self._decided(kind, ticket.estate, steps.now)
                await self._late_dangers.register(ticket, made, code)

    def tells_of_danger(self, words: str | None) -> bool:
        """Whether words alone tell of one, wherever they are said."""
        policy = self._policy()
        return words is not None and classify(words, policy.taxonomy, policy.lexicon).emergency

    async def hear(
        self,
        number: str,
        principal: Principal,
        words: str | None,
        wish: Wish,
        *,
        how: str,
        origin: Origin = OWN_WORDS,
    ) -> Ticket:
        """Carry out a wish and what follows from the words with it; foreign and missing tickets
        look the same (404). A danger that they tell of comes before the wish.
        """
        form_key = origin.form_key
        said = Supplement(by=principal.id, note=kept(words), form_key=form_key)

        def walk(steps: Steps) -> Steps:
            if not sees(principal, steps.ticket):
                raise NotThere
            if form_key is not None and steps.ticket.was_asked(form_key):
                return steps
            before, made = steps, self._danger(words, steps, origin)
            if made is None:
                steps = _carried_out(steps, wish)
            elif not _is_repeat(steps, wish, principal, said):
                steps = _alarmed(steps, wish, said)
                is_own = not self._is_known(steps.ticket, words, made)
                steps = steps.must(*_alarms(steps.ticket, made, how, is_own=is_own))
            if _says_too_much(before, steps, principal):
                steps = _left_out(before, made)
            return steps.must(*self._risk(words, steps.ticket))

        is_urgent = origin.danger is not None or self.tells_of_danger(words)
        with self._precedence.urgent() if is_urgent else nullcontext():
            return (await self._tickets.walk(number, walk)).ticket

    def _rules(self, ticket: Ticket) -> Rules:
        return self._policy().at(ticket.estate).rules

    def _danger(self, words: str | None, steps: Steps, origin: Origin) -> Plan | None:
        """The plan for what the words tell of, where that is an emergency, or for what they are
        known to have told of.
        """
        made = self._danger_in(words, steps, origin)
        if made is None and origin.danger is not None:
            return self._decided(origin.danger, steps.ticket.estate, steps.now)
        return made

    def _danger_in(self, words: str | None, steps: Steps, origin: Origin) -> Plan | None:
        """Of somebody who shares the alert of an outage it is one, too, where they tell of people
        in danger in it.
        """
        if words is None:
            return None
        ticket, policy = steps.ticket, self._policy()
        tells = danger_noted if origin.noted else danger_told
        if (made := tells(words, ticket.estate, policy, steps.now)) is not None:
            return made
        kind = ticket.plan.emergency_kind
        if ticket.shares_alert and kind and self._rules(ticket).incidents.tells_of_people(words):
            return self._decided(kind, ticket.estate, steps.now)
        return None

    def _is_known(self, ticket: Ticket, words: str | None, made: Plan) -> bool:
        """Whether words, for which this plan was `made`, tell no more than what others were alerted
        to.
        """
        policy = self._policy().at(ticket.estate)
        kind = ticket.plan.emergency_kind
        if ticket.joins is not None:
            return made.emergency_kind == kind
        return not ticket.shares_alert or is_only_outage(kind, words or "", policy)

    def _decided(self, kind: str, estate: str | None, now: datetime) -> Plan:
        """The plan for a kind of danger."""
        told = Reported(text="", estate=estate, type=EMERGENCY, kind=kind, decided=True)
        return plan(told, self._policy(), now)

    def _risk(self, words: str | None, ticket: Ticket) -> tuple[Act, ...]:
        """Whoever says that they will go to an authority or the press is heard, once a ticket, also
        with the words that end it.
        """
        may_be = not ticket.risk and ticket.status in ROWS[Transition.FLAG].from_
        is_new = words is not None and may_be
        heard = is_new and self._rules(ticket).tells_of_risk(words or "")
        return (Flag(by=BY_RULE.id),) if heard else ()


def kept(words: str | None) -> str | None:
    """Words as they may stand in the timeline; None where they say nothing."""
    return None if words is None or says_nothing(words) else scrub(words)


def _was_said(ticket: Ticket, act: Act, how: Transition | None = None) -> bool:
    """Whether the same words of the same person are on record in this round, as they may be."""
    return any(
        (entry.by, entry.note) == (act.by, act.note) and how in {None, entry.transition}
        for entry in ticket.entries
    )


def _is_noted(code: str, ticket: Ticket) -> bool:
    """Whether what a code stands for is on record already."""
    return any(entry.note == code for entry in ticket.timeline)


def _carried_out(steps: Steps, wish: Wish) -> Steps:
    wanted = wish(steps.ticket, steps.now)
    return steps if wanted is None else steps.must(wanted)


def _wanted(steps: Steps, wish: Wish, said: Supplement) -> Act | None:
    """What is wanted besides what was said; where that is refused, the words alone."""
    try:
        return wish(steps.ticket, steps.now)
    except NotAllowed:
        return said


def _is_repeat(steps: Steps, wish: Wish, principal: Principal, said: Supplement) -> bool:
    """Whether a danger is told again that was told of the work in hand: the desk may have found
    since that it is none. Of what is finished it is news.
    """
    ticket, wanted = steps.ticket, _wanted(steps, wish, said)
    if ticket.status not in OPEN - DONE:
        return False
    # A system repeats what it sent; a person who says the same again means it.
    from_system = principal.role == "system" and not isinstance(wanted, Urge)
    return wanted is None or (from_system and _was_said(ticket, said))


def _alarmed(steps: Steps, wish: Wish, said: Supplement) -> Steps:
    """The words of a danger on record, with the wish they came with if it helps to work on it, and
    somebody at work.
    """
    wanted = _wanted(steps, wish, said)
    if isinstance(wanted, _BEGINNING_AGAIN):
        with suppress(NotAllowed):
            return steps.must(wanted)
    if steps.ticket.status in FOR_GOOD:
        raise NotAllowed(
            Transition.SUPPLEMENT,
            status=steps.ticket.status,
            last_by=steps.ticket.timeline[-1].by,
            remedy="the words tell of a danger: register them as a new request at once",
        )
    steps = steps.must(*_back_to_work(steps.ticket))
    if isinstance(wanted, Urge | Tell):
        return _carried_out(steps, wish)
    if isinstance(wanted, Supplement):
        return steps.must(wanted)
    # What came with a form is put on record under its key, so that it is known when it comes again.
    is_known = said.form_key is None and _was_said(steps.ticket, said)
    return steps if is_known else steps.must(said)


def _says_too_much(before: Steps, after: Steps, principal: Principal) -> bool:
    """Whether a system only adds to a ticket to which it has added without end."""
    acts = after.done[len(before.done) :]
    if principal.role != "system" or not acts:
        return False
    said = [
        entry
        for entry in before.ticket.entries
        if entry.by == principal.id and entry.transition in {act.transition for act in _SAYING}
    ]
    return len(said) >= MOST_SAID and all(isinstance(act, _SAYING) for act in acts)


def _left_out(before: Steps, made: Plan | None) -> Steps:
    """The ticket without what is too much. Who tells once more of the danger that people were
    called to loses nothing; everything else is refused, so that it is said elsewhere.
    """
    if made is not None and made.emergency_kind == before.ticket.plan.emergency_kind:
        return before
    raise TooOften(
        "too-much-said",
        "This system has added too much to this ticket",
        "register what is new as a request of its own, a danger at once",
    )


def _back_to_work(ticket: Ticket) -> tuple[Act, ...]:
    """What is finished or over begins again."""
    if ticket.status in DONE:
        return (NotSatisfied(by=BY_RULE.id, reason=DANGER, note=DANGER),)
    if ticket.status in ROWS[Transition.REOPEN].from_:
        return (Reopen(by=BY_RULE.id, reason=DANGER, note=DANGER),)
    return ()


def _alarms(
    ticket: Ticket, made: Plan, how: str, note: str | None = None, *, is_own: bool = False
) -> tuple[Act, ...]:
    """The emergency, unless it is one already; where it shares the alert of an outage, one of its
    `own` for what is more than that.
    """
    if ticket.is_emergency and not (is_own and ticket.shares_alert):
        return ()
    return (
        Reclassify(by=BY_RULE.id, plan=made, estate=ticket.estate, how=how, reason=how, note=note),
    )
