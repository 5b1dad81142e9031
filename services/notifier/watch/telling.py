"""Use cases: tell what Alertmanager says, and that it says nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from services.notifier.domain import answerable_for
from services.notifier.notifying import Notifying
from services.notifier.watch.domain import (
    WATCHDOG,
    Alert,
    Watchdog,
    heard,
    notice_of_silence,
    notices_of,
    silent,
)
from shared.contracts import Lane, Step
from shared.contracts.refusals import NotThere
from shared.contracts.times import written
from shared.documents import Shape
from shared.identity import read_link
from shared.policy.duty import Duty
from shared.policy.policy import Policy
from shared.store import Collection, CollectionSpec, Store
from shared.telemetry import logger, metrics

WATCHDOGS: Final = CollectionSpec(name="watchdogs", shape=Shape(value=Watchdog))
WATCHDOG_ID: Final = Watchdog().id
SUBJECT: Final = "alertmanager"
"""For whom the address of alerts is signed."""


class Watch:
    """Tells whoever answers for the desk anywhere, as of a line that is down."""

    def __init__(
        self,
        store: Store,
        notifying: Notifying,
        *,
        policy: Callable[[], Policy],
        duty: Callable[[], Duty],
        secret: bytes,
    ) -> None:
        self._watchdogs = Collection(store, WATCHDOGS)
        self._notifying = notifying
        self._policy = policy
        self._duty = duty
        self._secret = secret

    async def take(self, token: str, alerts: Sequence[Alert]) -> int:
        """Tell these; how many messages are new. Raises NotThere for an address that was not
        signed here.
        """
        if read_link("alarm", token, self._secret) != SUBJECT:
            raise NotThere
        if any(alert.name == WATCHDOG for alert in alerts):
            await self._watchdogs.change(WATCHDOG_ID, heard, new=Watchdog())
        people = self._people()
        new = await self._notifying.tell(notices_of(alerts, people), _lane(alerts))
        for alert in alerts:
            outcome = "told" if people else "nobody"
            metrics.ALARMS.labels(alert.state, outcome).inc()
        if not people:
            logger.error("nobody_hears_alerts", alerts=sorted({a.name for a in alerts}))
        return new

    async def look(self) -> None:
        """Tell that nothing is heard any more, once for one silence."""

        def choose(watchdog: Watchdog, now: datetime) -> Step[Watchdog] | None:
            return silent(watchdog, now)

        changed = await self._watchdogs.change(WATCHDOG_ID, choose)
        if changed is None or not changed.is_change or changed.after.told_of is None:
            return
        since = changed.after.told_of
        logger.error("alertmanager_silent", since=written(since))
        notices = [notice_of_silence(since, person) for person in self._people()]
        await self._notifying.tell(notices, "urgent")

    def _people(self) -> tuple[str, ...]:
        places = frozenset(estate.id for estate in self._policy().group.estates)
        return answerable_for(places, self._duty())


def _lane(alerts: Sequence[Alert]) -> Lane:
    is_page = any(alert.severity == "page" and alert.state == "firing" for alert in alerts)
    return "urgent" if is_page else "routine"
