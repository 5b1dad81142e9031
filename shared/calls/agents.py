"""What an agent is doing, from calls and from what the exchange says of its queues' members.

One state at a time. Calls come first: whoever is taken out of a queue in mid-call still talks.
Wrap-up and other work are not here, since no exchange tells of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from shared.calls.call import Call
from shared.calls.gaps import Gap, Why


class AgentState(StrEnum):
    """The first that applies is the state."""

    CONSULTING = "consulting"
    HOLDING = "holding"
    TALKING = "talking"
    RINGING = "ringing"
    BREAK = "break"
    """Paused in all of one's queues: in some of them alone is at work."""
    UNREACHABLE = "unreachable"
    READY = "ready"
    SIGNED_OFF = "signed_off"


BUSY = (AgentState.CONSULTING, AgentState.HOLDING, AgentState.TALKING, AgentState.RINGING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """How an agent stands in a queue from then on."""

    id: str
    exchange: str
    at: datetime
    agent: str
    queue: str
    signed_on: bool
    paused: bool
    unreachable: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    """Whether the exchange reaches a trunk's far end, or an agent's telephone, from then on."""

    id: str
    exchange: str
    at: datetime
    trunk: str | None
    agent: str | None
    reachable: bool


@dataclass(frozen=True, slots=True)
class Spell:
    """One state, from one change to the next. `reason` is that of a break."""

    state: AgentState
    reason: str | None
    began: datetime
    ended: datetime


def spells(
    memberships: Iterable[Membership],
    calls: Iterable[Call],
    until: datetime,
    gaps: Sequence[Gap] = (),
) -> dict[str, list[Spell]]:
    """Each agent's states, from the first that is known to this time.

    A restart of the exchange signs everybody off.
    """
    told: dict[str, list[Membership]] = defaultdict(list)
    for each in {each.id: each for each in memberships}.values():
        told[each.agent].append(each)
    busy = _busy(calls)
    restarts = [gap.began for gap in gaps if gap.why is Why.RESTART]
    return {
        agent: _line(told.get(agent, []), busy.get(agent, []), restarts, until)
        for agent in sorted({*told, *busy})
    }


def seconds(lines: Mapping[str, Sequence[Spell]]) -> dict[AgentState, float]:
    """All agents' seconds, by state."""
    found = dict.fromkeys(AgentState, 0.0)
    for line in lines.values():
        for spell in line:
            found[spell.state] += (spell.ended - spell.began).total_seconds()
    return found


_Stretch = tuple[AgentState, datetime, datetime]


def _busy(calls: Iterable[Call]) -> dict[str, list[_Stretch]]:
    found: dict[str, list[_Stretch]] = defaultdict(list)
    for call in calls:
        until = call.ended_at or call.last_sign_at
        for state, stretches in (
            (AgentState.TALKING, call.talks),
            (AgentState.HOLDING, call.holds),
            (AgentState.CONSULTING, call.consults),
        ):
            for each in stretches:
                if each.agent is not None:
                    found[each.agent].append((state, each.began, each.ended))
        for ring in call.rings:
            if ring.agent is not None:
                found[ring.agent].append((AgentState.RINGING, ring.began, ring.ended or until))
    return found


def _line(
    told: Sequence[Membership],
    busy: Sequence[_Stretch],
    restarts: Sequence[datetime],
    until: datetime,
) -> list[Spell]:
    changes = {each.at for each in told} | {at for at in restarts if told}
    changes |= {at for _, began, ended in busy for at in (began, ended)}
    times = sorted({at for at in changes if at < until} | {until})
    line: list[Spell] = []
    for began, ended in pairwise(times):
        state, reason = _state(told, busy, restarts, began)
        if line and (line[-1].state, line[-1].reason) == (state, reason):
            line[-1] = Spell(state, reason, line[-1].began, ended)
        else:
            line.append(Spell(state, reason, began, ended))
    return line


def _state(
    told: Sequence[Membership],
    busy: Sequence[_Stretch],
    restarts: Sequence[datetime],
    at: datetime,
) -> tuple[AgentState, str | None]:
    doing = {state for state, began, ended in busy if began <= at < ended}
    if doing:
        return next(state for state in BUSY if state in doing), None
    since = max((each for each in restarts if each <= at), default=None)
    latest: dict[str, Membership] = {}
    for each in sorted(told, key=lambda one: (one.at, one.id)):
        if each.at <= at and (since is None or each.at > since):
            latest[each.queue] = each
    queues = [each for each in latest.values() if each.signed_on]
    if not queues:
        return AgentState.SIGNED_OFF, None
    if all(each.paused for each in queues):
        return AgentState.BREAK, next((each.reason for each in queues if each.reason), None)
    if any(each.unreachable for each in queues):
        return AgentState.UNREACHABLE, None
    return AgentState.READY, None
