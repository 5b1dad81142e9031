"""The calls in a stream are those that the callers counted."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from services.telephony.exchange.translate_document import ExchangeDocument
from services.telephony.exchange.translate_recording import (
    Recorded,
    facts_in,
    lines_of,
    read_recording,
)
from shared.calls.call import Call
from shared.calls.facts import Fact, RangOut, TransferKind
from shared.calls.fold import fold_all
from shared.calls.gaps import Why, unheard
from shared.documents import Shape
from tests.calls.recordings import (
    WHOLE,
    callers,
    described,
    document,
    expected_outcome,
    legs,
    stream,
    transfers_told,
)

NEAR = 0.1
"""Seconds. The trial reading was within 0.044."""


def check(run: str, recorded: Recorded) -> None:
    """Each caller's call, and no other."""
    calls = {call.call: call for call in recorded.calls if not call.test}
    rows = [row for row in callers(run) if row["note"] != "test call"]
    assert {*calls} == {row["uniqueid"] for row in rows}
    for row in rows:
        call = calls[row["uniqueid"]]
        assert call.outcome == expected_outcome(row), row["lab"]
        assert not call.incomplete, row["lab"]
        assert call.agent == row.get("agent"), row["lab"]
        assert call.wait_s == pytest.approx(row.get("wait", row.get("waited")), abs=NEAR)
        assert call.talk_s == pytest.approx(row.get("talk", 0), abs=NEAR), row["lab"]


@pytest.mark.parametrize("run", WHOLE)
def test_each_call_of_a_run_is_as_its_caller_counted_it(run: str) -> None:
    check(run, read_recording(stream(run), document()))


@pytest.mark.parametrize("run", WHOLE)
def test_every_fact_has_an_id_of_its_own(run: str) -> None:
    facts, _, _ = facts_in(stream(run), document())

    assert [id for id, n in Counter(fact.id for fact in facts).items() if n > 1] == []


@pytest.mark.parametrize("run", WHOLE)
def test_who_spoke_with_a_caller_are_the_agents_whose_telephones_say_so(run: str) -> None:
    labs = {row["uniqueid"]: row["lab"] for row in callers(run)}
    answered = {(leg.lab, leg.agent) for leg in legs(run) if leg.spoke and leg.lab}
    heard = {
        (labs[call.call], agent)
        for call in read_recording(stream(run), document()).calls
        for agent in call.agents
    }
    # Whom an agent asks is told nothing of the caller: those three legs have no caller's name.
    consulted = {("transfers-007", "8004"), ("transfers-010", "8005")} & heard

    assert heard - consulted == answered


def test_transfers_are_those_that_the_agents_telephones_made() -> None:
    calls = read_recording(stream("transfers"), document()).calls
    labs = {row["uniqueid"]: row["lab"] for row in callers("transfers")}
    heard = {
        (labs[call.call], transfer.by, str(transfer.kind), transfer.reached)
        for call in calls
        for transfer in call.transfers
    }

    assert heard == transfers_told("transfers")


def test_a_transfer_says_whom_it_was_meant_for_and_no_number() -> None:
    calls = read_recording(stream("transfers"), document()).calls
    to = {
        call.call: (one.to_agent or one.to_queue or one.to)
        for call in calls
        for one in call.transfers
    }
    labs = {row["lab"].removeprefix("transfers-"): row["uniqueid"] for row in callers("transfers")}

    assert {lab: to.get(id) for lab, id in labs.items() if id in to} == {
        "003": "8004",
        "004": "urgent",
        "005": "outside",
        "006": "8004",
        "007": "8004",
        "008": "outside",
        "010": "8005",
        "012": "8004",
    }


def test_a_caller_who_falls_out_of_a_transfer_is_dropped_and_nobody_else_is() -> None:
    calls = read_recording(stream("transfers"), document()).calls
    labs = {row["uniqueid"]: row["lab"] for row in callers("transfers")}

    assert [labs[call.call] for call in calls if call.dropped] == ["transfers-006"]


def test_a_question_among_agents_is_no_call_and_is_the_time_of_the_one_who_asks() -> None:
    calls = read_recording(stream("transfers"), document()).calls
    labs = {row["uniqueid"]: row["lab"] for row in callers("transfers")}
    asked = {labs[call.call]: [one.agent for one in call.consults] for call in calls}

    assert len(calls) == 16
    assert {lab: who for lab, who in asked.items() if who} == {
        f"transfers-{n}": ["8001"] for n in ("007", "008", "009", "010", "011")
    }


