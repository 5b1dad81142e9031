"""Use case: running incidents go on by themselves: their requests are linked, their households
told, their time watched, and what is over is finished.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from services.router.access import BY_RULE
from services.router.incidents.detection import desk_at, managers_at
from services.router.incidents.incident import Incident, finish, households, link
from services.router.incidents.outages import Outages
from services.router.incidents.steps import close, note_gathered, remind, tell
from services.router.incidents.storage import INCIDENTS, find_incidents, linked_to, to_gather
from shared.bus import each
from shared.contracts import Step
from shared.runtime.platform import Platform
from shared.store import Collection
from shared.telemetry import logger
from shared.tickets import NotAllowed, Ticket
from shared.tickets.acts import Act, Unlink

_LOOKED_AFTER: Final = {
    "$or": [
        {"status": {"$in": ["confirmed", "restored"]}},
        {"status": "offered", "emergency": {"$type": "string"}},
        {"status": "dismissed", "is_gathered": False},
    ]
}
"""Confirmed ones and their end; and those of which emergencies share an alert, until somebody has
decided.
"""
SETTLED: Final = timedelta(seconds=5)
"""By then every replica knows of a scope, and links what comes in by itself."""


class RunningIncidents:
    """Looks after every incident that is not over. All it does may be done twice, or by several."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._store = platform.store
        self._incidents = Collection(platform.store, INCIDENTS)
        self._outages = Outages(platform)
        # Thousands, after an outage; an emergency in it must not wait for them.
        self._each = partial(each, begins=platform.store.precedence.routine)
        self.running: list[Incident] = []
        """Confirmed, as of the last turn: what comes in meanwhile is linked by these."""

    async def look(self) -> None:
        """One turn for each."""
        found = await find_incidents(self._store, _LOOKED_AFTER)
        self.running = [incident for incident in found if incident.status == "confirmed"]
        by_id = {incident.id: incident for incident in found}

        async def keep(id: str) -> None:
            await self._keep(by_id[id])

        await each(keep, by_id)

    async def _keep(self, incident: Incident) -> None:
        if incident.status == "offered":
            if (step := await self._outages.follow(incident)) is not None:
                await self._move(incident, step)
            return
        if incident.status == "dismissed":
            theirs = [linked.number for linked in await linked_to(self._store, incident.id)]
            await self._each(self._part_from(incident.id, "dismissed"), theirs)
            await self._move(incident, note_gathered(incident))
            return
        if not incident.is_gathered and incident.status == "confirmed":
            await self._gather(incident)
        linked = await linked_to(self._store, incident.id)
        over = [i.number for i in linked if i.is_open and incident.is_over_in(i.building)]
        await self._each(self._finish_for(incident), over)
        left = [i.number for i in linked if incident.has_left(i.building)]
        await self._each(self._part_from(incident.id, "out_of_scope"), left)
        now = self._store.clock.now()
        step = tell(incident, households(linked, incident)) or self._remind(incident, now)
        if step is None and not over:
            step = close(incident, now)
        if step is not None:
            await self._move(incident, step)

    async def _gather(self, incident: Incident) -> None:
        """Link every open request of the scope that belongs to none yet."""
        now = self._store.clock.now()
        types = self._platform.policy.at(incident.estate).rules.incidents.types
        theirs = await to_gather(self._store, incident, types)
        await self._each(self._link_to(incident.id), theirs)
        if now - incident.scopes[-1].at > SETTLED:
            await self._move(incident, note_gathered(incident))

    async def link(self, number: str, incident: str, *, by: str) -> Ticket:
        """Take a request for part of an incident. Raises NotAllowed, NoSuchTicket."""

        def choose(ticket: Ticket, _now: datetime) -> list[Act]:
            return [] if ticket.incident == incident else link(ticket, (), incident, by=by)

        return await self._platform.tickets.change(number, choose)

    def _link_to(self, incident: str) -> Callable[[str], Awaitable[None]]:
        async def one(number: str) -> None:
            try:
                await self.link(number, incident, by=BY_RULE.id)
            except NotAllowed as moved_on:
                logger.info("link_no_longer_wanted", ticket=number, status=str(moved_on.status))

        return one

    def _finish_for(self, incident: Incident) -> Callable[[str], Awaitable[None]]:
        by = incident.restored_by or incident.scopes[-1].by

        async def one(number: str) -> None:
            def choose(ticket: Ticket, _now: datetime) -> list[Act]:
                return list(finish(ticket, by=by)) if ticket.incident == incident.id else []

            try:
                await self._platform.tickets.change(number, choose)
            except NotAllowed as own:
                logger.info("own_work_remains", ticket=number, status=str(own.status))
                await self.part(number, incident.id, "own_work", by=BY_RULE.id)

        return one

    async def part(self, number: str, incident: str, reason: str, *, by: str) -> Ticket:
        """Take a request of this incident for a matter of its own again; what belongs to another
        one stays there. The ticket as it is afterwards.
        """

        def choose(ticket: Ticket, _now: datetime) -> list[Act]:
            is_its_own = ticket.incident == incident
            return [Unlink(by=by, reason=reason, note=reason)] if is_its_own else []

        return await self._platform.tickets.change(number, choose)

    def _part_from(self, incident: str, reason: str) -> Callable[[str], Awaitable[None]]:
        async def one(number: str) -> None:
            await self.part(number, incident, reason, by=BY_RULE.id)

        return one

    def _remind(self, incident: Incident, now: datetime) -> Step[Incident] | None:
        rules = self._platform.policy.at(incident.estate).rules.incidents
        to = desk_at(self._platform, incident.estate)
        return remind(incident, now, rules.notice, to, managers_at(self._platform, incident.estate))

    async def _move(self, seen: Incident, step: Step[Incident]) -> None:
        """Unless it was changed since it was seen: the next turn goes on from what it is then."""
        if (moved := await self._incidents.write_over(seen, step)) is not None:
            logger.info(
                "incident_moved",
                incident=seen.id,
                status=moved.status,
                events=[event.name for event in step.events],
            )
