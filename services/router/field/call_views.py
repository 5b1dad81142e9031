"""A call as the value that its page shows, with the names of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal, cast

from services.router.field.calls import CallWork, times_to_tell, what_became
from services.router.field.views import kind_of, matter_of, named, promised_in, said_in
from services.router.follow_ups.calls import HEARD
from services.router.follow_ups.untold import PROMISES, RESULT, TELL_UNSURE, promises_to_tell
from shared.policy.policy import Policy
from shared.runtime.web.work import CallAct, CallView, Ended
from shared.runtime.web.work.call import Also, Subject
from shared.tickets import Clock, Transition
from shared.tickets.model import Promise, TimelineEntry
from shared.tickets.promises import VISIT

_OF_WORK: Final = frozenset({Transition.NOTE, Transition.RESOLVE, Transition.HAND_OVER})
"""Where the words stand of those who did the work."""


def call_view_of(work: CallWork, policy: Policy, now: datetime) -> CallView:
    """What of a call is shown: nothing of a person."""
    task, ticket = work.task, work.ticket
    estate = policy.group.find_estate(ticket.estate) if ticket.estate else None
    times = times_to_tell(task, ticket, work.restored_by)
    call, kind = task.call, ticket.plan.emergency_kind
    to_tell = promises_to_tell(task, ticket, now)
    return CallView(
        number=ticket.number,
        what=matter_of(kind, ticket.plan.area, policy),
        kind=kind_of(ticket.plan, policy),
        now=now,
        due=task.due_at,
        subject=_subject_of(work, times.ends, now),
        group=named(policy.group),
        estate=named(estate) if estate else None,
        building=work.building or "",
        is_drill=task.test,
        is_discreet=policy.taxonomy.is_told_by_person(kind),
        may_have_heard=task.reason == TELL_UNSURE,
        outcome=_outcome_of(work),
        round=ticket.round,
        begins=times.begins,
        ends=times.ends,
        before=times.before,
        also=tuple(_also(each) for each in to_tell if each.how != PROMISES[task.reason]),
        tells=tuple(each.at for each in to_tell),
        done=tuple(said_in(entry) for entry in ticket.public_notes if entry.note),
        notes=tuple(said_in(entry) for entry in _notes(work)),
        promised=promised_in(ticket),
        turn=task.turn,
        again_at=work.again_at,
        noted=call.answer if call and work.takes_effect else None,
        ended=_ended(work),
        can=_acts(work),
    )


def _subject_of(work: CallWork, ends: datetime | None, now: datetime) -> Subject:
    reason = work.task.reason
    if reason in RESULT:
        return "result"
    is_missed = reason == "visit" and ends is not None and ends < now
    return "visit_missed" if is_missed else cast("Subject", reason)


def _also(promise: Promise) -> Also:
    """Another promise that the same call tells."""
    if promise.how == VISIT:
        return Also("visit", promise.times[VISIT], promise.times[Clock.APPOINTMENT])
    how: Literal["extended", "promised"] = "extended" if promise.how == "extension" else "promised"
    return Also(how, None, promise.times[Clock.RESOLVE])


def _outcome_of(work: CallWork) -> str:
    """How the work ended, as a code."""
    if work.ticket.status.value == "handed_over":
        return "handed_over"
    return next((order.outcome for order in reversed(work.ticket.orders) if order.outcome), "done")


def _notes(work: CallWork) -> Iterator[TimelineEntry]:
    """What those who did the work have written of this round, for who speaks to the caller."""
    for entry in work.ticket.entries_of(work.task.round):
        if entry.transition in _OF_WORK and entry.note:
            yield entry


def _ended(work: CallWork) -> Ended | None:
    how = what_became(work.task)
    if how is None:
        return None
    by_reader = work.task.ended_by in {None, work.who.id}
    return Ended(how, by_reader, work.again_at if how == "no_answer" else None)


def _acts(work: CallWork) -> frozenset[CallAct]:
    """The buttons: that the caller was told is one, whatever they said of it."""
    if work.takes_effect:
        return frozenset()
    return frozenset(cast("CallAct", "told" if can in HEARD else can) for can in work.can)
