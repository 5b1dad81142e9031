"""A call at its link: what the caller is to be told, and what became of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, cast

from services.router.field.domain import LOOK_BACK
from services.router.field.forms import Form, Unreadable
from services.router.follow_ups.calls import HEARD
from services.router.follow_ups.tasks import FollowUp
from services.router.follow_ups.untold import RESULT
from shared.contracts.router import CallAnswer
from shared.identity import DESK, Principal
from shared.tickets import Clock, Ticket

NOT_DONE: Final = "not_done"
"""What a caller says of work that was never done: not satisfied, for this reason."""


_DROPPED: Final = {"over": "closed", "work_done": "work_done", "work_goes_on": "work_goes_on"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWork:
    """One call as whoever has the task has it. `again_at` is when the caller would be rung again if
    nobody answered now, or will be where nobody did; `restored_by` when an outage is to be over.
    """

    task: FollowUp
    ticket: Ticket
    who: Principal
    building: str | None
    can: frozenset[CallAnswer]
    again_at: datetime | None = None
    restored_by: datetime | None = None
    takes_effect: bool = False


def call_has_ended(task: FollowUp, person: str, now: datetime) -> bool:
    """Whether a link shows nothing any more: it is somebody else's to ring, or was over more than a
    day ago.
    """
    is_old = task.ended_at is not None and now - task.ended_at > LOOK_BACK
    return task.person != person or is_old


class Times(NamedTuple):
    """What the words to say name: the begin of a visit, its end or the later time, and the time
    that this takes the place of.
    """

    begins: datetime | None = None
    ends: datetime | None = None
    before: datetime | None = None


def times_to_tell(task: FollowUp, ticket: Ticket, restored_by: datetime | None) -> Times:
    """The times that the caller is to be told."""
    match task.reason:
        case "visit":
            last = _promises(ticket, "visit", Clock.APPOINTMENT)
            return Times(_last(_promises(ticket, "visit", "visit")), _last(last))
        case "extended":
            earlier = [
                promise.times[Clock.RESOLVE]
                for promise in ticket.promised[:-1]
                if Clock.RESOLVE in promise.times
            ]
            return Times(None, _last(_promises(ticket, "extension", Clock.RESOLVE)), _last(earlier))
        case "outage":
            return Times(None, restored_by)
        case _:
            return Times()


def _promises(ticket: Ticket, how: str, of: str) -> list[datetime]:
    return [p.times[of] for p in ticket.promised if p.how == how and of in p.times]


def _last(moments: list[datetime]) -> datetime | None:
    return moments[-1] if moments else None


def answer_in(form: Form, act: str, task: FollowUp) -> tuple[CallAnswer, str | None]:
    """What a form says of a call, and why the caller is not satisfied, as a code; raises Unreadable
    where it leaves out what the caller said of the result.
    """
    if act != "told" or task.reason not in RESULT:
        return cast("CallAnswer", act), None
    said = form.fields.get("answer", "")
    if said == NOT_DONE:
        return "not_satisfied", NOT_DONE
    if said not in HEARD:
        raise Unreadable("answer_missing")
    return said, None


def promised_in_form(form: Form) -> tuple[datetime, ...]:
    """When the promises were made that the page gave its reader to tell; nothing where that cannot
    be read.
    """
    try:
        found = tuple(map(datetime.fromisoformat, form.fields.get("promised", "").split()))
    except ValueError:
        return ()
    return found if all(each.tzinfo for each in found) else ()


def what_became(task: FollowUp) -> str | None:
    """What became of a call, as a code that has words; None while it is to be made."""
    if task.is_live:
        return None
    if task.state == "dropped":
        return _DROPPED.get(task.dropped_for or "", "not_needed")
    match task.outcome:
        case "fed_back" if task.call is not None and task.call.answer != "no_answer":
            return task.call.answer
        case "told_owner":
            return "told"
        case "fed_back" | "no_answer":
            return task.outcome
        case _:
            return "not_needed"


def at_desk(lists: frozenset[str], fallback: Principal) -> Principal:
    """Somebody of the desk has the desk's right, whatever else they are; all others what their
    lists make them.
    """
    if DESK not in lists:
        return fallback
    return Principal(fallback.id, "agent", fallback.places)
