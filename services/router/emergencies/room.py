"""Reads of emergencies: lists of them, and all that whoever leads one needs to see at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from services.router.cards import Counted, TicketCard, ticket_cards
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.emergency import Emergency
from services.router.emergencies.storage import (
    Wanted,
    count_emergencies,
    find_running,
    joined_to,
    page_of_ended,
)
from services.router.emergencies.views import (
    EmergencyList,
    EmergencyView,
    LinkedView,
    NextView,
    RoomView,
    called_views,
    emergency_view,
    history_of,
)
from services.router.incidents.storage import numbers_of_outages
from services.router.people import next_in_chain
from shared.identity import Principal, action_of, allows
from shared.readers.messages import told_of_emergency
from shared.runtime.platform import Platform
from shared.tickets import Ticket, Transition

SEE: Final = "emergency.see"


class EmergencyRoom:
    """Shows emergencies within reach; of what is about somebody, nothing to them."""

    def __init__(self, platform: Platform, alerting: Alerting) -> None:
        self._platform = platform
        self._store = platform.store
        self._alerting = alerting

    async def listed(
        self, principal: Principal, wanted: Wanted, *, after: str | None, limit: int
    ) -> EmergencyList:
        """Those that run, what nobody has first; or, by pages, those that are over."""
        if wanted.running:
            found = await find_running(self._store, principal, wanted)
            count: int | None = len(found)
            shown, following = found[:limit], None
        else:
            page = await page_of_ended(self._store, principal, wanted, after=after, limit=limit)
            shown, following = page.items, page.next
            count = await count_emergencies(self._store, principal, wanted)
        cards = await self._cards(principal, [each.number for each in shown])
        items = tuple(self._view(each, cards.get(each.number)) for each in shown)
        counted = None if count is None else Counted.of(count)
        return EmergencyList(items=items, next=following, all=counted)

    async def view(self, emergency: Emergency, principal: Principal) -> EmergencyView:
        """What an act left of one."""
        cards = await self._cards(principal, [emergency.number])
        return self._view(emergency, cards.get(emergency.number))

    async def one(self, number: str, principal: Principal) -> RoomView:
        """One with its tickets, whom it called, who is next, and what may be done; foreign and
        missing ones look the same (404).
        """
        emergency = await self._alerting.get(number, principal)
        ticket = await self._platform.tickets.get(number)
        joined = await joined_to(self._store, number)
        outage = await numbers_of_outages(self._store, number)
        cards = await self._cards(principal, [number, *joined, *outage])
        told = await told_of_emergency(self._store, number)
        view = self._view(emergency, cards.get(number))
        return RoomView(
            **view.model_dump(),
            tickets=_linked(cards, number, joined, outage),
            called=called_views(emergency, told),
            next_in_chain=self._next(emergency, ticket),
            history=history_of(emergency),
            can=possible_acts(emergency, principal, ticket),
        )

    def _view(self, emergency: Emergency, card: TicketCard | None) -> EmergencyView:
        policy = self._platform.policy.at(emergency.estate)
        return emergency_view(emergency, policy, card, self._store.clock.now())

    async def _cards(self, principal: Principal, numbers: Iterable[str]) -> dict[str, TicketCard]:
        return await ticket_cards(self._store, principal, SEE, numbers)

    def _next(self, emergency: Emergency, ticket: Ticket | None) -> NextView | None:
        if ticket is None or emergency.next_due is None:
            return None
        called = [alert.recipients for alert in emergency.calls]
        people = next_in_chain(ticket, self._platform.duty.current, called)
        return NextView(people=people, at=emergency.next_due) if people else None


def _linked(
    cards: dict[str, TicketCard], number: str, joined: Sequence[str], outage: Sequence[str]
) -> tuple[LinkedView, ...]:
    """Its own first, the others as they came."""
    why = dict.fromkeys(outage, "outage") | dict.fromkeys(joined, "joined") | {number: "own"}
    views = [
        LinkedView.model_validate({**card.model_dump(), "why": why[card.number]})
        for card in cards.values()
    ]
    return tuple(sorted(views, key=lambda each: (each.why != "own", each.registered_at)))


def possible_acts(
    emergency: Emergency, principal: Principal, ticket: Ticket | None
) -> tuple[str, ...]:
    """What somebody may do to an emergency within their reach now."""
    runs, there = emergency.ended_at is None, principal.id in emergency.on_site
    takes_others = runs and (ticket is None or ticket.joins is None)
    acts = (
        ("acknowledge", "emergency.acknowledge", emergency.nobody_has_it),
        ("arrive", "emergency.attend", runs and not there),
        ("check", "emergency.check", runs),
        ("confirm", "emergency.check", runs and emergency.confirmed_at is None),
        ("log", "emergency.log", not emergency.log_is_full),
        ("release", "emergency.attend", runs and there and emergency.released_at is None),
        ("end", "emergency.attend", runs and there),
        ("false_alarm", "emergency.attend", runs and there),
        ("review", "emergency.review", not runs and emergency.review is None),
        ("join", action_of(Transition.JOIN), takes_others),
        ("part", action_of(Transition.PART), True),
    )
    return tuple(
        name for name, action, is_possible in acts if is_possible and allows(principal, action)
    )
