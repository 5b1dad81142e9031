"""The use case: somebody rings a caller back, and says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from services.telephony.callbacks.domain import LIVE, CallBack, CallBackState, Heard, claim, heard
from services.telephony.callbacks.storage import CALLBACKS
from shared.contracts import Step
from shared.contracts.refusals import NotThere
from shared.identity import Principal
from shared.policy.policy import Policy
from shared.store import Collection, Store
from shared.telemetry import metrics

_MOST: Final = 20
Decide = Callable[[CallBack, datetime], Step[CallBack] | None]


class Ringing:
    """Takes calls back, and what came of them. A call back is named by any call of it."""

    def __init__(self, store: Store, policy: Callable[[], Policy]) -> None:
        self._backs = Collection(store, CALLBACKS)
        self._policy = policy

    async def find(self, call: str) -> CallBack:
        """The one that this call is of. Raises NotThere."""
        return await self._named(call)

    async def claim(self, call: str, principal: Principal) -> CallBack:
        """Whoever asks rings now. Raises NotThere, and NotNow where it is taken or over."""
        rules = self._policy().rules.callbacks
        return await self._changed(call, lambda back, now: claim(back, principal.id, rules, now))

    async def say(self, call: str, what: Heard, principal: Principal) -> CallBack:
        """What came of it. Raises NotThere, and NotNow unless it is theirs."""
        rules = self._policy().rules.callbacks
        by = principal.id
        return await self._changed(call, lambda back, now: heard(back, by, what, rules, now))

    async def _changed(self, call: str, decide: Decide) -> CallBack:
        named = await self._named(call)
        changed = await self._backs.change(named.id, decide)
        if changed is None:
            raise NotThere
        if changed.is_change and changed.after.state in {
            CallBackState.REACHED,
            CallBackState.NEVER_REACHED,
        }:
            metrics.CALLBACKS.labels(changed.after.state.value).inc()
        return changed.after

    async def _named(self, call: str) -> CallBack:
        """A call is of one, but where it was made again after an end: then of the live one."""
        found = await self._backs.find({"calls": call}, limit=_MOST)
        named = sorted(found, key=lambda back: (back.state in LIVE, back.since), reverse=True)
        if not named:
            raise NotThere
        return named[0]
