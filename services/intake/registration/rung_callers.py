"""Use case: whoever reports names the call that they are on, and types no number. It is taken over
from the call, sealed as it came, and nobody sees it on the way.

On record before it is opened. A number that its caller withholds lies sealed beside the rest: it is
in no index, no mask is made of it, and whoever opens the caller is not given it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from services.intake.registration.domain import Arrival
from shared.audit import NotAnchored, Trail
from shared.contracts import Fault, MalformedMessage
from shared.contracts.report import Caller
from shared.contracts.telephony import is_call_of_exchange
from shared.identity import Principal
from shared.privacy import CannotOpen
from shared.privacy.open import Opener
from shared.readers.kept_calls import CallRung, call_rung
from shared.store import Contested, Store
from shared.telemetry import logger

ACT: Final = "person.taken_over"
NO_SUCH_CALL: Final = Fault(
    "call", "is no call that we know of", "leave it out, or name one that came in"
)
NOT_TAKEN_OVER: Final = Fault(
    "call", "is kept, but who rang could not be taken over", "ask the caller for the number"
)
LONGEST: Final = 40
"""As long as a number may be that is typed."""


class RungCallers:
    """Takes callers over from their calls."""

    def __init__(self, store: Store, trail: Trail, opener: Opener) -> None:
        self._store = store
        self._trail = trail
        self._opener = opener

    async def taken_over(self, arrival: Arrival, principal: Principal, *, desk: bool) -> Arrival:
        """The report with who rang, where it names a call of an exchange and no number. A call that
        nobody knows is refused with MalformedMessage, and told of in an emergency; so is one that
        is not named by the `desk`, which alone speaks with callers.
        """
        named = arrival.report.call
        if named is None or not is_call_of_exchange(named):
            return arrival
        call = await call_rung(self._store, named) if desk else None
        if call is None:
            if not arrival.found.emergency:
                raise MalformedMessage.naming([NO_SUCH_CALL])
            return replace(arrival, faults=(*arrival.faults, NO_SUCH_CALL))
        arrival = replace(arrival, rang=call.id)
        typed = arrival.report.caller
        if call.caller is None or (typed is not None and typed.phone):
            return arrival
        try:
            return await self._with_number(arrival, call, call.caller, principal)
        except (CannotOpen, Contested, NotAnchored) as error:
            if not isinstance(error, CannotOpen) and not arrival.found.emergency:
                raise
            logger.warning("caller_not_taken_over", call=call.id, error=type(error).__name__)
            return replace(arrival, faults=(*arrival.faults, NOT_TAKEN_OVER))

    async def _with_number(
        self, arrival: Arrival, call: CallRung, sealed: bytes, principal: Principal
    ) -> Arrival:
        await self._trail.record(principal, ACT, ("call", call.id))
        person: dict[str, Any] = await self._opener.open_person(sealed)
        number = str(person.get("phone") or "")[:LONGEST]
        if not number:
            return arrival
        if call.is_withheld:
            return replace(arrival, withheld=number)
        caller = (arrival.report.caller or Caller()).model_copy(update={"phone": number})
        return replace(arrival, report=arrival.report.model_copy(update={"caller": caller}))
