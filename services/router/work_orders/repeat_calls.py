"""Use case: whoever has to come back about one matter is heard further up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from services.router.access import BY_RULE
from services.router.people import heard_by
from services.router.queues import COMING_BACK
from services.router.work_orders.storage import others_of_matter
from shared.contracts.intake import TicketEvent, TicketFlagged, TicketRegistered, TicketReopened
from shared.contracts.router import RaiseReason
from shared.policy.duty import Duty
from shared.policy.policy import Policy, Rules
from shared.runtime.platform import Platform
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed, Ticket, TicketStatus, Transition
from shared.tickets.acts import Act, Raise
from shared.tickets.contacts import contacts_since
from shared.tickets.lifecycle import DONE

NOT_DONE = "not_done"
"""The reason of a reopening that says: what was reported as done was not."""


class RepeatCalls:
    """Takes tickets further up, each time once."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def look(self, event: TicketEvent) -> None:
        """See whether somebody further up is to hear of a ticket after this event. What the same
        caller came for under other numbers about the same matter counts as well.
        """
        others = await others_of_matter(self._platform.store, event.number)
        raised: list[Raise] = []

        def choose(ticket: Ticket, now: datetime) -> list[Act]:
            policy, duty = self._platform.policy.at(ticket.estate), self._platform.duty.current
            wanted = None
            if isinstance(event, TicketReopened) and event.reason == NOT_DONE:
                wanted = false_completion(ticket, duty, policy, now, others)
            if isinstance(event, TicketFlagged):
                wanted = at_risk(ticket, duty, policy, now, others)
            wanted = wanted or repeated(ticket, duty, policy, now, others)
            raised[:] = [wanted] if wanted is not None else []
            return list(raised)

        try:
            ticket = await self._platform.tickets.change(event.number, choose)
        except NotAllowed as moved_on:
            logger.info("raise_no_longer_wanted", ticket=event.number, status=moved_on.status)
            return
        for act in raised:
            if not ticket.test:
                metrics.RAISED.labels(act.reason).inc()
            logger.info("ticket_raised", ticket=event.number, reason=act.reason, level=act.level)


def comes_back(event: TicketEvent, ticket: Ticket | None) -> bool:
    """Whether a caller comes back with this event; with a new number, where the ticket is another's
    second.
    """
    if isinstance(event, TicketRegistered):
        return ticket is not None and ticket.repeat_of is not None
    return isinstance(event, COMING_BACK)


def repeated(
    ticket: Ticket, duty: Duty, policy: Policy, now: datetime, others: Sequence[Ticket] = ()
) -> Raise | None:
    """What the number of contacts asks for; None when the ticket is as high up, or is over."""
    contacts = contacts_of((ticket, *others), policy.rules, now)
    due = [
        (level, repeat)
        for level, repeat in enumerate(policy.rules.repeats, 1)
        if contacts >= repeat.contacts
    ]
    if not due or ticket.mark is not None or due[-1][0] <= ticket.level:
        return None
    level, repeat = due[-1]
    people = heard_by(repeat.to, ticket, None, duty, policy)
    return _raise(level, "repeated", contacts, people, note=f"repeated/{contacts}")


def false_completion(
    ticket: Ticket, duty: Duty, policy: Policy, now: datetime, others: Sequence[Ticket] = ()
) -> Raise | None:
    """What was said to be done was not: whoever manages the estate hears of it, once a round."""
    note = f"false_completion/{ticket.round}"
    if ticket.has_entry(Transition.RAISE, note) or ticket.mark is not None or ticket.status in DONE:
        return None
    contacts = contacts_of((ticket, *others), policy.rules, now)
    people = heard_by("estate", ticket, None, duty, policy)
    raised = _raise(max(ticket.level, 1), "false_completion", contacts, people, note=note)
    return replace(raised, place_differs=_was_shown_elsewhere(ticket))


def at_risk(
    ticket: Ticket, duty: Duty, policy: Policy, now: datetime, others: Sequence[Ticket] = ()
) -> Raise | None:
    """The caller says that they will go to an authority or the press: whoever manages the estate
    hears of it, once, also when the ticket is over: they may go there all the same.
    """
    if ticket.mark is TicketStatus.MERGED or ticket.has_entry(Transition.RAISE, "risk"):
        return None
    contacts = contacts_of((ticket, *others), policy.rules, now)
    people = heard_by("estate", ticket, None, duty, policy)
    return _raise(max(ticket.level, 1), "risk", contacts, people, note="risk")


def _was_shown_elsewhere(ticket: Ticket) -> bool:
    """Whether a photo of what the round before is said to have done was taken elsewhere."""
    return any(o.place_differs for o in ticket.work_orders if o.round == ticket.round - 1)


def contacts_of(tickets: Iterable[Ticket], rules: Rules, now: datetime) -> int:
    """How often the caller has come about a matter within the policy's span, the first time
    included.
    """
    return contacts_since(now - rules.repeats_within, (ticket.timeline for ticket in tickets))


def _raise(
    level: int, reason: RaiseReason, contacts: int, people: tuple[str, ...], *, note: str
) -> Raise:
    return Raise(
        by=BY_RULE.id, level=level, reason=reason, contacts=contacts, recipients=people, note=note
    )
