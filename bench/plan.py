"""How much is measured: the full bench, and a quick one that only shows whether all of it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Numbers of one run; whoever compares two runs compares the same plan. Emergencies are so many
    in each round of each condition.
    """

    quick: bool
    seed: int = 20261123
    slice_seconds: float
    pairs: int
    warm_up_tickets: int
    idle_seconds: float
    emergency_rounds: int
    emergencies: int
    counted_emergencies: int
    backlogs: tuple[int, ...]
    triaged: int
    tickets_small: int
    tickets_large: int
    list_requests: int
    load_tickets: int
    streams: int
    live_seconds: float
    call_seconds: float
    storm_seconds: float
    batch_facts: int


FULL: Final = Plan(
    quick=False,
    slice_seconds=10,
    pairs=6,
    warm_up_tickets=300,
    idle_seconds=10,
    emergency_rounds=3,
    emergencies=200,
    counted_emergencies=14,
    backlogs=(5_000, 50_000),
    triaged=20_000,
    tickets_small=10_000,
    tickets_large=1_000_000,
    list_requests=60,
    load_tickets=4_000,
    streams=200,
    live_seconds=40,
    call_seconds=600,
    storm_seconds=30,
    batch_facts=5_000,
)
QUICK: Final = Plan(
    quick=True,
    slice_seconds=2,
    pairs=2,
    warm_up_tickets=40,
    idle_seconds=3,
    emergency_rounds=2,
    emergencies=8,
    counted_emergencies=2,
    # Between two looks of its keeper a backlog misses what was worked off, some 300 messages; of
    # the smallest, too, they must be a small part.
    backlogs=(3_000, 9_000),
    triaged=4_000,
    tickets_small=1_000,
    tickets_large=10_000,
    list_requests=8,
    load_tickets=200,
    streams=12,
    live_seconds=8,
    call_seconds=10,
    storm_seconds=3,
    batch_facts=300,
)
