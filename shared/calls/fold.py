"""Facts become a call: any order, any repeat, any number of listeners, the same call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from shared.calls.call import Call, Consult, Hold, Talk, Transfer
from shared.calls.facts import Fact, Kind, Presentation, in_order
from shared.calls.gaps import Gap, Why
from shared.calls.outcomes import Outcome, outcome_of
from shared.calls.unfolding import Unfolding

UNKNOWN_LINE: Final = "unknown"
SILENT_TOO_LONG: Final = timedelta(hours=4)
"""A call without a sign of life for so long has ended unheard."""


def fold(
    facts: Iterable[Fact], gaps: Sequence[Gap] = (), now: datetime | None = None
) -> Call | None:
    """The call that these facts are of; None while nobody has heard it being offered.

    `gaps`: the unheard times of its exchange. `now`: to close what has been silent too long.
    """
    ordered = in_order(list(facts))
    offers = [fact for fact in ordered if fact.kind is Kind.OFFERED]
    if not offers:
        return None
    unfolding = Unfolding()
    for fact in ordered:
        unfolding.take(fact)
    offered_at, last_sign = offers[0].at, ordered[-1].at
    cut = unfolding.ended_at is None and (
        _is_cut(offered_at, last_sign, gaps)
        or (now is not None and now - last_sign > SILENT_TOO_LONG)
    )
    ended_at = last_sign if cut else unfolding.ended_at
    told = [fact for fact in ordered if fact.kind in {Kind.OFFERED, Kind.DESCRIBED}]
    return _call(told, unfolding, ended_at, last_sign, cut=cut, gaps=gaps)


def fold_all(
    facts: Iterable[Fact], gaps: Sequence[Gap] = (), now: datetime | None = None
) -> list[Call]:
    """Every call that was heard being offered, by the time of that."""
    of_call: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        of_call[fact.exchange, fact.call].append(fact)
    calls = [
        fold(each, [gap for gap in gaps if gap.exchange == exchange], now)
        for (exchange, _), each in of_call.items()
    ]
    return sorted((c for c in calls if c is not None), key=lambda c: (c.offered_at, c.call))


def missed(facts: Iterable[Fact]) -> set[str]:
    """Calls of which something was heard, but not the beginning: they are in no figure."""
    told = list(facts)
    return {fact.call for fact in told} - {f.call for f in told if f.kind is Kind.OFFERED}


def _is_cut(offered_at: datetime, last_sign: datetime, gaps: Sequence[Gap]) -> bool:
    """Whether a call without an end ended while nobody heard."""
    return any(
        gap.ended > offered_at
        and (gap.why is Why.RESTART or (gap.surveyed and last_sign < gap.ended))
        for gap in gaps
    )


def _call(
    told: list[Fact],
    unfolding: Unfolding,
    ended_at: datetime | None,
    last_sign: datetime,
    *,
    cut: bool,
    gaps: Sequence[Gap],
) -> Call:
    first = next(fact for fact in told if fact.kind is Kind.OFFERED)
    until = ended_at or last_sign
    talks = tuple(
        Talk(leg, *who, began, end) for leg, who, began, end in unfolding.talks.until(until)
    )
    transfers = tuple(_reached(transfer, talks) for transfer in unfolding.transfers)
    return Call(
        exchange=first.exchange,
        call=first.call,
        line=next((fact.line for fact in told if fact.line is not None), UNKNOWN_LINE),
        trunk=next((fact.trunk for fact in told if fact.trunk is not None), None),
        presentation=_presentation({fact.presentation for fact in told}),
        diverted=any(fact.diverted_from for fact in told),
        test=any(fact.test for fact in told),
        offered_at=first.at,
        answered_at=unfolding.answered_at,
        ended_at=ended_at,
        last_sign_at=last_sign,
        ended_by=unfolding.ended_by,
        cause=unfolding.cause,
        outcome=_outcome(unfolding, unheard=cut) if ended_at is not None else None,
        agent=unfolding.agent,
        stays=tuple(unfolding.stays),
        rings=tuple(unfolding.rings.values()),
        talks=talks,
        holds=tuple(Hold(leg, who[1], *times) for leg, who, *times in unfolding.holds.until(until)),
        consults=tuple(
            Consult(leg, who[1], *times) for leg, who, *times in unfolding.consults.until(until)
        ),
        transfers=transfers,
        recordings=unfolding.recorders.until(until),
        incomplete=cut or _overlaps(first.at, until, gaps),
        dropped=ended_at is not None and not cut and bool(transfers) and not transfers[-1].reached,
    )


def _outcome(unfolding: Unfolding, *, unheard: bool) -> Outcome:
    return outcome_of(
        answered=unfolding.answered,
        left=unfolding.left,
        queued=bool(unfolding.stays),
        ended_by=unfolding.ended_by,
        unheard=unheard,
    )


def _overlaps(offered_at: datetime, until: datetime, gaps: Sequence[Gap]) -> bool:
    return any(gap.began < until and offered_at < gap.ended for gap in gaps)


def _presentation(told: set[Presentation | None]) -> Presentation | None:
    """Withheld where anything says so."""
    if Presentation.WITHHELD in told:
        return Presentation.WITHHELD
    return Presentation.SHOWN if Presentation.SHOWN in told else None


def _reached(transfer: Transfer, talks: tuple[Talk, ...]) -> Transfer:
    """The next one may have joined a moment before the exchange tells of an attended transfer."""
    others = (talk for talk in talks if talk.leg != transfer.leg)
    return replace(transfer, reached=any(talk.ended > transfer.at for talk in others))
