"""Use cases: an outage is confirmed, promised, announced and over because somebody says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.cards import MOST_COUNTED, ticket_cards
from services.router.incidents.detection import desk_at
from services.router.incidents.incident import OPEN, Incident, Linked, Status, households
from services.router.incidents.notice import draft_of
from services.router.incidents.outages import Outages
from services.router.incidents.running_incidents import RunningIncidents
from services.router.incidents.steps import (
    announce,
    confirm,
    declare,
    dismiss,
    promise,
    release,
    rescope,
    restore,
)
from services.router.incidents.storage import (
    INCIDENTS,
    MOST_SHOWN,
    find_incidents,
    linked_to,
    would_belong,
)
from services.router.incidents.views import (
    BuildingView,
    NoticeDraftView,
    RequestView,
    by_building,
)
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal, sees
from shared.readers.messages import what_became_of
from shared.readers.visibility import at_places
from shared.runtime.platform import Platform
from shared.store import Collection, Listing, Order, Page, Taken
from shared.telemetry import logger, metrics
from shared.tickets import Ticket

Choose = Callable[[Incident, datetime], Step[Incident] | None]


@dataclass(frozen=True, slots=True)
class MadeOf:
    """The requests of an incident in their words, and how many came from where."""

    requests: tuple[RequestView, ...]
    by_building: tuple[BuildingView, ...]


class IncidentDecisions:
    """What the desk and those above it do to incidents within their reach."""

    def __init__(self, platform: Platform, running_incidents: RunningIncidents) -> None:
        self._platform = platform
        self._store = platform.store
        self._incidents = Collection(platform.store, INCIDENTS)
        self._running = running_incidents
        self._outages = Outages(platform)

    async def within_reach(
        self,
        principal: Principal,
        *,
        status: Status | None,
        estate: str | None,
        after: str | None,
        limit: int,
    ) -> tuple[Page[Incident], int]:
        """Those that are open, or in a status, page by page and counted: the earliest first, what
        nobody looks after any more the latest.
        """
        listing = Listing(
            filters={"status": {"$in": [status] if status else sorted(OPEN)}},
            within=at_places(principal, estate),
            order=Order("began_at", newest=status is not None and status not in OPEN),
        )
        page = await self._incidents.page(listing, after=after, limit=limit)
        return page, await self._incidents.count(listing, most=MOST_COUNTED + 1)

    async def get(self, principal: Principal, id: str) -> Incident:
        """One; foreign and missing look the same (404)."""
        incident = await self._incidents.get(id)
        if incident is None or not principal.reaches(incident.estate):
            raise NotThere
        return incident

    async def linked(self, incident: Incident) -> list[Linked]:
        """The requests that belong to it."""
        return await linked_to(self._store, incident.id)

    async def made_of(
        self, principal: Principal, incident: Incident, linked: Sequence[Linked]
    ) -> MadeOf:
        """The requests that belong to it and, while nobody has decided, those that would, as far as
        whoever asks may see them.
        """
        alike: Sequence[Linked] = ()
        if incident.status == "offered":
            rules = self._platform.policy.at(incident.estate).rules.incidents
            alike = await would_belong(self._store, incident, rules.types)
        belong = {each.number: True for each in linked}
        everything = belong | {each.number: False for each in alike}
        shown = sorted((*linked, *alike), key=lambda each: each.at)[:MOST_SHOWN]
        numbers = [each.number for each in shown]
        cards = await ticket_cards(self._store, principal, "ticket.see", numbers)
        requests = tuple(
            RequestView(**cards[number].model_dump(), linked=everything[number])
            for number in numbers
            if number in cards
        )
        return MadeOf(requests, by_building((*linked, *alike)))

    async def draft(self, principal: Principal, id: str) -> NoticeDraftView:
        """What an announcement would say, and whom it would reach; nothing is sent."""
        incident = await self.get(principal, id)
        policy = self._platform.policy.at(incident.estate)
        count = len(households(await linked_to(self._store, id), incident))
        return NoticeDraftView(
            households=count,
            needs_release=count > policy.rules.incidents.alone_up_to,
            zh=draft_of(incident, policy, "zh"),
            en=draft_of(incident, policy, "en"),
        )

    async def heard(self, incident: Incident) -> Mapping[str, int]:
        """What became of the messages of its last announcement: that it was to be told reaches
        nobody whose message was stopped.
        """
        n = incident.notice.n if incident.notice else 0
        return await what_became_of(self._store, incident.told, f"incident/{incident.id}/{n}")

    async def declare(
        self, principal: Principal, estate: str, area: str, buildings: Sequence[str]
    ) -> Incident:
        """Make one that nobody has called about yet. Raises NotNow where there is one."""
        policy = self._platform.policy
        if estate not in {known.id for known in policy.group.estates}:
            raise MalformedMessage(
                "estate", "is not an estate of this group", "see the policy's estates"
            )
        if not principal.reaches(estate):
            raise NotThere(
                title="This estate is not yours",
                remedy="name one of yours, or have somebody do it who reaches this one",
            )
        if area not in {known.id for known in policy.taxonomy.areas}:
            raise MalformedMessage("area", "is no area of the policy", "see the taxonomy")
        now = self._store.clock.now()
        zone = policy.at(estate).calendar.zone
        step = declare(estate, area, buildings, principal.id, now, zone)
        await self._refuse_overlap(step.value, but=None)
        if not await self._incidents.insert(step, now):
            raise _overlaps()
        _count(step.value, "confirmed")
        return step.value

    async def confirm(
        self, principal: Principal, id: str, buildings: Sequence[str] | None
    ) -> Incident:
        """It is one outage; where it is may be told better than it was found."""

        def choose(incident: Incident, now: datetime) -> Step[Incident]:
            to = desk_at(self._platform, incident.estate)
            return confirm(incident, principal.id, now, buildings=buildings, to=to)

        confirmed = await self._decide(principal, id, choose)
        _count(confirmed, "confirmed")
        return confirmed

    async def dismiss(self, principal: Principal, id: str, reason: str) -> Incident:
        """These requests have nothing in common."""
        dismissed = await self._decide(
            principal, id, lambda incident, now: dismiss(incident, principal.id, now, reason=reason)
        )
        _count(dismissed, "dismissed")
        return dismissed

    async def promise(
        self, principal: Principal, id: str, restore_by: datetime, reason: str | None
    ) -> Incident:
        """Say by when it is over."""

        def choose(incident: Incident, now: datetime) -> Step[Incident]:
            return promise(incident, principal.id, now, restore_by=restore_by, reason=reason)

        return await self._change(principal, id, choose)

    async def rescope(
        self,
        principal: Principal,
        id: str,
        buildings: Sequence[str] | None,
        restored: Sequence[str],
    ) -> Incident:
        """Say where it is, and where it is over. What was linked and is not in the scope any more
        is a matter of its own again.
        """

        def choose(incident: Incident, now: datetime) -> Step[Incident] | None:
            return rescope(incident, principal.id, now, buildings=buildings, restored=restored)

        return await self._change(principal, id, choose)

    async def announce(self, principal: Principal, id: str, at_most: int | None) -> Incident:
        """Tell every household concerned how it stands, and who calls later; not more than
        `at_most`, which is as many as whoever asks has counted.
        """
        incident = await self.get(principal, id)
        count = len(households(await linked_to(self._store, id), incident))
        if at_most is not None and count > at_most:
            raise NotNow(
                "more-than-counted",
                f"It would reach {count} households",
                "count again, then announce",
                households=count,
            )
        rules = self._platform.policy.at(incident.estate).rules.incidents

        def choose(incident: Incident, now: datetime) -> Step[Incident]:
            return announce(
                incident, principal.id, now, households=count, alone_up_to=rules.alone_up_to
            )

        return await self._change(principal, id, choose)

    async def release(self, principal: Principal, id: str, counted: int) -> Incident:
        """Let somebody else's announcement to many go, having `counted` the households that it
        reaches: as many as there are now, not as there were when it was written.
        """
        incident = await self.get(principal, id)
        count = len(households(await linked_to(self._store, id), incident))

        def choose(incident: Incident, now: datetime) -> Step[Incident]:
            step = release(incident, principal.id, now)
            # The answer names no number: who reads it there has not counted.
            if counted != count:
                raise NotNow(
                    "miscounted",
                    "It does not reach that many households now",
                    "look at the incident, count whom it reaches, and release it with that many",
                )
            return step

        return await self._change(principal, id, choose)

    async def restore(self, principal: Principal, id: str) -> Incident:
        """It is over everywhere; every caller is told by their own request."""
        restored = await self._change(
            principal, id, lambda incident, now: restore(incident, principal.id, now)
        )
        _count(restored, "restored")
        return restored

    async def link(self, principal: Principal, id: str, number: str) -> Incident:
        """Take a request for part of it."""
        incident = await self.get(principal, id)
        if incident.status != "confirmed":
            raise NotNow(
                "not-confirmed",
                f"This incident is {incident.status}",
                "requests belong to one while it is confirmed",
            )
        found = await self._must_see(principal, number)
        if found.is_emergency and found.incident != id:
            raise NotNow(
                "an-emergency",
                "An emergency is looked after by itself",
                "say why it is no danger first: reclassify it with no_danger and the reason",
            )
        if incident.has_left(found.building):
            raise NotNow(
                "not-concerned",
                f"The outage is not in {found.building} any more",
                "change its scope first",
            )
        ticket = await self._running.link(number, id, by=principal.id)
        if ticket.incident != id:
            raise NotNow("nobody-has-it", "Nobody has its work yet", "give it out first")
        return incident

    async def part(self, principal: Principal, id: str, number: str, reason: str) -> Incident:
        """Take a request for a matter of its own again; done before, it is done."""
        incident = await self.get(principal, id)
        await self._must_see(principal, number)
        ticket = await self._running.part(number, id, reason, by=principal.id)
        if ticket.incident is not None:
            raise NotNow(
                "not-linked",
                "It belongs to another incident",
                "part it from that one",
                incident=ticket.incident,
            )
        return incident

    async def _must_see(self, principal: Principal, number: str) -> Ticket:
        ticket = await self._platform.tickets.get(number)
        if ticket is None or not sees(principal, ticket):
            raise MalformedMessage("number", "is no ticket that you see", "check the number")
        return ticket

    async def _decide(self, principal: Principal, id: str, choose: Choose) -> Incident:
        """Decide about what was offered: whoever was asked to has done it."""
        asked = await self._outages.asked(id)
        decided = await self._change(principal, id, choose)
        await self._outages.answer(asked, principal.id)
        return decided

    async def _change(self, principal: Principal, id: str, choose: Choose) -> Incident:
        """Change one as it is now. Raises NotNow for what cannot be done to it."""

        async def decide(incident: Incident, now: datetime) -> Step[Incident] | None:
            if not principal.reaches(incident.estate):
                raise NotThere
            step = choose(incident, now)
            if step is not None:
                await self._refuse_overlap(step.value, but=id)
            return step

        try:
            changed = await self._incidents.change(id, decide)
        except Taken:
            raise _overlaps() from None
        if changed is None:
            raise NotThere
        if changed.is_change:
            logger.info(
                "incident_decided",
                incident=id,
                status=changed.after.status,
                events=[event.name for event in changed.events],
            )
        return changed.after

    async def _refuse_overlap(self, wanted: Incident, *, but: str | None) -> None:
        """An outage of one area in one place is one incident."""
        near = {"estate": wanted.estate, "area": wanted.area, "is_open": True}
        for other in await find_incidents(self._store, near):
            if other.id != but and _meet(other.buildings, wanted.buildings):
                raise _overlaps(other.id)


def _meet(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two scopes have a building in common; one that names none is everywhere."""
    return not some or not others or bool({*some} & {*others})


def _overlaps(other: str | None = None) -> NotNow:
    return NotNow(
        "overlaps",
        "Another open incident is in the same place",
        "use that one, or name other buildings",
        incident=other,
    )


def _count(incident: Incident, outcome: str) -> None:
    metrics.INCIDENTS.labels(incident.area, outcome).inc()
