"""A provider's rate: who goes now, who waits how long; an alert never waits for routine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from services.notifier.senders import Letter
from services.notifier.senders.rates import LATE, MINUTE, Rates
from shared.contracts import Lane


@dataclass
class Clock:
    """Seconds, moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def letter(id: str, lane: Lane = "urgent") -> Letter:
    return Letter(id=id, cause="ticket/26-1/x", purpose="alert", lane=lane, address="a",
                  subject="s", body="b")  # fmt: skip


def waits(rates: Rates, *ids: str, lane: Lane = "urgent", to: str = "a") -> list[float]:
    return [rates.wait(to, letter(id, lane)).total_seconds() for id in ids]


def test_so_many_go_at_once_and_the_next_when_the_minute_is_over() -> None:
    clock = Clock()
    rates = Rates(4, clock)

    assert waits(rates, "1", "2", "3", "4", "5", "6", "7") == [0, 0, 0, 62, 62, 62, 124]
    clock.now += 30
    assert waits(rates, "8") == [94]


def test_who_waited_goes_at_their_turn_and_takes_nobody_elses() -> None:
    clock = Clock()
    rates = Rates(4, clock)
    waits(rates, "1", "2", "3", "4", "5")

    assert waits(rates, "4") == [62]
    clock.now += MINUTE + LATE
    assert waits(rates, "4", "5", "6", "7") == [0, 0, 0, 62]


def test_who_comes_too_late_for_their_turn_gets_another() -> None:
    clock = Clock()
    rates = Rates(4, clock)
    waits(rates, "1", "2", "3", "4")

    clock.now += MINUTE + 2 * LATE + 0.5
    assert waits(rates, "5", "6", "4") == [0, 0, 59.5]


def test_no_minute_has_more_than_the_provider_takes() -> None:
    clock = Clock()
    rates, sent, waiting = Rates(20, clock), list[float](), dict[str, float]()
    for n in range(100):
        for lane in ("urgent", "routine"):
            waiting[f"{lane}-{n}"] = clock.now
    while waiting:
        for id, due in sorted(waiting.items(), key=lambda item: item[1]):
            if due <= clock.now:
                wait = rates.wait("a", letter(id, "urgent" if id[0] == "u" else "routine"))
                waiting[id] = clock.now + wait.total_seconds()
                if not wait:
                    sent.append(clock.now)
                    del waiting[id]
        clock.now += 0.5

    assert len(sent) == 200
    assert all(later - first > MINUTE for first, later in zip(sent, sent[20:], strict=False))
    assert all(first <= later for first, later in pairwise(sent))


def test_alerts_go_whatever_routine_there_is() -> None:
    rates = Rates(20, Clock())
    waits(rates, *(f"r{n}" for n in range(100)), lane="routine")

    assert waits(rates, *(f"a{n}" for n in range(15))) == [0] * 15


def test_each_receiver_has_a_rate_of_its_own() -> None:
    rates = Rates(4, Clock())
    waits(rates, "1", "2", "3")

    assert waits(rates, "4", to="a") == [62]
    assert waits(rates, "5", to="b") == [0]


def test_while_the_provider_bars_us_nothing_goes() -> None:
    clock = Clock()
    rates = Rates(20, clock)

    rates.bar(timedelta(minutes=10))
    assert waits(rates, "1") == [600]
    assert waits(rates, "2", lane="routine", to="b") == [600]
    clock.now += 600
    assert waits(rates, "1") == [0]
