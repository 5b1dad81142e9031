"""A matter of the field as the value that the work page shows, with the names of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal, cast

from services.router.field.domain import Work, already_said
from shared.policy.policy import Policy
from shared.readers.tickets import rules_of
from shared.runtime.web.work import (
    Act,
    Advised,
    Again,
    Cost,
    Danger,
    MoreTime,
    Named,
    Pause,
    PlanStep,
    Said,
    Time,
    WorkView,
)
from shared.tickets import OrderStatus, Ticket, Transition
from shared.tickets.costs import needs_consent
from shared.tickets.lifecycle import Clock
from shared.tickets.model import ROUND_BEGINS, Beginning, Planned, TimelineEntry, beginning
from shared.tickets.progress import fate_of_progress
from shared.triage.taxonomy import Advice, Wording

_OF_WORK: Final = frozenset(
    {Clock.ACCEPT, Clock.ARRIVE, Clock.CONTROL, Clock.RESOLVE, Clock.APPOINTMENT}
)
"""Clocks that somebody in the field can keep; the others are the desk's."""
_OF_COMING: Final = frozenset({Clock.ACCEPT, Clock.ARRIVE})
"""Clocks that mean nothing to who is there, or once there is nothing to come to."""
_NOT_THERE_YET: Final = frozenset({OrderStatus.DISPATCHED, OrderStatus.ACCEPTED})
_TOLD: Final = frozenset({*(clock.value for clock in _OF_WORK), "visit"})


def view_of(work: Work, policy: Policy, now: datetime) -> WorkView:
    """What of a matter is shown: nothing of a person, and of the notes what this reader may see."""
    ticket, order = work.ticket, work.order
    estate = policy.group.find_estate(ticket.estate) if ticket.estate else None
    return WorkView(
        number=ticket.number,
        what=_what(work, policy),
        kind=kind_of(ticket.plan, policy),
        now=now,
        estate=named(estate) if estate else None,
        building=work.building or "",
        place=work.place or "",
        words=work.words,
        added=tuple(
            said_in(e) for e in ticket.timeline if e.transition == Transition.SUPPLEMENT and e.note
        ),
        notes=_told_notes(work, policy, now),
        is_drill=ticket.test,
        status=_status(work),
        promised=promised_in(ticket),
        clocks=tuple(_clocks(work)),
        again=_again(work),
        wants_cancel=ticket.cancel_requested,
        pause=Pause(order.reason or "", order.resume_at) if order and order.resume_at else None,
        more_time=_more_time(work),
        cost=_cost(work, policy),
        photos=len(work.proofs),
        photos_can_be_seen=work.inside,
        lacks_photo=work.lacks_photo,
        danger=_danger(work, policy),
        waits_for_danger=work.waits_for_danger,
        opens_after_accept=work.opens_after_accept,
        can=frozenset(cast("Act", act) for act in work.can),
    )


def named(entry: Any) -> Named:
    """What the policy calls something."""
    return Named(entry.zh, entry.en)


def _what(work: Work, policy: Policy) -> Named:
    """The danger, else what it is about."""
    kind = work.emergency.kind if work.emergency else work.ticket.plan.emergency_kind
    return matter_of(kind, work.ticket.plan.area, policy)


def matter_of(kind: str | None, area: str, policy: Policy) -> Named:
    """The kind of danger where there is one, else the area; an id from an older policy speaks for
    itself.
    """
    taxonomy = policy.taxonomy
    if kind is not None and taxonomy.has_kind(kind):
        return named(taxonomy.kind(kind))
    return named(taxonomy.area(area)) if taxonomy.has_area(area) else _code(area)


def kind_of(plan: Planned, policy: Policy) -> Named:
    """Type and urgency."""
    taxonomy = policy.taxonomy
    urgencies = {each.id: each for each in taxonomy.urgencies}
    type_ = named(taxonomy.type(plan.type)) if taxonomy.has_type(plan.type) else _code(plan.type)
    urgency = urgencies.get(plan.urgency)
    if urgency is None or named(urgency) == type_:
        return type_
    return Named(f"{type_.zh}（{urgency.zh}）", f"{type_.en} ({urgency.en})")


def _code(id: str) -> Named:
    return Named(id, id)


def said_in(entry: TimelineEntry) -> Said:
    """The words of an entry."""
    return Said(entry.at, entry.note or "", public=entry.public)


