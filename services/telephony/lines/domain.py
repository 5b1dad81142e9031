"""A line: what is known of it, and whether it works by all that witnesses say. Pure.

Witnesses are the trunks' far ends, calls, silence where calls are expected, and whoever rang the
line by hand. One that says nothing says nothing against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal

from shared.calls.agents import Reachable
from shared.contracts import Event, Step
from shared.contracts.telephony import LineContractEnding, LineDegraded, LineDown, LineUp

CERTAIN: Final = 7.0
"""So many calls were to come when none has: one such silence in a thousand is chance."""
WARNED_AHEAD: Final = (30, 7)
"""So many days ahead the end of a contract is told of."""
MOST_CHECKS: Final = 20
MOST_ANNOUNCED: Final = 20

Kind = Literal["main", "emergency", "forward", "test"]


class LineState(StrEnum):
    """Whether callers get through on a line."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class Why(StrEnum):
    """What a verdict is made of; the first that applies counts."""

    MAINTENANCE = "maintenance"
    RANG_IN_VAIN = "rang_in_vain"
    TRUNK = "trunk"
    SILENT = "silent"
    SOME_TRUNKS = "some_trunks"
    UNHEARD = "unheard"


_VERDICT_OF: Final[Mapping[Why, LineState]] = {
    Why.MAINTENANCE: LineState.DEGRADED,
    Why.RANG_IN_VAIN: LineState.DOWN,
    Why.TRUNK: LineState.DOWN,
    Why.SILENT: LineState.DOWN,
    Why.SOME_TRUNKS: LineState.DEGRADED,
    Why.UNHEARD: LineState.DEGRADED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineCheck:
    """Somebody rang the line themselves."""

    at: datetime
    by: str
    worked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Work on the line that was announced: nobody is told of what it does."""

    begins: datetime
    ends: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One of our numbers. `ring`: whom to ring when it does not work, in words. `why` is None while
    the line is up, and before anybody has looked (`since` is None then, too).
    """

    id: str
    version: int = 0
    exchange: str | None = None
    number: str | None = None
    trunks: tuple[str, ...] = ()
    kind: Kind = "main"
    provider: str | None = None
    ring: str | None = None
    contract_until: date | None = None
    warned: tuple[int, ...] = ()
    verdict: LineState = LineState.UP
    why: Why | None = None
    since: datetime | None = None
    checks: tuple[LineCheck, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """What is known of a line now. `expected`: calls that were to come since the last sign that it
    works; None while too little is known to say so.
    """

    heard: bool
    reached: Sequence[Reachable] = ()
    last_call: datetime | None = None
    expected: float | None = None


def in_maintenance(line: Line, now: datetime) -> bool:
    """Whether work on it was announced for now."""
    return any(each.begins <= now < each.ends for each in line.maintenance)


def last_sign(line: Line, last_call: datetime | None, now: datetime) -> datetime | None:
    """When it last worked for certain, or was out of use by announcement: silence begins there."""
    signs = [each.at for each in line.checks if each.worked]
    signs += [each.ends for each in line.maintenance if each.ends <= now]
    return max([*signs, *([last_call] if last_call else [])], default=None)


def judged(line: Line, seen: Witnesses, now: datetime) -> Step[Line] | None:
    """The line as its witnesses have it; None where that is as it was."""
    why = _why(line, seen, now)
    verdict = LineState.UP if why is None else _VERDICT_OF[why]
    if line.since is not None and (line.verdict, line.why) == (verdict, why):
        return None
    after = replace(
        line,
        verdict=verdict,
        why=why,
        since=line.since if line.since and line.verdict is verdict else now,
    )
    return Step(after, tuple(_said(line, after)))


def _why(line: Line, seen: Witnesses, now: datetime) -> Why | None:
    found = set(_complaints(line, seen, now))
    return next((each for each in Why if each in found), None)


def _complaints(line: Line, seen: Witnesses, now: datetime) -> Iterable[Why]:
    if in_maintenance(line, now):
        yield Why.MAINTENANCE
    latest = max(line.checks, key=lambda each: each.at, default=None)
    if latest is not None and not latest.worked and not _rang_since(seen, latest.at):
        yield Why.RANG_IN_VAIN
    if not seen.heard:
        # What was known of trunks and calls is of before, and silence is ours.
        yield Why.UNHEARD
        return
    away = [each for each in seen.reached if not each.reachable]
    if away and len(away) == len(seen.reached):
        yield Why.TRUNK
    elif away:
        yield Why.SOME_TRUNKS
    if seen.expected is not None and seen.expected >= CERTAIN:
        yield Why.SILENT


def _rang_since(seen: Witnesses, at: datetime) -> bool:
    return seen.last_call is not None and seen.last_call > at


def _said(before: Line, after: Line) -> Iterable[Event]:
    """What is worth telling: not that it is up at the first look, nor what was announced."""
    if before.verdict is after.verdict or after.since is None:
        return
    if Why.MAINTENANCE in {before.why, after.why} and LineState.DOWN not in {
        before.verdict,
        after.verdict,
    }:
        return
    told = LineUp if after.verdict is LineState.UP else LineDegraded
    event = LineDown if after.verdict is LineState.DOWN else told
    yield event(line=after.id, kind=after.kind, why=after.why and after.why.value, at=after.since)


def checked(line: Line, check: LineCheck) -> Line:
    """With what somebody found who rang it."""
    return replace(line, checks=(*line.checks, check)[-MOST_CHECKS:])


def announced(line: Line, work: Maintenance) -> Line:
    """With work that is to come."""
    return replace(line, maintenance=(*line.maintenance, work)[-MOST_ANNOUNCED:])


def contract_warned(line: Line, today: date) -> Step[Line] | None:
    """Once 30 and once 7 days ahead; where the second is due already, it alone."""
    if line.contract_until is None:
        return None
    left = (line.contract_until - today).days
    due = [days for days in WARNED_AHEAD if left <= days]
    if not due or min(due) in line.warned:
        return None
    after = replace(line, warned=tuple(sorted({*line.warned, *due})))
    event = LineContractEnding(
        line=line.id, kind=line.kind, days=min(due), until=line.contract_until
    )
    return Step(after, (event,))


def with_details(line: Line, details: Line) -> Line:
    """What somebody says of the line in place of what was said; of another contract it is warned
    anew.
    """
    is_same = line.contract_until == details.contract_until
    return replace(
        line,
        exchange=details.exchange,
        number=details.number,
        trunks=details.trunks,
        kind=details.kind,
        provider=details.provider,
        ring=details.ring,
        contract_until=details.contract_until,
        warned=line.warned if is_same else (),
    )
