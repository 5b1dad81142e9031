"""Use case: whoever has taken to ring a caller back sees the number, on record and counted.

There is no ticket: who rang got nobody. So it is theirs who has taken the call back, and
only until they have said what came of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.intake.privacy.counting import OpeningCount
from services.intake.privacy.domain import Allowance, Opening, cannot_be_opened, left_to
from shared.audit import Trail
from shared.contracts.refusals import NotNow
from shared.identity import Principal
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.readers.call_backs import CallBackInHand, call_back_in_hand
from shared.readers.kept_calls import call_rung
from shared.store import Store
from shared.telemetry import metrics

WHY: Final = "call_back"


@dataclass(frozen=True, slots=True)
class CallerShown:
    """Whom to ring, and what is left to whoever asked; never logged or stored."""

    at: datetime
    phone: str = field(repr=False)
    left: Allowance


class CallBackCallers:
    """Opens the numbers of callers who are to be rung back."""

    def __init__(self, store: Store, trail: Trail, opener: Opener) -> None:
        self._store = store
        self._trail = trail
        self._opener = opener
        self._openings = OpeningCount(store)

    async def show(self, call: str, principal: Principal, *, source: str | None) -> CallerShown:
        """The number; again as often as they need it, each time on record, counted once.

        Counted first, then on record, alarms before the opening, as for any other person. Raises
        NotNow where they have not taken it, or the number is withheld or forgotten, TooOften, and
        Gone where it cannot be opened any more.
        """
        back = await self._in_hand(call, principal)
        rung = await call_rung(self._store, back.call)
        if rung is None or rung.caller is None:
            raise NotNow(
                "number-forgotten",
                "The number of this call is not kept any more",
                "say that nobody answered; whoever rings again is a call of its own",
            )
        if back.is_unseen or rung.is_withheld:
            raise NotNow(
                "number-withheld",
                "The caller withholds the number: it is shown to nobody",
                "let the police or the exchange reach the caller in an emergency",
            )
        errand = f"call_back/{back.id}"
        reader, is_first = await self._openings.count(
            principal,
            lambda now: Opening(at=now, number=rung.id, ended=False, own=True, errand=errand),
        )
        await self._trail.record(
            principal, "person.revealed", ("call", rung.id), why=WHY, source=source
        )
        if is_first:
            await self._openings.watch(reader, principal, None)
        now = self._store.clock.now()
        phone = await self._open(rung.caller)
        return CallerShown(now, phone, left_to(reader, principal.role, now))

    async def _in_hand(self, call: str, principal: Principal) -> CallBackInHand:
        back = await call_back_in_hand(self._store, call)
        if back is None or back.by != principal.id:
            raise NotNow(
                "call-back-not-claimed",
                "You have not taken this call back",
                "take it first, ring, and then say what came of it",
            )
        return back

    async def _open(self, sealed: bytes) -> str:
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen as error:
            metrics.REVEALS.labels("cannot_open").inc()
            raise cannot_be_opened() from error
        metrics.REVEALS.labels("opened").inc()
        return str(person.get("phone") or "")