def test_two_agents_after_each_other_are_two_stretches_of_one_call() -> None:
    calls = {call.call: call for call in read_recording(stream("transfers"), document()).calls}
    labs = {row["lab"]: row["uniqueid"] for row in callers("transfers")}
    blind = calls[labs["transfers-003"]]

    assert [(talk.agent, round(talk.seconds, 1)) for talk in blind.talks] == [
        ("8001", 1.5),
        ("8004", 3.0),
    ]
    assert blind.handle_s < blind.talk_s
    assert blind.transfers[0].kind is TransferKind.BLIND


def test_time_on_hold_is_of_the_leg_that_held() -> None:
    calls = {call.call: call for call in read_recording(stream("transfers"), document()).calls}
    labs = {row["lab"]: row["uniqueid"] for row in callers("transfers")}
    [hold] = calls[labs["transfers-001"]].holds

    assert hold.agent == "8001"
    assert (hold.ended - hold.began).total_seconds() == pytest.approx(2.004, abs=NEAR)


@pytest.mark.parametrize("run", ["day", "two-queues", "numbers", "wrapup"])
def test_telephones_that_were_not_picked_up_are_as_the_telephones_say(run: str) -> None:
    words = {"refused": RangOut.REFUSED, "not_answered": RangOut.NO_ANSWER}
    told = Counter(
        # Picked up a moment after another one, it is told that it came too late.
        words.get(leg.outcome, RangOut.NO_ANSWER)
        for leg in legs(run)
        if not leg.spoke
    )
    heard = Counter(
        # A telephone does not know that it was the caller who gave up.
        RangOut.NO_ANSWER if ring.rang_out is RangOut.CANCELLED else ring.rang_out
        for call in read_recording(stream(run), document()).calls
        for ring in call.rings
        if ring.rang_out is not None
    )

    assert heard == told


def test_calls_of_our_own_that_test_a_line_are_in_no_figure() -> None:
    recorded = read_recording(stream("outbound"), document())

    assert [call.test for call in recorded.calls] == [True, True, False]
    assert len([*lines_of(recorded.calls)]) == 1


def test_of_an_exchange_that_was_killed_the_calls_that_were_heard_are_known() -> None:
    recorded = read_recording(stream("restart"), document())
    rows = {_number(row): row for row in callers("restart")}
    calls = _by_number(recorded)

    assert len(calls) == 11
    assert {n for n, call in calls.items() if call.incomplete} == {1, 2, 3, 4, 5, 9}
    for n, call in calls.items():
        assert call.outcome == expected_outcome(rows[n]), n
        assert call.agent == rows[n].get("agent"), n
        assert call.talk_s <= rows[n].get("talk", 0) + NEAR, n
        if not call.incomplete:
            assert call.talk_s == pytest.approx(rows[n]["talk"], abs=NEAR), n
            assert call.wait_s == pytest.approx(rows[n]["wait"], abs=NEAR), n


def test_the_calls_that_nobody_heard_fall_into_the_gaps_that_are_told() -> None:
    recorded = read_recording(stream("restart"), document())
    unknown = {
        n: row for row in callers("restart") if (n := _number(row)) not in _by_number(recorded)
    }

    assert [gap.why for gap in recorded.gaps] == [Why.RESTART, Why.CONNECTION, Why.RESTART]
    assert {*unknown} == {6, 10, 11, 12, 15}
    for n, row in unknown.items():
        hidden = [
            g for g in recorded.gaps if _epoch(g.offers_from) <= row["t_offered"] <= _epoch(g.ended)
        ]
        assert len(hidden) == 1, n
    # Of those the listener saw three in the end, and could not say when they had begun.
    assert recorded.missed == {unknown[n]["uniqueid"] for n in (10, 11, 12)}


