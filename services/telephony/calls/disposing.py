"""The use case: an agent says what a call was that no ticket came of."""

from __future__ import annotations

from datetime import datetime

from services.telephony.calls.domain import Disposition, KeptCall, dispose, is_answered
from services.telephony.calls.storage import CALLS
from shared.contracts import Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal
from shared.store import Collection, Store
from shared.telemetry import metrics


class Disposing:
    """Puts calls into the books."""

    def __init__(self, store: Store) -> None:
        self._calls = Collection(store, CALLS)

    async def dispose(self, id: str, code: Disposition, principal: Principal) -> KeptCall:
        """The call with what it was. Raises NotThere, and NotNow for one that nobody answered."""

        def decide(kept: KeptCall, now: datetime) -> Step[KeptCall] | None:
            if kept.call is None:
                raise NotThere
            if not is_answered(kept.call):
                raise NotNow(
                    "nobody-answered",
                    "Nobody has answered this call",
                    "say what a call was once an agent has spoken with the caller",
                )
            return dispose(kept, code, principal.id, now)

        changed = await self._calls.change(id, decide)
        if changed is None:
            raise NotThere
        if changed.is_change and changed.before.disposition is None:
            metrics.CALLS_DISPOSED.labels(code.value).inc()
        return changed.after