def _told_notes(work: Work, policy: Policy, now: datetime) -> tuple[Said, ...]:
    """With what becomes of those that the owner is to be told."""
    fates = fate_of_progress(work.ticket, rules_of(policy), now)
    told = ((said_in(entry), fates.get(entry)) for entry in _notes(work))
    return tuple(
        replace(said, fate=found[0], tell_at=found[1]) if found else said for said, found in told
    )


def _notes(work: Work) -> Iterator[TimelineEntry]:
    """Of this round: all for our own staff, for a firm outside its own and what is no secret."""
    for entry in work.ticket.entries:
        is_shown = work.inside or entry.public or entry.by == work.person
        if entry.transition == Transition.NOTE and entry.note and is_shown:
            yield entry


def promised_in(ticket: Ticket) -> tuple[Time, ...]:
    """The last of each promise to the caller, whoever made it."""
    last = {of: at for each in ticket.promised for of, at in each.times.items()}
    return tuple(Time(of, at) for of, at in last.items() if of in _TOLD - {Clock.ACCEPT})


def _status(work: Work) -> str | None:
    """The code of their order's status, or how far they have come: on the way, or on site, which
    somebody without an order may be too.
    """
    order = work.order
    if work.is_there and (order is None or order.status in _NOT_THERE_YET):
        return "on_site"
    if order is None:
        return None
    has_set_out = "set_out" in already_said(order, work.ticket)
    if has_set_out and order.status is OrderStatus.ACCEPTED:
        return "set_out"
    return order.status.value


def _clocks(work: Work) -> list[Time]:
    """What runs, the first to end first; for who was only alerted what runs for those who came.
    What nobody has to keep any more is left out, though it was never stopped.
    """
    ticket, order, emergency = work.ticket, work.order, work.emergency
    orders = (order,) if order else ticket.orders
    due: dict[str, datetime] = {}
    for clocks in (ticket.clocks, *(each.clocks for each in orders)):
        for clock, state in clocks.items():
            if clock in _OF_WORK and state.is_running and state.due is not None:
                due[clock] = min(due.get(clock, state.due), state.due)
    is_over = emergency is not None and emergency.ended_at is not None
    over = _OF_COMING if work.is_there or is_over else frozenset[Clock]()
    if order is None:
        over |= {Clock.ACCEPT}
    if is_over:
        over |= {Clock.CONTROL}
    for clock in over:
        due.pop(clock, None)
    if emergency and emergency.next_due and emergency.acknowledged_at is None:
        due["acknowledge"] = emergency.next_due
    return sorted((Time(str(of), at) for of, at in due.items()), key=lambda each: each.at)


def _again(work: Work) -> Again | None:
    ticket = work.ticket
    if ticket.round == 1:
        return None
    begun = next((e for e in ticket.entries if e.transition in ROUND_BEGINS), None)
    why = beginning(begun.by, begun.note) if begun else Beginning()
    return Again(ticket.round, why.words, is_danger=why.is_danger)


def _more_time(work: Work) -> MoreTime | None:
    """What was asked for their order and is not decided."""
    wish, order = work.ticket.extension, work.order
    if wish is None or order is None or wish.order != order.id:
        return None
    return MoreTime(wish.reason, wish.until)


def _cost(work: Work, policy: Policy) -> Cost | None:
    quote = work.order.quote if work.order else None
    if quote is None or not quote.items:
        return None
    asked = needs_consent(quote, policy.rules.free_up_to)
    agreed = quote.consent.given if quote.consent else None
    return Cost(quote.total, quote.payer, asked, agreed)


def _advised(advice: Advice) -> Iterator[Advised]:
    parts: tuple[tuple[Literal["say", "ask", "do"], Wording | None], ...] = (
        ("say", advice.say),
        ("ask", advice.ask),
        ("do", advice.do),
    )
    yield from (Advised(part, Named(said.zh, said.en)) for part, said in parts if said)


def _danger(work: Work, policy: Policy) -> Danger | None:
    emergency = work.emergency
    if emergency is None or not policy.taxonomy.has_kind(emergency.kind):
        return None
    kind = policy.taxonomy.kind(emergency.kind)
    done = {check.step for check in emergency.checks}
    by = emergency.acknowledged_by
    return Danger(
        advice=tuple(_advised(kind.advice)),
        steps=tuple(PlanStep(each.id, named(each), each.id in done) for each in kind.checklist),
        taken="nobody" if by is None else "reader" if by == work.person else "other",
        reader_is_there=work.person in emergency.on_site,
        is_released=emergency.released_at is not None,
        is_over=emergency.ended_at is not None,
        is_slow=emergency.slowed_at is not None and emergency.next_due is not None,
        tells_superior=bool(emergency.superiors),
    )
