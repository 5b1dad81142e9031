"""Use cases of whoever attends an emergency: there, ticked off, safe, over, or never was one."""

from __future__ import annotations

from datetime import datetime

from services.router.emergencies.alerting import Alerting, Choose
from services.router.emergencies.emergency import (
    Emergency,
    Verdict,
    arrive,
    confirm,
    end,
    release,
    review,
    tick_off,
    write_down,
)
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow
from shared.identity import Principal
from shared.runtime import Platform


class Attending:
    """Moves an emergency by hand; foreign and missing ones look the same (404)."""

    def __init__(self, platform: Platform, alerting: Alerting) -> None:
        self._platform = platform
        self._alerting = alerting

    async def arrive(self, number: str, principal: Principal) -> Emergency:
        """I am there. Twice changes nothing."""
        return await self._do(number, principal, lambda e, now: arrive(e, principal.id, now))

    async def tick_off(self, number: str, principal: Principal, step: str) -> Emergency:
        """A step of the checklist is done; raises MalformedMessage for one that the plan lacks."""

        def choose(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
            taxonomy = self._platform.policy.at(emergency.estate).taxonomy
            has_plan = taxonomy.has_kind(emergency.kind)
            known = taxonomy.kind(emergency.kind).checklist if has_plan else ()
            if step not in {found.id for found in known}:
                raise MalformedMessage("step", "is no step of this plan", "see the checklist")
            return tick_off(emergency, step, principal.id, now)

        return await self._do(number, principal, choose)

    async def confirm(self, number: str, principal: Principal) -> Emergency:
        """It is one, says a person. Twice changes nothing."""
        return await self._do(number, principal, lambda e, now: confirm(e, principal.id, now))

    async def write_down(self, number: str, principal: Principal, text: str) -> Emergency:
        """What happens, in words that are scrubbed. Raises NotNow when the log is full."""

        def choose(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
            if emergency.log_is_full:
                raise NotNow(
                    "log-full", "Nothing more can be written down here", "write it into the review"
                )
            return write_down(emergency, principal.id, text, now)

        return await self._do(number, principal, choose)

    async def release(self, number: str, principal: Principal) -> Emergency:
        """The people in danger are safe, says somebody who is there."""

        def choose(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
            _check_on_site(emergency, principal)
            return release(emergency, now)

        return await self._do(number, principal, choose)

    async def end(self, number: str, principal: Principal) -> Emergency:
        """It is over. Only somebody who is there can know."""

        def choose(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
            _check_on_site(emergency, principal)
            return end(emergency, "ended", now, by=principal.id)

        return await self._do(number, principal, choose)

    async def call_off(self, number: str, principal: Principal, reason: str) -> Emergency:
        """It never was one, says somebody who is there."""

        def choose(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
            _check_on_site(emergency, principal)
            return end(emergency, "false_alarm", now, by=principal.id, reason=reason)

        return await self._do(number, principal, choose)

    async def review(
        self, number: str, principal: Principal, verdict: Verdict, note: str | None
    ) -> Emergency:
        """Say what was learned, once it is over."""

        def choose(emergency: Emergency, now: datetime) -> Step[Emergency] | None:
            if emergency.ended_at is None:
                raise NotNow("still-running", "It is not over yet", "a review comes after the end")
            return review(emergency, principal.id, verdict, note, now)

        return await self._do(number, principal, choose)

    async def _do(self, number: str, principal: Principal, choose: Choose) -> Emergency:
        with self._platform.store.precedence.urgent():
            present = await self._alerting.get(number, principal)
            changed = await self._alerting.change(number, choose)
            await self._alerting.recuse_if_about(number, principal.id)
            return changed or present


def _check_on_site(emergency: Emergency, principal: Principal) -> None:
    """A signal that clears, or a desk that hears nothing more, ends no danger."""
    if principal.id not in emergency.on_site:
        raise NotNow(
            "not-on-site",
            "Only somebody who is on site can say so",
            "arrive first: POST …/arrive",
            on_site=len(emergency.on_site),
        )
