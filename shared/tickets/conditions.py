"""What must hold beyond the states of a row: one small rule for each row that has one. Pure.

Each is named in its row of `TABLE` (`table`) and returns why it is not possible, with the way out,
or None.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from shared.policy.ladder import BREACH
from shared.tickets import acts
from shared.tickets.clock_moves import clocks_of, may_wait_until
from shared.tickets.clocks import due_rung
from shared.tickets.costs import why_not_done
from shared.tickets.lifecycle import UNFINISHED, Clock, OrderStatus, Transition
from shared.tickets.model import NOBODY, ROUTERS_REASONS, LifecycleRules, Ticket
from shared.tickets.promises import standing

MOST_QUOTES: Final = 20


_ASK_FOR_MORE: Final = "ask for more time with extend, and a supervisor decides"
_SAY_WHY: Final = "say why it is no danger first: reclassify with no_danger and the reason"


def is_no_emergency(ticket: Ticket, *_: object) -> str | None:
    """What tells of a danger is looked after by somebody who goes there (B3.2.3)."""
    return _SAY_WHY if ticket.is_emergency else None


def _somebody_went(ticket: Ticket, *_: object) -> str | None:
    # Of an outage somebody else was there, whom the alert that it shares had called.
    if ticket.is_emergency and not ticket.shares_alert and not ticket.somebody_went:
        return "nobody has been there: only somebody on site ends an emergency; arrive first"
    return None


def _is_shown(ticket: Ticket, act: acts.Resolve, rules: LifecycleRules) -> str | None:
    plan = ticket.plan
    # An outage is shown to be over where it was, not in every flat that it reached.
    is_part = ticket.incident is not None or ticket.joins is not None
    if act.proof or is_part or not rules.wants_proof(plan.type, plan.area, plan.urgency):
        return None
    return "such work is done only with a photo: add one at /proofs and name its id in `proof`"


def nobody_accepted(ticket: Ticket, *_: object) -> str | None:
    """Who is on the way is asked first; a danger is not cancelled away."""
    if ticket.is_emergency:
        return _SAY_WHY
    if _is_taken(ticket):
        return "a department has accepted it: request the cancellation"
    return None


def _is_taken(ticket: Ticket) -> bool:
    return any(
        order.status is not OrderStatus.DISPATCHED and order.status in UNFINISHED
        for order in ticket.orders
    )


def goes_on_elsewhere(ticket: Ticket, act: acts.Merge, *_: object) -> str | None:
    """Nobody is taken from the way, no danger is put aside, and nothing goes on under itself."""
    if act.into == ticket.number:
        return "it cannot go on under itself: name the other ticket"
    if ticket.is_emergency:
        return "an emergency joins another one, or is reclassified with no_danger and the reason"
    if _is_taken(ticket):
        return "a department has accepted it: merge the other one into it"
    return None


def somebody_accepted(ticket: Ticket, *_: object) -> str | None:
    """What nobody has taken needs no consent to be cancelled."""
    return None if _is_taken(ticket) else "nobody has accepted it: cancel it"


def attempts_made(
    ticket: Ticket, act: acts.Feedback, _now: datetime, rules: LifecycleRules
) -> str | None:
    """Unreachable is who was tried as often as the policy says."""
    if act.outcome == "unreachable" and ticket.feedback_attempts < rules.feedback_attempts:
        missing = rules.feedback_attempts - ticket.feedback_attempts
        return f"unreachable needs {missing} more attempts on record"
    return None


def still_in_time(
    ticket: Ticket, act: acts.Reopen, now: datetime, rules: LifecycleRules
) -> str | None:
    """After so long it is a new request; a danger is never too late."""
    if act.reason == acts.DANGER:
        return None
    over = ticket.over_at or ticket.registered_at
    if (now - over).total_seconds() > rules.reopen_within_seconds:
        return "the time for reopening is over: register a new request that names this one"
    return None


def may_be_linked(
    ticket: Ticket, act: acts.Link, _now: datetime, rules: LifecycleRules
) -> str | None:
    """An emergency within an outage stays its own, unless it is nothing but that outage and others
    were alerted to it; and so does what is about somebody: it is not seen by all who see the outage
    (A5.3).
    """
    shares = act.shares_alert and ticket.plan.emergency_kind in rules.outages
    if ticket.is_emergency and not shares:
        return "an emergency with an alert of its own is never a part of an incident"
    if ticket.about != NOBODY:
        return "what is about somebody is a matter of its own"
    if ticket.incident is not None:
        return f"it is a part of {ticket.incident}: unlink it first"
    if ticket.joins is not None:
        return f"it has joined {ticket.joins}: part it first"
    return None


def may_join(ticket: Ticket, act: acts.Join, *_: object) -> str | None:
    """Only what is nothing else joins, and what is about somebody is not seen by all who see the
    emergency (A5.3).
    """
    if act.joins == ticket.number:
        return "it cannot join itself: name the other emergency"
    if ticket.about != NOBODY:
        return "what is about somebody is a matter of its own"
    if ticket.incident is not None:
        return f"it is a part of {ticket.incident}: unlink it first"
    if ticket.joins is not None:
        return f"it has joined {ticket.joins}: part it first"
    return None


def has_joined(ticket: Ticket, *_: object) -> str | None:
    """Only what has joined an emergency can be parted from it."""
    return None if ticket.joins is not None else "it has joined no emergency"


def not_about_owner(ticket: Ticket, act: acts.Own, *_: object) -> str | None:
    """Nobody sees through what is about them (A5.3)."""
    is_theirs = act.owner in ticket.about.people
    return "the matter is about whom you named: name somebody else" if is_theirs else None


def not_flagged(ticket: Ticket, *_: object) -> str | None:
    """Once is enough."""
    return "it is flagged already" if ticket.risk else None


def is_linked(ticket: Ticket, *_: object) -> str | None:
    """Only what is part of an outage can leave it."""
    return None if ticket.incident is not None else "it is a part of no incident"


def department_free(ticket: Ticket, act: acts.Dispatch, *_: object) -> str | None:
    """One unfinished work order a department and round."""
    return _why_busy(ticket, act.department)


def is_given_by_hand(ticket: Ticket) -> str | None:
    """A person gives out what no rule could give to anybody; what is not understood yet is to be
    understood first. For who dispatches by hand: by rule all is given out.
    """
    if ticket.held is None or ticket.held.reason not in ROUTERS_REASONS:
        return "reclassify it first: place, type or area is not decided"
    return None


def receiver_free(ticket: Ticket, act: acts.Transfer, *_: object) -> str | None:
    """The same for who takes over; within a department it only changes hands."""
    order = ticket.order(act.order)
    stays = order is not None and order.department == act.to_department
    return None if stays else _why_busy(ticket, act.to_department)


def _why_busy(ticket: Ticket, department: str) -> str | None:
    busy = any(o.department == department and o.status in UNFINISHED for o in ticket.orders)
    return f"{department} already has a work order of this round" if busy else None


def not_decided(ticket: Ticket, act: acts.Decline, *_: object) -> str | None:
    """What the desk decided goes back only through the desk."""
    order = ticket.order(act.order)
    if order is None or not order.decided:
        return None
    return "the desk decided that this is yours: do it, or ask the desk to give it to somebody else"


def next_attempt_at(ticket: Ticket, now: datetime, rules: LifecycleRules) -> datetime | None:
    """From when on the next attempt to reach the caller counts; None where it counts already."""
    last = ticket.last_of(Transition.FEEDBACK_ATTEMPT)
    counts_from = None if last is None else last + rules.feedback_gap
    return counts_from if counts_from is not None and now < counts_from else None


def not_too_soon(
    ticket: Ticket, _act: acts.FeedbackAttempt, now: datetime, rules: LifecycleRules
) -> str | None:
    """Attempts within the policy's gap are one attempt."""
    counts_from = next_attempt_at(ticket, now, rules)
    if counts_from is None:
        return None
    waits = math.ceil((counts_from - now) / timedelta(minutes=1))
    return f"the last attempt was a moment ago: the next one counts in {waits} minutes"


