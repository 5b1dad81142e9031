"""One task of the desk as a value: planned, opened, missed, done, dropped. Pure.

A task is planned for a time. It opens then, and somebody is told. That nobody has done it when it
is due is told to the desk's lead, once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shared.contracts import Lane, Step
from shared.contracts.router import (
    CallAnswer,
    FollowUpDangerTold,
    FollowUpDone,
    FollowUpDropped,
    FollowUpMissed,
    FollowUpOpened,
    FollowUpOutcome,
    FollowUpRung,
    FollowUpWhy,
)
from shared.policy.plan import danger_noted, danger_told
from shared.policy.policy import Policy
from shared.tickets import Ticket

State = Literal["planned", "open", "done", "dropped"]
Dropped = Literal[
    "over", "work_done", "work_goes_on", "danger_over", "planned_anew", "passed_over", "done"
]
"""Why nobody has to do it any more: the ticket is over, its work is done, there is work again, its
danger is over, what was planned is planned anew, a later share of the limit or look at it has come
meanwhile, or somebody had done it when it was planned.
"""
LIVE: Final = frozenset({"planned", "open"})
SETTLES_IN: Final = timedelta(minutes=15)
"""So long a message that cannot be handled is tried again; then a person has to look after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What came of ringing the caller, as whoever has the task said at its link. `key` is that of
    the form, `cause` a code: why the caller is not satisfied. `words` are scrubbed.
    """

    key: str
    at: datetime
    by: str
    answer: CallAnswer
    cause: str | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Somebody of the desk (`person`, or whoever is there) is to look after a ticket, from
    `opens_at` on and by `due_at`. `basis` says for which round, plan and extension of the ticket
    the rule made it, `share` and `turn` which of its tasks it is. `named`: whoever asked for it
    wants just this person. `note` (of who asked) and `result` (of who did it) are scrubbed;
    `danger` is the kind of emergency that the result tells of, where it tells of one. `call` is the
    last call whose outcome the ticket has to follow before the task ends.
    """

    id: str
    version: int = 0
    number: str
    round: int
    estate: str | None
    type: str
    area: str
    urgency: str
    emergency_kind: str | None
    test: bool
    why: FollowUpWhy
    reason: str
    asked_by: str
    opens_at: datetime
    due_at: datetime
    basis: str = ""
    share: float | None = None
    turn: int = 1
    state: State = "planned"
    person: str | None = None
    named: bool = False
    missed_at: datetime | None = None
    outcome: FollowUpOutcome | None = None
    note: str | None = None
    result: str | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    dropped_for: Dropped | None = None
    danger: str | None = None
    call: Call | None = None

    @property
    def lane(self) -> Lane:
        """That of emergencies where its result tells of one."""
        return "routine" if self.danger is None else "urgent"

    @property
    def is_live(self) -> bool:
        """Whether it is still to be done, now or later."""
        return self.state in LIVE

    @property
    def is_by_rule(self) -> bool:
        """Whether the policy asked for it, and no person."""
        return self.why != "by_hand"

    @property
    def next_due(self) -> datetime | None:
        """When it opens, or counts as missed; None when nothing of it falls due any more."""
        if self.state == "planned":
            return self.opens_at
        return self.due_at if self.state == "open" and self.missed_at is None else None


def new_task(
    ticket: Ticket,
    why: FollowUpWhy,
    reason: str,
    *,
    mark: str,
    by: str,
    at: datetime,
    within: timedelta,
    **more: Any,
) -> FollowUp:
    """A task about a ticket. The same `mark` is the same task, so that a repeat makes no second."""
    plan = ticket.plan
    return FollowUp(
        id=task_id(ticket.number, why, mark),
        number=ticket.number,
        round=ticket.round,
        estate=ticket.estate,
        type=plan.type,
        area=plan.area,
        urgency=plan.urgency,
        emergency_kind=plan.emergency_kind,
        test=ticket.test,
        why=why,
        reason=reason,
        asked_by=by,
        opens_at=at,
        due_at=at + within,
        **more,
    )


def task_id(number: str, why: FollowUpWhy, mark: str) -> str:
    """What a task of that kind and occasion is called."""
    return hashlib.sha256(f"{number}\n{why}\n{mark}".encode()).hexdigest()[:32]


def put_off(task: FollowUp, at: datetime) -> Step[FollowUp]:
    """It opens later: the clock it goes by has moved, or stands still."""
    return Step(replace(task, opens_at=at, due_at=at + (task.due_at - task.opens_at)))


def open_task(
    task: FollowUp, person: str | None, within: timedelta, now: datetime, *, estate: str | None
) -> Step[FollowUp]:
    """Now is the time: `person` is told; without one it is whoever of the desk sees it first. The
    place is that of the ticket, which may have been found out meanwhile.
    """
    opened = replace(task, state="open", person=person, due_at=now + within, estate=estate)
    told = (person,) if person else ()
    return Step(opened, (FollowUpOpened(**_facts(opened), recipients=told),))


