"""Use cases of reading: one ticket with all that a person at the desk needs to know, and what else
belongs to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from services.intake.finding.masks import Masks
from services.intake.finding.views import CARD_FIELDS, card_of, ticket_view
from services.intake.registration.reports import Reports
from shared.contracts.refusals import NotThere
from shared.identity import Principal, action_of, allows, sees
from shared.policy.policy import Policy
from shared.readers.ticket_lists import NEWEST
from shared.readers.tickets import Tickets, rules_of
from shared.readers.visibility import within_reach
from shared.store import Doc, Listing, Store
from shared.tickets import TICKET, Ticket, Transition
from shared.tickets.conditions import next_attempt_at
from shared.tickets.lifecycle import DONE

SEE: Final = "ticket.see"
MOST_RELATED: Final = 20


class Showing:
    """Shows tickets one by one; foreign and missing ones look the same."""

    def __init__(
        self,
        store: Store,
        tickets: Tickets,
        reports: Reports,
        masks: Masks,
        policy: Callable[[], Policy],
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._reports = reports
        self._masks = masks
        self._policy = policy

    async def one(self, number: str, principal: Principal) -> Doc:
        """A ticket as staff see it."""
        doc, ticket = await self._found(number, principal)
        beside: Doc = await self._masks.of_ticket(doc, principal)
        if (feedback := self._feedback(ticket)) is not None:
            beside["feedback"] = feedback
        if first := await self._reports.told_repeat(ticket, principal):
            beside["duplicate_of"] = first
        # As it is written today, also where it was kept by a release before.
        kept = {**doc, **TICKET.to_doc(ticket)}
        beside |= await self._links(ticket, kept["timeline"], principal)
        beside |= self._tickets.possible(ticket, principal).beside(kept)
        return ticket_view(kept, principal, **beside)

    async def related(self, number: str, principal: Principal) -> Doc:
        """What else belongs to it, as far as somebody may see it: the same caller's other tickets
        of the matter, for the desk alone; those of its outage; the emergency it may be told of.
        """
        _, ticket = await self._found(number, principal)
        matter: list[Doc] = []
        if allows(principal, action_of(Transition.OWN)):
            first = ticket.repeat_of or number
            same = {"$or": [{"repeat_of": first}, {"_id": first}]}
            matter = await self._cards(same, number, principal)
        incident = await self._incident(ticket, principal) if ticket.incident else None
        return {
            "matter": matter,
            "incident": incident,
            "emergency": await self._emergency(ticket, principal),
            "merged_into": await self._visible(ticket.merged_into, principal),
        }

    async def _incident(self, ticket: Ticket, principal: Principal) -> Doc:
        others = {"incident": ticket.incident}
        return {
            "id": ticket.incident,
            "tickets": await self._cards(others, ticket.number, principal),
        }

    async def _emergency(self, ticket: Ticket, principal: Principal) -> str | None:
        """The number under which an emergency runs: its own, or the one whose alert it shares."""
        if ticket.joins is not None:
            return await self._visible(ticket.joins, principal)
        if not ticket.is_emergency:
            return None
        if not ticket.shares_alert:
            return ticket.number
        doc = await self._store.get("incidents", str(ticket.incident), fields=("emergency",))
        shared = doc.get("emergency") if doc else None
        return await self._visible(shared, principal)

    async def _links(
        self, ticket: Ticket, timeline: Sequence[Doc], principal: Principal
    ) -> Mapping[str, Any]:
        """Whose alert it shares, where it goes on, and what the timeline says of it, without the
        numbers of tickets that are not for somebody.
        """
        links = {"joins": ticket.joins, "merged_into": ticket.merged_into}
        joined = (entry.note for entry in ticket.timeline if entry.transition == Transition.JOIN)
        named = {number for number in (*links.values(), *joined) if number}
        hidden = named - await self._visible_of(named, principal)
        if not hidden:
            return {}
        lines = [
            {name: value for name, value in line.items() if name != "note" or value not in hidden}
            for line in timeline
        ]
        shown = {name: None if number in hidden else number for name, number in links.items()}
        return {**shown, "timeline": lines}

    async def _visible(self, number: str | None, principal: Principal) -> str | None:
        return number if number in await self._visible_of({number}, principal) else None

    async def _visible_of(
        self, numbers: Collection[str | None], principal: Principal
    ) -> frozenset[str]:
        asked = sorted(number for number in numbers if number is not None)
        if not asked:
            return frozenset()
        query = Listing(filters={"_id": {"$in": asked}}, within=within_reach(principal, SEE)).query
        found = await self._store.find("tickets", query, limit=len(asked), fields=("_id",))
        return frozenset(doc["_id"] for doc in found)

    async def _cards(self, query: Mapping[str, Any], but: str, principal: Principal) -> list[Doc]:
        """The newest of these, without the one that they belong to."""
        listing = Listing(filters=query, within=within_reach(principal, SEE))
        docs = await self._store.find(
            "tickets", listing.query, sort=NEWEST.sort, limit=MOST_RELATED + 1, fields=CARD_FIELDS
        )
        return [card_of(doc) for doc in docs if doc["_id"] != but][:MOST_RELATED]

    async def _found(self, number: str, principal: Principal) -> tuple[Doc, Ticket]:
        doc = await self._store.get("tickets", number)
        if doc is None or not sees(principal, ticket := TICKET.from_doc(doc)):
            raise NotThere
        return doc, ticket

    def _feedback(self, ticket: Ticket) -> Doc | None:
        """How far telling the result is; None while there is nothing to tell."""
        if ticket.status not in DONE:
            return None
        policy = self._policy().at(ticket.estate)
        rules, plan = policy.rules, ticket.plan
        now = self._store.clock.now()
        return {
            "attempts": ticket.feedback_attempts,
            "left": max(rules.feedback_attempts - ticket.feedback_attempts, 0),
            "next_attempt_at": next_attempt_at(ticket, now, rules_of(policy)),
            "by_call": rules.is_fed_back_by_call(plan.type, plan.urgency),
        }
