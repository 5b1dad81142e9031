"""How long what starts is waited for; all by a time that is given."""

from hotline.patience import (
    FIRST_DELAY,
    HEALTHY_AFTER,
    LONGEST_DELAY,
    LONGEST_START,
    BackOff,
    Patience,
    Start,
    Telling,
)


def test_the_pause_doubles_up_to_a_limit_and_starts_anew_after_a_healthy_run() -> None:
    back_off = BackOff()
    assert [back_off.next_delay(ran_for=1.0) for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert back_off.next_delay(ran_for=1.0) == LONGEST_DELAY
    assert back_off.next_delay(ran_for=HEALTHY_AFTER) == FIRST_DELAY


def test_a_start_that_gets_on_is_waited_for_up_to_the_bound() -> None:
    start = Start(Patience(), since=0.0)
    for second in range(0, int(LONGEST_START) + 1, 50):
        assert start.why_broken((second,), second) is None
    assert start.why_broken(("on",), LONGEST_START + 1) == "not ready after 300 s"


def test_a_start_at_a_standstill_is_given_up_sooner() -> None:
    start = Start(Patience(), since=0.0)
    assert start.why_broken((1,), 1.0) is None
    assert start.why_broken((1,), 60.0) is None
    assert start.why_broken((1,), 62.0) == "not ready, and at a standstill for 60 s"


def test_a_start_that_lacked_the_broker_is_counted_anew() -> None:
    start = Start(Patience(), since=0.0)
    assert start.why_broken((1,), 1.0) is None
    start.begin_anew(299.0)
    assert start.why_broken((1,), 350.0) is None


def test_who_waits_is_told_once_in_ten_seconds() -> None:
    telling = Telling(since=100.0)
    told = [second for second in range(100, 141) if telling.is_due(second)]
    assert told == [110, 120, 130, 140]
