"""A line's quarter hour, and figures of any number of them. Pure.

Sums and the waits themselves are kept, so that any threshold may be asked for and any quarters put
together: shares of shares would be wrong.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.telephony.calls.domain import Bucket
from shared.calls.call import Call
from shared.calls.load import SHORT_S, ServiceLevel, counted, handled, percentile, waits_s
from shared.calls.outcomes import Outcome
from shared.calls.patience import waited_and_gave_up
from shared.calls.quarters import QUARTER, busy_by_quarter, quarter_of
from shared.contracts.times import written

_GAVE_UP = (Outcome.ABANDONED, Outcome.ABANDONED_GREETING)
_REACHING = (Outcome.ANSWERED, Outcome.ABANDONED, Outcome.TIMED_OUT, Outcome.BLOCKED)
_TURNED_AWAY = (Outcome.CLOSED, Outcome.SCREENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterLoad:
    """What was offered to a line in a quarter hour, and agents' seconds that passed in it.

    `running`: offered and not over. `answered_after`, `gave_up_after`: waits in seconds, the
    shortest first. `waited_s`, `waits`: of all that are over. `patient_s`, `impatient`: what
    patience is made of. `handled`: answered and heard to their end.
    """

    id: str
    version: int = 0
    line: str
    quarter: datetime
    offered: int = 0
    running: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    incomplete: int = 0
    answered_after: tuple[float, ...] = ()
    gave_up_after: tuple[float, ...] = ()
    waited_s: float = 0.0
    waits: int = 0
    patient_s: float = 0.0
    impatient: int = 0
    handled: int = 0
    handle_s: float = 0.0
    busy_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedCall:
    """Of a call that is kept, what counts: what its facts make."""

    id: str
    version: int = 0
    call: Call | None = None


def id_of(bucket: Bucket) -> str:
    """What the quarter hour of a line is called."""
    return f"{bucket.line}/{written(bucket.quarter)}"


def loaded(bucket: Bucket, near: Iterable[Call]) -> QuarterLoad:
    """A line's quarter hour, of all calls that may have to do with it."""
    of_line = [call for call in counted(near) if call.line == bucket.line]
    calls = [call for call in of_line if quarter_of(call.offered_at) == bucket.quarter]
    had = Counter(call.outcome for call in calls)
    ended = {each.value: n for each, n in sorted(had.items(), key=str) if each is not None}
    waits = waits_s(calls, tuple(Outcome))
    patient_s, impatient = waited_and_gave_up(calls)
    whole = handled(calls)
    return QuarterLoad(
        id=id_of(bucket),
        line=bucket.line,
        quarter=bucket.quarter,
        offered=len(calls),
        running=had[None],
        outcomes=ended,
        incomplete=sum(call.incomplete for call in calls),
        answered_after=_rounded(waits_s(calls, (Outcome.ANSWERED,))),
        gave_up_after=_rounded(waits_s(calls, _GAVE_UP)),
        waited_s=round(math.fsum(waits), 3),
        waits=len(waits),
        patient_s=round(patient_s, 3),
        impatient=impatient,
        handled=len(whole),
        handle_s=round(math.fsum(call.handle_s for call in whole), 3),
        busy_s=round(busy_by_quarter(of_line).get(bucket.quarter, 0.0), 3),
    )


def together(quarters: Iterable[QuarterLoad], *, line: str, quarter: datetime) -> QuarterLoad:
    """Several as one, under the name of the first moment."""
    parts = list(quarters)
    had: Counter[str] = Counter()
    for part in parts:
        had.update(part.outcomes)
    return QuarterLoad(
        id=id_of(Bucket(line, quarter)),
        line=line,
        quarter=quarter,
        offered=sum(part.offered for part in parts),
        running=sum(part.running for part in parts),
        outcomes=dict(sorted(had.items())),
        incomplete=sum(part.incomplete for part in parts),
        answered_after=tuple(sorted(w for part in parts for w in part.answered_after)),
        gave_up_after=tuple(sorted(w for part in parts for w in part.gave_up_after)),
        waited_s=math.fsum(part.waited_s for part in parts),
        waits=sum(part.waits for part in parts),
        patient_s=math.fsum(part.patient_s for part in parts),
        impatient=sum(part.impatient for part in parts),
        handled=sum(part.handled for part in parts),
        handle_s=math.fsum(part.handle_s for part in parts),
        busy_s=math.fsum(part.busy_s for part in parts),
    )


def service_level(load: QuarterLoad, within_s: float, name: ServiceLevel) -> float | None:
    """The share answered within so many seconds, as `shared.calls.load` defines each name."""
    in_time = _within(load.answered_after, within_s)
    match name:
        case ServiceLevel.REACHED:
            return share(in_time, _sum(load, _REACHING))
        case ServiceLevel.ANSWERED:
            return share(in_time, _sum(load, (Outcome.ANSWERED,)))
        case ServiceLevel.OFFERED:
            return share(in_time, load.offered - _sum(load, _TURNED_AWAY))
        case ServiceLevel.INCLUSIVE:
            soon = _within(load.gave_up_after, within_s)
            return share(in_time + soon, _sum(load, (Outcome.ANSWERED, *_GAVE_UP)))
        case ServiceLevel.FAIR:
            return share(in_time, load.offered - _within(load.gave_up_after, SHORT_S))


def speed_of_answer_s(load: QuarterLoad) -> float | None:
    """The mean wait of those answered."""
    return share(math.fsum(load.answered_after), len(load.answered_after))


def wait_at(load: QuarterLoad, part: float) -> float | None:
    """The wait that this part of those answered did not exceed."""
    return percentile(load.answered_after, part)


def abandonment(load: QuarterLoad) -> float | None:
    """Those who gave up, of all offered but those closed or screened."""
    return share(_sum(load, _GAVE_UP), load.offered - _sum(load, _TURNED_AWAY))


def handle_s(load: QuarterLoad) -> float | None:
    """Talk and hold of a handled call."""
    return share(load.handle_s, load.handled)


def patience_s(load: QuarterLoad) -> float | None:
    """How long callers wait before they hang up; None where nobody did."""
    return share(load.patient_s, load.impatient)


def carried(load: QuarterLoad, quarters: float) -> float:
    """Erlang: agents busy on the average, over so many quarter hours."""
    return load.busy_s / (quarters * QUARTER.total_seconds())


def share(part: float, whole: float) -> float | None:
    """A figure of nothing is none."""
    return part / whole if whole > 0 else None


def at_version(load: QuarterLoad, other: QuarterLoad) -> QuarterLoad:
    """The load as the next of another's versions."""
    return replace(load, version=other.version)


def _sum(load: QuarterLoad, of: Sequence[Outcome]) -> int:
    return sum(load.outcomes.get(each.value, 0) for each in of)


def _within(waits: Sequence[float], seconds: float) -> int:
    return sum(1 for wait in waits if wait <= seconds)


def _rounded(waits: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(wait, 3) for wait in waits)
