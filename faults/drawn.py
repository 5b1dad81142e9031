"""A quarter of an hour of calls as it is drawn for `faults.calls`, and its figures, counted by
whoever drew it. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from services.telephony.exchange.fake_day import Day
from services.telephony.exchange.fake_habits import Burst, Fate, Habits

CALLS_A_SECOND: Final = 1.1
BURST_SHARE: Final = 0.12
"""Of all callers, so many besides within a minute."""
MEAN_TALK_S: Final = 12.0
AGENTS: Final = tuple(str(8001 + n) for n in range(18))
T_S: Final = 20.0
COUNTED: Final = ("answered", "abandoned", "abandoned_greeting", "timed_out", "blocked")


def drawn(begin: datetime, minutes: float, seed: int) -> Day:
    """Calls from `begin` on: a burst at a third, and at two thirds half a minute in which every
    agent refuses every call.
    """
    span = timedelta(minutes=minutes)
    callers = round(span.total_seconds() * CALLS_A_SECOND * BURST_SHARE)

    def bursts(_begin: datetime, _end: datetime) -> Iterator[Burst]:
        yield Burst(begin + span / 3, min(60.0, span.total_seconds() / 6), callers)

    habits = Habits(
        agents=AGENTS,
        an_hour=(CALLS_A_SECOND * 3600,) * 24,
        bursts=bursts,
        patience_s=25,
        talk_s=_talk,
        rings_for_s=(0.5, 2.0),
        longest_wait=timedelta(seconds=40),
        most_waiting=20,
        refuse_from=begin + span * 2 / 3,
        refuse_to=begin + span * 2 / 3 + min(timedelta(seconds=30), span / 10),
    )
    return Day(begin, begin + span, seed, habits)


def _talk(chance: Random) -> float:
    return min(120.0, 1 + chance.expovariate(1 / (MEAN_TALK_S - 1)))


@dataclass(frozen=True, slots=True)
class Figures:
    """What a window comes to: calls by what became of them, shares, seconds and erlangs."""

    offered: float
    became: dict[str, float]
    reached: float
    asa_s: float
    abandonment: float
    offered_load: float
    carried_load: float

    def apart(self, other: Figures) -> list[str]:
        """Where another is further off than one in a hundred, or two calls, whichever is more."""
        said = [*_further("offered", self.offered, other.offered, 2.0)]
        for name in COUNTED:
            said += _further(name, self.became.get(name, 0), other.became.get(name, 0), 2.0)
        asked = {
            "reached": self.became["answered"] + self.became["abandoned"]
            + self.became["timed_out"] + self.became["blocked"],
            "asa_s": self.became["answered"],
            "abandonment": self.offered,
            "offered_load": self.offered,
            "carried_load": self.became["answered"],
        }  # fmt: skip
        for name, calls in asked.items():
            mine, others = getattr(self, name), getattr(other, name)
            said += _further(name, mine, others, max(mine, 1e-9) * 2 / max(calls, 1))
        return said


def _further(name: str, truth: float, found: float, at_least: float) -> Iterator[str]:
    if abs(found - truth) > max(abs(truth) * 0.01, at_least):
        yield f"{name}: {found:.4g} where {truth:.4g} is true"


def figures_of(fates: Sequence[Fate], seconds: float) -> Figures:
    """Those of all callers, over so many seconds."""
    became = Counter[str](fate.became for fate in fates)
    answered = [fate for fate in fates if fate.became == "answered"]
    in_time = sum(fate.wait_s <= T_S for fate in answered)
    reaching = sum(became[each] for each in ("answered", "abandoned", "timed_out", "blocked"))
    talk = sum(fate.talk_s for fate in answered)
    return Figures(
        offered=len(fates),
        became={name: float(became[name]) for name in COUNTED},
        reached=in_time / reaching,
        asa_s=sum(fate.wait_s for fate in answered) / len(answered),
        abandonment=(became["abandoned"] + became["abandoned_greeting"]) / len(fates),
        offered_load=len(fates) / seconds * talk / len(answered),
        carried_load=talk / seconds,
    )