@pytest.mark.parametrize("run", [*WHOLE, "restart"])
def test_any_order_and_any_repeat_make_the_same_calls(run: str) -> None:
    facts, told, _ = facts_in(stream(run), document())
    gaps = unheard(told, {"1"})
    calls = fold_all(facts, gaps)

    for seed in range(3):
        drawn = random.Random(seed)
        mixed = facts + drawn.choices(facts, k=len(facts) // 5)
        drawn.shuffle(mixed)
        assert fold_all(mixed, gaps) == calls


@pytest.mark.parametrize("run", [*WHOLE, "restart"])
def test_a_store_that_keeps_milliseconds_keeps_the_calls(run: str) -> None:
    facts, told, _ = facts_in(stream(run), document())
    gaps = unheard(told, {"1"})
    shape = Shape(value=Fact)
    kept = [shape.from_doc(shape.to_doc(_to_milliseconds(fact))) for fact in facts]
    random.Random(run).shuffle(kept)

    read = {call.call: call for call in fold_all(kept, gaps)}
    for here in fold_all(facts, gaps):
        there = read.pop(here.call)
        assert (there.outcome, there.agents) == (here.outcome, here.agents)
        assert there.wait_s == pytest.approx(here.wait_s, abs=0.002)
        assert there.talk_s == pytest.approx(here.talk_s, abs=0.002)
        assert there.handle_s == pytest.approx(here.handle_s, abs=0.01)
        assert there.incomplete == here.incomplete
    assert read == {}


def _to_milliseconds(fact: Fact) -> Fact:
    return replace(fact, at=fact.at.replace(microsecond=fact.at.microsecond // 1_000 * 1_000))


@pytest.mark.parametrize("run", [*WHOLE, "restart"])
def test_a_stream_whose_blocks_were_mixed_up_tells_the_same(run: str) -> None:
    blocks = stream(run).replace(b"\r", b"").split(b"\n\n")
    drawn = random.Random(run)
    mixed = blocks + drawn.choices(blocks, k=len(blocks) // 5)
    drawn.shuffle(mixed)

    assert read_recording(b"\n\n".join(mixed), document()) == read_recording(
        stream(run), document()
    )


@pytest.mark.parametrize("run", [*WHOLE, "restart"])
def test_nothing_depends_on_what_an_exchange_calls_things(run: str) -> None:
    text, renamed = _renamed(stream(run).decode())

    assert "PJSIP/80" not in text
    assert "PJSIP/trunk" not in text
    there = read_recording(text.encode(), ExchangeDocument.model_validate(renamed))
    here = read_recording(stream(run), document())
    assert [*lines_of(there.calls)] == [
        {**line, "line": line["line"]} for line in lines_of(here.calls)
    ]
    if run in WHOLE:
        check(run, there)


@pytest.mark.parametrize("run", ["numbers", "outbound", "wrapup"])
def test_without_our_word_on_the_offer_only_what_it_said_is_missing(run: str) -> None:
    blocks = stream(run).split(b"\n\n")
    left = [block for block in blocks if b"UserEvent: HotlineOffered" not in block]
    recorded = read_recording(b"\n\n".join(left), document())

    assert len(left) < len(blocks)
    check(run, recorded)
    assert {call.presentation for call in recorded.calls} == {None}


@pytest.mark.parametrize("run", [run for run in WHOLE if run != "load-patient"])
def test_a_filter_as_narrow_as_that_of_a_load_test_loses_no_call(run: str) -> None:
    """Without bridges, rings and requests to hang up, as `load-patient` was recorded."""
    narrow = re.compile(
        rb"^Event: (SoftH|H)angupRequest|^Event: (Newstate|Bridge|Dial|AgentCalled)", re.MULTILINE
    )
    blocks = stream(run).split(b"\n\n")
    left = [block for block in blocks if not narrow.search(block)]

    assert len(left) < len(blocks)
    check(run, read_recording(b"\n\n".join(left), document()))


def test_two_listeners_tell_the_same_facts() -> None:
    one, _, _ = facts_in(stream("standby"), document(), "1")
    two, _, _ = facts_in(stream("standby", "events-second.ami"), document(), "2")

    assert one == two


def test_what_one_of_two_listeners_did_not_hear_nobody_misses() -> None:
    whole = read_recording(stream("standby"), document()).calls
    one, gaps, _ = facts_in(_cut(stream("standby")), document(), "1")
    two, more, _ = facts_in(stream("standby", "events-second.ami"), document(), "2")

    assert gaps != []
    assert fold_all(one, unheard(gaps, {"1"})) != whole
    assert fold_all(one + two, unheard(gaps + more, {"1", "2"})) == whole


@pytest.mark.parametrize("run", ["day", "two-queues", "numbers", "load-patient"])
def test_of_a_listener_that_was_away_only_the_calls_open_then_are_incomplete(run: str) -> None:
    whole = {call.call: call for call in read_recording(stream(run), document()).calls}
    cut = read_recording(_cut(stream(run)), document())
    [away] = cut.gaps
    heard = {call.call: call for call in cut.calls}
    open_then = {
        id
        for id, call in whole.items()
        if call.offered_at < away.ended and call.last_sign_at > away.began
    }

    assert {id for id, call in heard.items() if call.incomplete} <= open_then
    for id, call in heard.items():
        if call.incomplete:
            assert call.talk_s <= whole[id].talk_s + NEAR
        else:
            assert call == whole[id]
    # Whoever was offered meanwhile is in the gap, and in no figure.
    assert all(away.hides(whole[id].offered_at) for id in whole.keys() - heard.keys())
    assert len(heard) < len(whole)


def test_a_withheld_number_is_known_to_be_withheld_and_a_diverted_call_to_be_diverted() -> None:
    recorded = read_recording(stream("numbers"), document())
    labs = {row["uniqueid"]: row["lab"].removeprefix("numbers-") for row in callers("numbers")}

    assert [labs[c.call] for c in recorded.calls if c.presentation == "withheld"] == ["013"]
    assert [labs[c.call] for c in recorded.calls if c.diverted] == ["015"]


def _cut(recording: bytes) -> bytes:
    """As a listener would have it that lost the line for the middle third, and came back between
    two events: whoever is on the telephone then is listed by nobody here.
    """
    blocks = recording.replace(b"\r", b"").split(b"\n\n")
    third = len(blocks) // 3
    times = [
        float(time)
        for time in re.findall(
            rb"^# recv ([0-9.]+)\n(?=Event|Resp)", b"\n".join(blocks), re.MULTILINE
        )
    ]
    back = next(n for n in range(2 * third, len(times)) if times[n] - times[n - 1] > 0.1)
    head = f"# recv {times[back] - 0.05:.6f}\n".encode()
    again = head + b"# connected again\n" + head + b"Event: FullyBooted\nUptime: 86400"
    listed = head + b"Event: CoreShowChannelsComplete\nActionID: 1"
    return b"\n\n".join([*blocks[:third], again, listed, *blocks[back:]])


def _renamed(text: str) -> tuple[str, dict[str, Any]]:
    text = re.sub(r"PJSIP/(80\d\d)", r"SIP/desk_\1x", text)
    text = text.replace("PJSIP/trunk-a", "SIP/carrier.west").replace("PJSIP/trunk-b", "SIP/east")
    text = re.sub(r"Exten: 400000000(\d)", r"Exten: 88880\1", text)
    text = re.sub(r"Exten: 4999999999", r"Exten: 99999", text)
    text = re.sub(r"Queue: (hotline|urgent|small)\b", r"Queue: q-\1-7", text)
    text = re.sub(r"UserEvent: Hotline(\w+)", r"UserEvent: House\1", text)
    renamed = described()
    renamed["trunks"]["a"]["devices"] = r"SIP/carrier\.west"
    renamed["trunks"]["b"]["devices"] = "SIP/east"
    for line in renamed["lines"].values():
        for called in line["called"]:
            called["did"] = called["did"].replace("400000000", "88880")
    renamed["agents"] = [{"pattern": "SIP/desk_([0-9]+)x", "extension": r"\1"}]
    renamed["queues"] = {f"q-{name}-7": name for name in renamed["queues"]}
    events = renamed["user_events"]
    for event in [events["offered"], *events["left"]]:
        event["event"] = event["event"].replace("Hotline", "House")
    return text, renamed


def _by_number(recorded: Recorded) -> dict[int, Call]:
    number = {fact.call: fact.number for fact in recorded.facts if fact.number}
    return {int(number[call.call][-3:]): call for call in recorded.calls}


def _number(row: dict[str, Any]) -> int:
    return int(row["from"][-3:])


def _epoch(at: Any) -> float:
    return float(at.timestamp())


@pytest.mark.parametrize("run", ["transfers", "two-queues", "restart", "day"])
def test_a_stream_with_lines_missing_is_read_and_every_ended_call_has_one_outcome(run: str) -> None:
    lines = stream(run).split(b"\n")
    for seed in range(4):
        drawn = random.Random(f"{run} {seed}")
        left = [
            line for line in lines if not line or line.startswith(b"#") or drawn.random() > 0.15
        ]
        recorded = read_recording(b"\n".join(left), document())
        assert recorded.calls != []
        for call in recorded.calls:
            assert (call.outcome is None) == (call.ended_at is None)
            assert call.wait_s is None or call.wait_s >= 0
            assert call.talk_s >= 0
            assert all(talk.began <= talk.ended for talk in call.talks)
