"""Who asks too often waits, and nobody waits for others."""

from __future__ import annotations

from contextlib import suppress

import pytest

from shared.contracts.refusals import TooOften
from shared.runtime import pace
from shared.runtime.pace import Pace


class Hand:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def asked(kept: Pace, who: str, times: int) -> int:
    """How many of so many were let through."""
    passed = 0
    for _ in range(times):
        with suppress(TooOften):
            kept.take(who)
            passed += 1
    return passed


def test_so_many_at_once_and_then_so_many_a_second() -> None:
    hand = Hand()
    kept = Pace(5, 10, clock=hand)

    assert asked(kept, "a", 20) == 10
    hand.at += 1
    assert asked(kept, "a", 20) == 5
    hand.at += 3600
    assert asked(kept, "a", 20) == 10


def test_who_is_refused_does_not_wait_longer_for_it() -> None:
    hand = Hand()
    kept = Pace(5, 1, clock=hand)
    kept.take("a")

    for _ in range(19):
        hand.at += 0.01
        with pytest.raises(TooOften) as refused:
            kept.take("a")
        assert refused.value.wait == 1
    hand.at += 0.011
    kept.take("a")


def test_nobody_waits_for_somebody_else() -> None:
    kept = Pace(5, 3, clock=Hand())

    assert asked(kept, "a", 5) == 3
    assert asked(kept, "b", 5) == 3


def test_not_more_are_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_KNOWN", 2)
    kept = Pace(5, 1, clock=Hand())

    assert [asked(kept, who, 2) for who in ("a", "b", "c", "c", "a")] == [1, 1, 1, 0, 1]


def test_what_weighs_more_is_counted_as_more_and_never_as_too_much() -> None:
    hand = Hand()
    kept = Pace(5, 10, clock=hand)
    kept.take("a", 6)

    with pytest.raises(TooOften):
        kept.take("a", 6)
    kept.take("a", 4)
    hand.at += 2
    kept.take("a", 1_000)
    assert asked(kept, "a", 1) == 0