def still_promised(
    ticket: Ticket, act: acts.Tell, _now: datetime, _rules: LifecycleRules
) -> str | None:
    """Who heard of a time that another has taken the place of was not told what is promised."""
    if act.promised is None or any(each.at in act.promised for each in standing(ticket)):
        return None
    return "another time was promised meanwhile: tell the caller that one"


def cancel_wanted(ticket: Ticket, *_: object) -> str | None:
    """The department confirms a wish, it has none of its own."""
    return None if ticket.cancel_requested else "nobody asked for the cancellation"


def not_yet_fired(
    ticket: Ticket, act: acts.Fire, now: datetime, rules: LifecycleRules
) -> str | None:
    """A rung is called when it is due, once, by its own transition."""
    state = clocks_of(ticket, act.order).get(act.clock)
    if state is None or state.next_due is None:
        return "this clock is not running, or has fired"
    rung = due_rung(state, now, rules.ladder)
    if rung is None:
        return "this clock is not due yet"
    says = Transition.BREACH if rung.level >= BREACH else Transition.WARN
    if (act.level, act.transition) != (rung.level, says):
        return f"level {rung.level} is due"
    return None


def extends_forward(
    ticket: Ticket, act: acts.Extend | acts.AskExtension, now: datetime, rules: LifecycleRules
) -> str | None:
    """Later than now promised, before that time is broken, and not for ever."""
    if ticket.extensions >= rules.extensions:
        return f"it was extended {ticket.extensions} times, which is as often as the policy allows"
    state = ticket.clocks.get(Clock.RESOLVE)
    if state is None or state.due is None:
        return "there is no limit to extend"
    ran_out = state.is_running and state.due <= now
    if state.breached_at is not None or ran_out:
        return "the limit is already broken; an extension must be asked for in time"
    return None if act.until > state.due else "the new time must be later than the present one"


