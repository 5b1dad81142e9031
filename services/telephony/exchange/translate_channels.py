"""Which channels an exchange has, and who is with whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.telephony.exchange.translate_document import Who
from shared.calls.facts import EndedBy, Party

MOST_CHANNELS: Final = 20_000
"""Channels whose end goes unheard are forgotten, the oldest first, beyond so many."""
_SERIAL: Final = re.compile(r"-[0-9a-f]{8}(;[12])?$")
_HALF: Final = re.compile(r"^Local/.*;[12]$")


def device_of(channel: str) -> str:
    """`PJSIP/8001-0000002a` is a channel of the device `PJSIP/8001`."""
    return _SERIAL.sub("", channel)


@dataclass(slots=True)
class Channel:
    """One side of a connection."""

    id: str
    name: str
    who: Who
    caller: bool = False
    """Whether somebody rang us with it."""
    consult_of: str | None = None
    """The call that an agent asks about with it."""
    asked_to_hang_up: str | None = None
    """The cause with which its other end let go; an empty one is a cause too."""
    calls: set[str] = field(default_factory=set)
    """The calls that it was ever a leg of."""
    bridge: str | None = None
    hung_up_by: EndedBy | None = None
    """Of a caller: who of those with it let go last."""
    answered_by_wire: str | None = None
    """Of a caller: half of a wire that answered, until whoever is at its other end has come."""

    @property
    def is_half(self) -> bool:
        """Whether it is half of a wire inside the exchange, and nobody's telephone."""
        return _HALF.match(self.name) is not None


@dataclass(slots=True)
class Channels:
    """The channels in being. `forgotten` counts those that never ended."""

    forgotten: int = 0
    last_born: datetime | None = None
    _by_id: dict[str, Channel] = field(default_factory=dict)
    _bridges: dict[str, set[str]] = field(default_factory=dict)
    _other_half: dict[str, str] = field(default_factory=dict)
    _with: dict[str, frozenset[str]] = field(default_factory=dict)
    _touched: dict[str, None] = field(default_factory=dict)
    """Bridges in which somebody's company may have changed."""
    _moved: dict[str, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._by_id.values())

    def get(self, id: str) -> Channel | None:
        """The channel, if it is known."""
        return self._by_id.get(id)

    def add(self, channel: Channel) -> Channel:
        """One more; an old one gives way where there are too many."""
        self._by_id[channel.id] = channel
        if len(self._by_id) > MOST_CHANNELS:
            self.remove(next(iter(self._by_id)))
            self.forgotten += 1
        return channel

    def remove(self, id: str) -> None:
        """It is gone."""
        self.leave(id)
        self._by_id.pop(id, None)
        self._with.pop(id, None)
        other = self._other_half.pop(id, None)
        if other is not None:
            self._other_half.pop(other, None)

    def clear(self) -> None:
        """None is left."""
        for each in (self._by_id, self._bridges, self._other_half, self._with):
            each.clear()
        self._touched.clear()
        self._moved.clear()

    def enter(self, id: str, bridge: str) -> None:
        """A channel comes into a bridge, out of any other."""
        self.leave(id)
        channel = self._by_id[id]
        channel.bridge = bridge
        self._bridges.setdefault(bridge, set()).add(id)
        self._touch(channel)

    def leave(self, id: str) -> None:
        """A channel is in no bridge."""
        channel = self._by_id.get(id)
        if channel is None or channel.bridge is None:
            return
        self._touch(channel)
        inside = self._bridges.get(channel.bridge, set())
        inside.discard(id)
        if not inside:
            self._bridges.pop(channel.bridge, None)
        channel.bridge = None

    def tie(self, one: str, two: str) -> None:
        """Two halves are one wire: whoever is at its ends is together."""
        self._other_half[one], self._other_half[two] = two, one
        for id in (one, two):
            self._touch(self._by_id[id])

    def with_caller(self, caller: Channel) -> frozenset[str]:
        """Who is with a caller now, through wires too."""
        return frozenset(self._reach(caller.bridge, set())) - {caller.id}

    def changes(self) -> Iterator[tuple[Channel, frozenset[str], frozenset[str]]]:
        """Callers to whom somebody came, or whom somebody left, since this was last asked."""
        moved = [self._by_id[id] for id in self._moved if id in self._by_id]
        there = [caller for bridge in self._touched for caller in self.callers_in(bridge)]
        self._touched.clear()
        self._moved.clear()
        for caller in {each.id: each for each in moved + there}.values():
            before, now = self._with.get(caller.id, frozenset()), self.with_caller(caller)
            if before != now:
                self._with[caller.id] = now
                yield caller, now - before, before - now

    def callers_in(self, bridge: str | None) -> list[Channel]:
        """The callers at any end of a bridge."""
        reached = sorted(self._reach(bridge, set()))
        return [self._by_id[id] for id in reached if self._by_id[id].caller]

    def in_bridge(self, bridge: str) -> list[Channel]:
        """Whoever is in it."""
        return [self._by_id[id] for id in sorted(self._bridges.get(bridge, ()))]

    def _touch(self, channel: Channel) -> None:
        if channel.caller:
            self._moved[channel.id] = None
        other = self._by_id.get(self._other_half.get(channel.id, ""))
        for bridge in (channel.bridge, other.bridge if other is not None else None):
            if bridge is not None:
                self._touched[bridge] = None

    def _reach(self, bridge: str | None, seen: set[str]) -> Iterator[str]:
        if bridge is None or bridge in seen:
            return
        seen.add(bridge)
        for channel in self.in_bridge(bridge):
            if not channel.is_half:
                yield channel.id
            other = self._by_id.get(self._other_half.get(channel.id, ""))
            if other is not None:
                yield from self._reach(other.bridge, seen)


def party_of(channel: Channel | None) -> tuple[Party, str | None]:
    """Who is at a channel, and which agent."""
    return (Party.UNKNOWN, None) if channel is None else (channel.who.party, channel.who.agent)
