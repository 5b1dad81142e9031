"""What became of calls, counted by whoever won the write.

Every label set is there from the start at 0: a counter that is born at 1 has not risen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from services.telephony.calls.domain import Disposition, KeptCall
from shared.calls.call import Call
from shared.calls.facts import Party, RangOut, TransferKind
from shared.calls.gaps import Why
from shared.calls.load import handled
from shared.calls.outcomes import Outcome
from shared.telemetry import metrics

FactOutcome = Literal["used", "repeated", "late", "unknown"]
FACTS: Final[tuple[FactOutcome, ...]] = ("used", "repeated", "late", "unknown")
INBOUND: Final = tuple(each for each in Outcome if each is not Outcome.NOT_REACHED)
WAITED: Final = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.BLOCKED)
"""Whoever wanted to be answered: of these `reached` is a share."""
RANG: Final = ("answered", *(each.value for each in RangOut))
ENTRIES: Final = ("first", "again")


def calls_back_are_there(outcomes: Iterable[str]) -> None:
    """Have the series of what becomes of callers, at 0 where nothing happened."""
    for outcome in outcomes:
        metrics.CALLBACKS.labels(outcome=outcome)
    for code in Disposition:
        metrics.CALLS_DISPOSED.labels(code=code.value)


def be_there(exchanges: Iterable[str], lines: Iterable[str]) -> None:
    """Have every series of these exchanges and lines, at 0 where nothing happened."""
    for pbx in exchanges:
        for outcome in FACTS:
            metrics.PBX_FACTS.labels(pbx=pbx, outcome=outcome)
        for why in Why:
            metrics.PBX_GAPS.labels(pbx=pbx, why=why.value)
    for line in lines:
        metrics.CALLS_OFFERED.labels(line=line)
        metrics.CALL_HANDLE_SECONDS.labels(line=line)
        for each in INBOUND:
            metrics.CALLS.labels(line=line, outcome=each.value)
        for each in WAITED:
            metrics.CALL_WAIT_SECONDS.labels(line=line, outcome=each.value)
    for rang in RANG:
        metrics.RINGS.labels(outcome=rang)
    for kind in TransferKind:
        metrics.TRANSFERS.labels(kind=kind.value)


def count_fact(exchange: str, outcome: FactOutcome) -> None:
    """One fact, by what became of it."""
    metrics.PBX_FACTS.labels(pbx=exchange, outcome=outcome).inc()


def count_change(before: KeptCall, after: KeptCall) -> None:
    """What a write has newly made of a call. Calls that test a line are in nothing."""
    was, call = before.call, after.call
    if call is None or call.test or (was is not None and was.test):
        return
    if was is None:
        be_there((), [call.line])
        metrics.CALLS_OFFERED.labels(line=call.line).inc()
    _count_rings(was, call)
    for transfer in call.transfers[len(was.transfers) if was is not None else 0 :]:
        metrics.TRANSFERS.labels(kind=transfer.kind.value).inc()
    for place, stay in enumerate(call.stays):
        if place >= (len(was.stays) if was is not None else 0) and stay.queue is not None:
            how = ENTRIES[min(place, 1)]
            metrics.QUEUE_ENTRIES.labels(queue=stay.queue, how=how).inc()
    if call.ended_at is not None and not before.said_over:
        _count_end(call)


def _count_rings(was: Call | None, call: Call) -> None:
    over = {ring.leg for ring in was.rings if ring.ended is not None} if was is not None else set()
    for ring in call.rings:
        if ring.party is Party.AGENT and ring.ended is not None and ring.leg not in over:
            outcome = "answered" if ring.rang_out is None else ring.rang_out.value
            metrics.RINGS.labels(outcome=outcome).inc()


def _count_end(call: Call) -> None:
    if call.outcome is None:
        return
    metrics.CALLS.labels(line=call.line, outcome=call.outcome.value).inc()
    if call.outcome in WAITED and call.wait_s is not None:
        waited = metrics.CALL_WAIT_SECONDS.labels(line=call.line, outcome=call.outcome.value)
        waited.observe(call.wait_s)
    if handled([call]):
        metrics.CALL_HANDLE_SECONDS.labels(line=call.line).observe(call.handle_s)