def asks_once(
    ticket: Ticket, act: acts.AskExtension, now: datetime, rules: LifecycleRules
) -> str | None:
    """One wish at a time waits for a supervisor."""
    if ticket.extension is not None:
        return "an extension is asked for already; a supervisor decides"
    return extends_forward(ticket, act, now, rules)


def extension_asked(ticket: Ticket, *_: object) -> str | None:
    """Only what was asked for is refused."""
    return None if ticket.extension else "nobody asks for an extension"


def ends_in_time(
    ticket: Ticket, act: acts.Suspend, now: datetime, rules: LifecycleRules
) -> str | None:
    """A pause ends in the future, and as soon as the policy wants: this one, and all together."""
    latest = may_wait_until(ticket, act.order, now, rules)
    if latest is not None and latest <= now:
        days = rules.longest_pauses / timedelta(days=1)
        return f"it has waited {days:g} days in all, which is as long as it may: {_ASK_FOR_MORE}"
    if act.until is None:
        return None
    if act.until <= now:
        return "the pause would be over already: name a later time"
    longest = rules.longest_pause(act.reason)
    if act.until > now + longest:
        hours = longest / timedelta(hours=1)
        return f"for {act.reason} it may wait {hours:g} hours at most: name an earlier time"
    if latest is not None and act.until > latest:
        until = latest.astimezone(rules.calendar.zone)
        return f"with all its pauses it may wait until {until:%F %H:%M} at most: {_ASK_FOR_MORE}"
    return None


def visit_ahead(_ticket: Ticket, act: acts.Appoint, now: datetime, _rules: object) -> str | None:
    """A visit has a length, and is still to come."""
    if act.until <= act.at:
        return "the visit would end before it begins"
    return None if act.until > now else "the visit would be over already: name a later time"


def can_be_done(
    ticket: Ticket, act: acts.Resolve, now: datetime, rules: LifecycleRules
) -> str | None:
    """Somebody was there, it is shown where that is wanted, and the owner pays nothing unasked."""
    order = ticket.order(act.order)
    unpaid = why_not_done(order.quote if order else None, act.used, rules.free_up_to)
    return _somebody_went(ticket, act, now, rules) or _is_shown(ticket, act, rules) or unpaid


def not_endless(ticket: Ticket, act: acts.PutQuote, *_: object) -> str | None:
    """A document holds only so many quotes."""
    order = ticket.order(act.order)
    if order is None or len(order.quotes) < MOST_QUOTES:
        return None
    return f"it was quoted {MOST_QUOTES} times: give the work to somebody who knows what it costs"


def owner_was_asked(ticket: Ticket, act: acts.RecordConsent, *_: object) -> str | None:
    """The quote that counts was put to the owner, by whom the policy lets ask in that way."""
    order = ticket.order(act.order)
    quote = order.quote if order else None
    if order is None or quote is None:
        return "there is no quote that the owner could agree to"
    if quote.payer != "owner":
        return "the owner does not pay for it: nobody has to ask them"
    if act.quote != quote.version:
        return f"quote {quote.version} counts now: tell the owner that one"
    face_to_face = act.how == "on_site" and act.by == order.assignee
    if act.at_desk or face_to_face:
        return None
    return "only the assignee takes down what the owner said on site; the desk asks in other ways"
