"""A day of calls, drawn: what the exchange of `fake_exchange.yaml` would say of it. Pure.

Callers come by the hour of the day, and in bursts where something has failed for many
(`fake_habits`). Agents take them in turn. Callers are greeted, wait, lose patience, are let go
after three minutes, or find the queue full. The same seed draws the same day. Numbers are
invented: no subscriber's begins with 0.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final

from services.telephony.exchange.fake_habits import PLACE, Became, Fate, Habits
from services.telephony.exchange.fake_script import Opens, Says, Step, timestamp_of
from services.telephony.exchange.translate_blocks import Block

TRUNK: Final = "PJSIP/carrier"
NUMBER: Final = "4000000001"
QUEUE: Final = "hotline"
GREETING: Final = timedelta(seconds=3)
RINGS: Final = timedelta(seconds=15)
REFUSED_AFTER: Final = timedelta(seconds=0.2)
ANEW_AFTER: Final = timedelta(seconds=1)
_NEXT: Final = timedelta(microseconds=37)
"""No two events of an exchange have the same time."""


@dataclass(eq=False, slots=True)
class _Call:
    id: str
    channel: str
    number: str
    offered_at: datetime
    patient_until: datetime
    is_waiting: bool = False
    is_over: bool = False
    answered_at: datetime | None = None
    leg: _Leg | None = None
    tried: set[str] = field(default_factory=set)


@dataclass(eq=False, slots=True)
class _Leg:
    id: str
    channel: str
    agent: str


class Day:
    """What is said from `begin` to `end`; callers who are still there then are served to theirs."""

    def __init__(
        self, begin: datetime, end: datetime, seed: int, habits: Habits | None = None
    ) -> None:
        self.fates: list[Fate] = []
        """What became of the callers, once it is drawn."""
        self._habits = habits or Habits()
        self._random = Random(seed)
        self._end = end
        self._now = self._last = begin
        self._steps: list[Step] = [Opens(begin, begin - timedelta(days=3))]
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._serial = 0
        self._waiting: list[_Call] = []
        self._free = list(self._habits.agents)

    def drawn(self) -> list[Step]:
        """Its steps, by time."""
        for agent in self._habits.agents:
            self._member("QueueMemberAdded", agent)
        self._draw_next()
        for begins in self._bursts():
            self._later(begins - self._now, self._arrives)
        while self._due:
            self._now, _, happens = heapq.heappop(self._due)
            happens()
        return self._steps

    def _bursts(self) -> list[datetime]:
        begun = []
        for burst in self._habits.bursts(self._now, self._end):
            drawn = (
                burst.begins + self._seconds(self._random.uniform(0, burst.seconds))
                for _ in range(burst.callers)
            )
            begun += [at for at in drawn if self._now <= at < self._end]
        return begun

    def _draw_next(self) -> None:
        """Thinned from the busiest hour, so that the hours follow each other without a seam."""
        an_hour = self._habits.an_hour
        busiest, at = max(an_hour), self._now
        while at < self._end:
            at += self._seconds(self._random.expovariate(busiest / 3600))
            if self._random.random() * busiest < an_hour[at.astimezone(PLACE).hour]:
                break
        if at < self._end:
            self._later(at - self._now, self._comes)

    def _comes(self) -> None:
        self._arrives()
        self._draw_next()

    def _arrives(self) -> None:
        id, channel = self._channel(TRUNK)
        number = f"05710000{self._random.randrange(100, 10_000):04}"
        patience = self._seconds(self._random.expovariate(1 / self._habits.patience_s))
        call = _Call(id, channel, number, self._now, self._now + GREETING + patience)
        shown = "prohib_not_screened" if self._random.random() < 0.04 else "allowed_not_screened"
        self._of(call, "Newchannel", ChannelState="4", ChannelStateDesc="Ring", Exten=NUMBER)
        self._of(call, "UserEvent", UserEvent="HotlineOffered", Presentation=shown, Diverted="")
        self._of(call, "Newstate", ChannelState="6", ChannelStateDesc="Up")
        if self._random.random() < 0.02:
            self._later(GREETING * self._random.random(), lambda: self._gives_up(call))
        else:
            self._later(GREETING, lambda: self._queues(call))

    def _queues(self, call: _Call) -> None:
        if len(self._waiting) >= self._habits.most_waiting:
            self._of(call, "UserEvent", UserEvent="HotlineLeft", Status="FULL")
            self._hangs_up(call, "16", "blocked")
            return
        call.is_waiting = True
        self._waiting.append(call)
        place = str(len(self._waiting))
        self._of(call, "QueueCallerJoin", Queue=QUEUE, Position=place, Count=place)
        if call.patient_until < self._now + self._habits.longest_wait:
            self._later(call.patient_until - self._now, lambda: self._gives_up(call))
        else:
            self._later(self._habits.longest_wait, lambda: self._is_let_go(call))
        self._rings_next()

    def _rings_next(self) -> None:
        for call in self._waiting:
            agent = next((each for each in self._free if each not in call.tried), None)
            if call.leg is None and agent is not None:
                self._rings(call, agent)

    def _rings(self, call: _Call, agent: str) -> None:
        self._free.remove(agent)
        id, channel = self._channel(f"PJSIP/{agent}")
        leg = call.leg = _Leg(id, channel, agent)
        self._of_leg(leg, call, "Newchannel", ChannelState="0", ChannelStateDesc="Down")
        self._of(call, "AgentCalled", **_dest(leg, call), **_member_of(agent))
        self._of(call, "DialBegin", **_dest(leg, call), DialString=f"PJSIP/{agent}")
        if self._habits.refuses(self._now):
            self._later(REFUSED_AFTER, lambda: self._rings_out(call, leg, "BUSY"))
        elif self._random.random() < 0.03:
            self._later(RINGS, lambda: self._rings_out(call, leg))
        else:
            picks_up = self._seconds(self._random.uniform(*self._habits.rings_for_s))
            self._later(picks_up, lambda: self._answers(call, leg))

    def _rings_out(self, call: _Call, leg: _Leg, how: str = "NOANSWER") -> None:
        if call.leg is not leg or not call.is_waiting:
            return
        call.leg = None
        call.tried.add(leg.agent)
        if call.tried >= {*self._habits.agents}:
            call.tried.clear()
        dest = _dest(leg, call)
        self._of(call, "DialEnd", **dest, DialStatus=how)
        self._of(call, "AgentRingNoAnswer", **dest, **_member_of(leg.agent), RingTime="15000")
        self._leg_ends(leg, call)
        if how == "BUSY":  # The exchange looks for a free agent once a second.
            self._later(ANEW_AFTER, self._rings_next)
        else:
            self._rings_next()

    def _answers(self, call: _Call, leg: _Leg) -> None:
        if call.leg is not leg or not call.is_waiting:
            return
        self._leaves(call)
        call.answered_at = self._now
        dest = _dest(leg, call)
        self._of(call, "DialEnd", **dest, DialStatus="ANSWER")
        self._of(call, "AgentConnect", **dest, **_member_of(leg.agent), HoldTime="0", RingTime="0")
        bridge = f"{self._random.getrandbits(32):08x}-0000-4000-8000-{self._serial:012x}"
        self._of_leg(leg, call, "BridgeEnter", BridgeUniqueid=bridge)
        self._of(call, "BridgeEnter", BridgeUniqueid=bridge)
        talk = self._seconds(self._habits.talk_s(self._random))
        self._later(talk, lambda: self._parts(call, leg, bridge))

    def _parts(self, call: _Call, leg: _Leg, bridge: str) -> None:
        by_caller = self._random.random() < 0.7
        if by_caller:
            self._of(call, "HangupRequest", Cause="16")
        else:
            self._of_leg(leg, call, "HangupRequest", Cause="16")
        self._of_leg(leg, call, "BridgeLeave", BridgeUniqueid=bridge)
        self._of(call, "BridgeLeave", BridgeUniqueid=bridge)
        reason = "caller" if by_caller else "agent"
        self._of(call, "AgentComplete", **_dest(leg, call), **_member_of(leg.agent), Reason=reason)
        self._leg_ends(leg, call)
        self._hangs_up(call, "16", "answered")
        self._rings_next()

    def _gives_up(self, call: _Call) -> None:
        if call.is_over or (call.leg is not None and not call.is_waiting):
            return
        self._of(call, "HangupRequest", Cause="0")
        self._stops_waiting(call)

    def _is_let_go(self, call: _Call) -> None:
        if call.is_waiting:
            self._stops_waiting(call, timed_out=True)

    def _stops_waiting(self, call: _Call, *, timed_out: bool = False) -> None:
        became: Became = "abandoned" if call.is_waiting else "abandoned_greeting"
        if call.is_waiting:
            self._of(call, "QueueCallerAbandon", Queue=QUEUE, Position="1", OriginalPosition="1")
            self._leaves(call)
        if timed_out:
            self._of(call, "UserEvent", UserEvent="HotlineLeft", Status="TIMEOUT")
        if call.leg is not None:
            self._of(call, "DialEnd", **_dest(call.leg, call), DialStatus="CANCEL")
            self._leg_ends(call.leg, call)
        self._hangs_up(call, "16" if timed_out else "0", "timed_out" if timed_out else became)
        self._rings_next()

    def _leaves(self, call: _Call) -> None:
        call.is_waiting = False
        self._waiting.remove(call)
        self._of(call, "QueueCallerLeave", Queue=QUEUE, Count=str(len(self._waiting)))

    def _leg_ends(self, leg: _Leg, call: _Call) -> None:
        self._of_leg(leg, call, "Hangup", Cause="16")
        self._free.append(leg.agent)

    def _hangs_up(self, call: _Call, cause: str, became: Became) -> None:
        call.is_over = True
        until = call.answered_at or self._now
        wait = (until - call.offered_at).total_seconds()
        talk = (self._now - until).total_seconds()
        self.fates.append(Fate(call.offered_at, became, wait, talk))
        self._of(call, "Hangup", Cause=cause)

    def _of(self, call: _Call, event: str, **said: str) -> None:
        about = {"Channel": call.channel, "Uniqueid": call.id, "Linkedid": call.id}
        numbers = {"CallerIDNum": call.number, "CallerIDName": "<unknown>"}
        self._say(event, **{**numbers, "Exten": "s", **said}, **about)

    def _of_leg(self, leg: _Leg, call: _Call, event: str, **said: str) -> None:
        numbers = {"CallerIDNum": leg.agent, "CallerIDName": f"Agent {leg.agent}"}
        about = {"Channel": leg.channel, "Uniqueid": leg.id, "Linkedid": call.id}
        self._say(event, **numbers, **said, **about)

    def _member(self, event: str, agent: str) -> None:
        self._say(event, **_member_of(agent), Membership="dynamic", Status="1", Paused="0")

    def _say(self, event: str, **headers: str) -> None:
        self._last = max(self._now, self._last + _NEXT)
        block: Block = {"Event": event, "Timestamp": timestamp_of(self._last), **headers}
        self._steps.append(Says(self._last, block))

    def _channel(self, device: str) -> tuple[str, str]:
        self._serial += 1
        began = int(self._now.timestamp())
        return f"{began}.{self._serial}", f"{device}-{self._serial:08x}"

    def _later(self, wait: timedelta, happens: Callable[[], None]) -> None:
        self._serial += 1
        heapq.heappush(self._due, (self._now + wait, self._serial, happens))

    @staticmethod
    def _seconds(number: float) -> timedelta:
        return timedelta(seconds=number)


def _member_of(agent: str) -> Block:
    return {"Queue": QUEUE, "MemberName": f"agent-{agent}", "Interface": f"PJSIP/{agent}"}


def _dest(leg: _Leg, call: _Call) -> Block:
    return {
        "DestChannel": leg.channel,
        "DestUniqueid": leg.id,
        "DestLinkedid": call.id,
        "DestCallerIDNum": leg.agent,
    }
