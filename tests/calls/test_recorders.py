"""What was recorded of a call is known by reference, with its pauses; nothing is guessed."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from services.telephony.exchange.translate_recording import facts_in, read_recording
from shared.calls.call import Recording
from shared.calls.facts import Fact, Kind, Party, Recorder
from shared.calls.fold import fold, fold_all
from tests.calls.made import at, fact, made
from tests.calls.recordings import WHOLE, callers, document, stream, truth
from tests.calls.test_translate import event, facts, newcomer

NEAR = 0.1
CALL = [fact(Kind.OFFERED, 0), fact(Kind.ENDED, 60)]


def does(recorder: Recorder, seconds: float, leg: str | None = None) -> Fact:
    return fact(Kind.RECORDED, seconds, recorder=recorder, **({"leg": leg} if leg else {}))


def recorded(*steps: Fact) -> list[tuple[str, float, float, list[tuple[float, float]]]]:
    """Id, begin, seconds and pauses of each, in seconds of the call."""
    found = [*CALL, *steps]
    random.Random(len(steps)).shuffle(found)
    return [
        (one.id, seconds(one.began), one.seconds, [(seconds(p.began), seconds(p.ended)) for p in
         one.pauses])
        for one in made(found).recordings
    ]  # fmt: skip


def seconds(when: Any) -> float:
    return float((when - at(0)).total_seconds())


def test_the_one_recorded_call_of_the_runs_is_known_by_its_channel_with_its_pause() -> None:
    [row] = [each for each in callers("transfers") if each["note"] == "recorded call"]
    done = {each["do"]: each["t"] for each in truth("transfers") if each["kind"] == "state"}
    calls = read_recording(stream("transfers"), document()).calls
    [(call, one)] = [(call, one) for call in calls for one in call.recordings]

    assert call.call == one.id == row["uniqueid"]
    assert one.began.timestamp() == pytest.approx(done["ami-record"], abs=NEAR)
    assert one.seconds == pytest.approx(row["t_end"] - done["ami-record"], abs=NEAR)
    [pause] = one.pauses
    assert pause.began.timestamp() == pytest.approx(done["ami-record-mute"], abs=NEAR)
    assert pause.ended == one.ended == call.ended_at


@pytest.mark.parametrize("run", [run for run in WHOLE if run != "transfers"])
def test_nothing_else_was_recorded(run: str) -> None:
    assert not any(call.recordings for call in read_recording(stream(run), document()).calls)


def test_without_what_tells_of_recordings_the_calls_are_the_same_otherwise() -> None:
    blocks = stream("transfers").split(b"\n\n")
    silent = [each for each in blocks if not re.search(rb"^Event: MixMonitor", each, re.MULTILINE)]
    told, _, _ = facts_in(stream("transfers"), document())
    unheard, _, _ = facts_in(b"\n\n".join(silent), document())

    assert len(silent) == len(blocks) - 2
    assert [each for each in told if each.kind is not Kind.RECORDED] == unheard
    assert fold_all(told) != fold_all(unheard)


def test_a_recording_lasts_until_it_is_stopped_or_the_call_ends() -> None:
    stopped = (does(Recorder.STARTED, 5), does(Recorder.STOPPED, 25))
    assert recorded(*stopped) == [("1.0", 5, 20, [])]
    assert recorded(*stopped, does(Recorder.STARTED, 30)) == [
        ("1.0", 5, 20, []), ("1.0", 30, 30, []),
    ]  # fmt: skip


def test_a_pause_ends_with_the_word_the_recording_or_the_call() -> None:
    start, pause = does(Recorder.STARTED, 5), does(Recorder.PAUSED, 10)
    assert recorded(start, pause, does(Recorder.RESUMED, 12), does(Recorder.PAUSED, 20)) == [
        ("1.0", 5, 55, [(10, 12), (20, 60)])
    ]
    again = (does(Recorder.STOPPED, 15), does(Recorder.STARTED, 20))
    assert recorded(start, pause, *again) == [("1.0", 5, 10, [(10, 15)]), ("1.0", 20, 40, [])]


def test_what_is_told_of_a_recording_that_does_not_run_is_nothing() -> None:
    assert recorded(*(does(each, 5) for each in Recorder if each is not Recorder.STARTED)) == []
    assert recorded(does(Recorder.STARTED, 5), does(Recorder.STARTED, 9)) == [("1.0", 5, 55, [])]
    assert recorded(does(Recorder.STARTED, 70)) == []


def test_an_agents_side_is_recorded_while_the_agent_is_there() -> None:
    leg: dict[str, Any] = {"leg": "9.9", "party": Party.AGENT, "agent": "8001"}
    start = (fact(Kind.ANSWERED, 3, **leg), does(Recorder.STARTED, 4, "9.9"))
    asks = (fact(Kind.PARTED, 10, leg="9.9"), fact(Kind.JOINED, 20, **leg))
    assert recorded(*start) == [("9.9", 4, 56, [])]
    assert recorded(*start, *asks) == [("9.9", 4, 56, [])]
    assert recorded(*start, *asks, fact(Kind.PARTED, 30, leg="9.9")) == [("9.9", 4, 26, [])]


def test_a_recording_of_a_call_that_goes_on_lasts_until_now() -> None:
    call = fold([fact(Kind.OFFERED, 0), does(Recorder.STARTED, 5), fact(Kind.DESCRIBED, 9)])
    assert call is not None
    assert call.recordings == (Recording("1.0", at(5), at(9)),)


def test_only_where_both_sides_are_muted_a_recording_rests() -> None:
    mutes = [
        event("MixMonitorMute", n, Direction=side, State=state)
        for n, (side, state) in enumerate(
            [("read", "1"), ("write", "1"), ("both", "1"), ("both", "0"), ("both", "?"), ("", "1")]
        )
    ]
    nameless = {"Event": "MixMonitorMute", "Timestamp": mutes[0]["Timestamp"]}
    told = facts([newcomer(0), event("MixMonitorStart", 0.5), *mutes, nameless])
    assert [each.recorder for each in told if each.kind is Kind.RECORDED] == [
        Recorder.STARTED, Recorder.PAUSED, Recorder.RESUMED,
    ]  # fmt: skip


def test_a_recorded_telephone_of_an_agent_is_of_the_call_that_it_was_rung_for() -> None:
    rung = {"DestUniqueid": "2.0", "DestLinkedid": "1.0", "DestChannel": "PJSIP/8001-0000000b"}
    about: dict[str, Any] = {"id": "2.0", "device": "PJSIP/8001", "Linkedid": "1.0"}
    blocks = [
        newcomer(0),
        event("AgentCalled", 1, Queue="hotline", Interface="PJSIP/8001", **rung),
        event("MixMonitorStart", 2, **about),
        event("MixMonitorStart", 3, id="3.0", device="PJSIP/8002"),
    ]
    told = [each for each in facts(blocks) if each.kind is Kind.RECORDED]
    assert [(each.call, each.leg) for each in told] == [("1.0", "2.0")]