def miss(task: FollowUp, lead: tuple[str, ...], now: datetime) -> Step[FollowUp]:
    """Nobody has done it in time: `lead` is told, once. It is still to be done."""
    missed = replace(task, missed_at=now)
    return Step(missed, (FollowUpMissed(**_facts(missed), recipients=lead),))


def finish(
    task: FollowUp,
    outcome: FollowUpOutcome,
    result: str | None,
    now: datetime,
    *,
    by: str,
    danger: str | None = None,
) -> Step[FollowUp] | None:
    """It was done, also before it opened, and the result may tell of a danger; None when it is
    over.
    """
    if not task.is_live:
        return None
    ended = replace(
        task,
        state="done",
        outcome=outcome,
        result=result,
        ended_by=by,
        ended_at=now,
        danger=danger,
    )
    facts = _facts(ended)
    told = (FollowUpDangerTold(**facts, danger=danger),) if danger is not None else ()
    return Step(ended, (FollowUpDone(**facts, outcome=outcome), *told))


def note_call(
    task: FollowUp,
    call: Call,
    now: datetime,
    *,
    danger: str | None = None,
    promised: tuple[datetime, ...] | None = None,
) -> Step[FollowUp] | None:
    """Somebody rang, and intake is to do what follows; `promised` is when the promises were made
    that they told. None where just this was said before, where an earlier call still has to take
    effect, and where nobody has to ring any more.
    """
    if not task.is_live or takes_effect(task, now) or (task.call and task.call.key == call.key):
        return None
    noted = replace(task, call=call, danger=danger)
    rung = FollowUpRung(
        **_facts(noted),
        by=call.by,
        call=call.key,
        answer=call.answer,
        cause=call.cause,
        danger=danger,
        promised=promised,
    )
    return Step(noted, (rung,))


def tell_danger(task: FollowUp, danger: str) -> Step[FollowUp] | None:
    """What was said came too late to count, and tells of a danger all the same: that goes on. None
    where it was told.
    """
    if task.danger == danger:
        return None
    known = replace(task, danger=danger)
    return Step(known, (FollowUpDangerTold(**_facts(known), danger=danger),))


def takes_effect(task: FollowUp, now: datetime) -> bool:
    """Whether the ticket is still to follow the last call: a moment as a rule. After so long its
    teller may say it again, and whichever comes first counts.
    """
    return task.is_live and task.call is not None and now - task.call.at < SETTLES_IN


def drop(task: FollowUp, why: Dropped, now: datetime) -> Step[FollowUp] | None:
    """Nobody has to do it any more; None when it is over. Of what never opened nobody hears."""
    if not task.is_live:
        return None
    ended = replace(task, state="dropped", dropped_for=why, ended_at=now)
    said = (FollowUpDropped(**_facts(ended), dropped_for=why),) if task.state == "open" else ()
    return Step(ended, said)


def pass_on(task: FollowUp, person: str) -> Step[FollowUp] | None:
    """Somebody else sees the ticket through now, and has its tasks; who is to ring now is told.
    None when that is so, and for one that was meant for just somebody.
    """
    if not task.is_live or task.named or task.person in {None, person}:
        return None
    passed = replace(task, person=person)
    # The link to the call is each person's own.
    is_told = task.why == "tell" and task.state == "open"
    told = (FollowUpOpened(**_facts(passed), recipients=(person,)),) if is_told else ()
    return Step(passed, told)


def give(task: FollowUp, person: str | None) -> Step[FollowUp] | None:
    """Somebody else is to do it, whoever was named, and is told where it is open; None when it is
    over.
    """
    if not task.is_live:
        return None
    given = replace(task, person=person, named=False)
    is_told = task.state == "open" and person is not None
    told = FollowUpOpened(**_facts(given), recipients=(person,)) if is_told else None
    return Step(given, (told,) if told else ())


def danger_in(
    words: str | None, ticket: Ticket, policy: Policy, now: datetime, *, noted: bool
) -> str | None:
    """The kind of emergency that words of a call tell of; `noted` where they are not the caller's
    own, but a note of whoever rang.
    """
    if not words:
        return None
    made = (danger_noted if noted else danger_told)(words, ticket.estate, policy, now)
    return made.emergency_kind if made else None


def forget(task: FollowUp) -> Step[FollowUp] | None:
    """Words about somebody who is erased go; codes and times stay. None where there are none."""
    said = task.call.words if task.call else None
    if task.note is None and task.result is None and said is None:
        return None
    call = replace(task.call, words=None) if task.call else None
    return Step(replace(task, note=None, result=None, call=call))


def _facts(task: FollowUp) -> dict[str, Any]:
    return {
        "follow_up": task.id,
        "number": task.number,
        "round": task.round,
        "estate": task.estate,
        "type": task.type,
        "area": task.area,
        "urgency": task.urgency,
        "emergency_kind": task.emergency_kind,
        "test": task.test,
        "why": task.why,
        "reason": task.reason,
        "due": task.due_at,
        "person": task.person,
    }
