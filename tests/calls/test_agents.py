"""Agents' states are what their own scripts did, as far as an exchange can know it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

import pytest

from services.telephony.exchange.translate_recording import members_in, read_recording
from shared.calls.agents import BUSY, AgentState, Membership, Spell, seconds, spells
from shared.calls.gaps import Gap, Why
from shared.calls.load import occupancy
from shared.calls.quarters import busy
from tests.calls.made import NINE, at, talked
from tests.calls.recordings import document, stream, truth


@cache
def lines(run: str) -> dict[str, list[Spell]]:
    recorded = read_recording(stream(run), document())
    members, _ = members_in(stream(run), document())
    until = max(call.last_sign_at for call in recorded.calls)
    return spells(members, recorded.calls, until, recorded.gaps)


def state_at(run: str, agent: str, seconds: float) -> tuple[AgentState, str | None] | None:
    moment = datetime.fromtimestamp(seconds, UTC)
    for spell in lines(run)[agent]:
        if spell.began <= moment < spell.ended:
            return spell.state, spell.reason
    return None


def member(seconds: float, queue: str = "q", **said: object) -> Membership:
    given = {"signed_on": True, "paused": False, "unreachable": False, "agent": "1", **said}
    return Membership(
        id=f"{seconds}/{queue}",
        exchange="x",
        at=at(seconds),
        queue=queue,
        **given,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("run", ["day", "two-queues"])
def test_a_break_is_told_a_moment_after_the_agent_asked_for_it(run: str) -> None:
    asked = [
        row
        for row in truth(run)
        if row["kind"] == "state" and row["do"] == "pause" and row["queue"] is None
    ]

    assert asked != []
    for row in asked:
        state = state_at(run, row["agent"], row["t"] + 0.1)
        # Whoever asks in mid-call has the break after it.
        assert state == (AgentState.BREAK, row["reason"]) or (state and state[0] in BUSY), row


def test_whoever_is_paused_in_one_of_two_queues_is_at_work() -> None:
    [row, _] = [
        row
        for row in truth("two-queues")
        if row.get("reason") == "meeting" and row["do"] == "pause"
    ]
    members, _ = members_in(stream("two-queues"), document())
    line = spells(members, [], datetime.fromtimestamp(row["t"] + 5, UTC))[row["agent"]]

    assert {spell.state for spell in line} == {AgentState.READY}


def test_whoever_signs_off_in_mid_call_talks_to_its_end() -> None:
    [row] = [
        row
        for row in truth("day")
        if row["kind"] == "state" and row["do"] == "leave" and row["agent"] == "8004"
    ]

    assert state_at("day", "8004", row["t"] + 0.1) == (AgentState.TALKING, None)
    assert lines("day")["8004"][-1].state is AgentState.SIGNED_OFF


@pytest.mark.parametrize("run", ["day", "two-queues", "transfers", "wrapup", "load-patient"])
def test_every_moment_of_an_agent_has_one_state(run: str) -> None:
    for line in lines(run).values():
        assert all(one.ended == two.began for one, two in pairwise(line))
        assert all(spell.began < spell.ended for spell in line)


def test_talk_of_the_states_is_the_talk_of_the_calls() -> None:
    calls = read_recording(stream("load-patient"), document()).calls
    had = seconds(lines("load-patient"))
    talk = sum((to - since).total_seconds() for each in busy(calls).values() for since, to in each)

    assert had[AgentState.TALKING] == pytest.approx(talk, rel=1e-6)
    share = occupancy(sum(had[state] for state in BUSY), had[AgentState.READY])
    # Five agents at about 3.6 erlang, and a queue that looks for a free one once a second.
    assert share == pytest.approx(0.7, abs=0.1)


def test_an_agent_whose_telephone_is_dead_is_unreachable_and_so_is_a_silent_trunk() -> None:
    _, reached = members_in(stream("outbound"), document())

    assert [(each.trunk, each.agent, each.reachable) for each in reached] == [
        ("a", None, False),
        ("a", None, True),
        (None, "8002", False),
    ]


def test_a_restart_signs_everybody_off() -> None:
    gap = Gap(
        exchange="x",
        listener="1",
        why=Why.RESTART,
        began=at(10),
        ended=at(20),
        surveyed=True,
        offers_from=at(10),
    )
    line = spells([member(0), member(30)], [], at(40), [gap])["1"]

    assert [(spell.state, spell.began) for spell in line] == [
        (AgentState.READY, NINE),
        (AgentState.SIGNED_OFF, at(10)),
        (AgentState.READY, at(30)),
    ]


def test_a_call_comes_before_a_break_and_a_break_before_a_dead_telephone() -> None:
    told = [member(0), member(10, paused=True, reason="lunch", unreachable=True)]
    line = spells([*told, *told], [talked(5, 0, 15)], at(30))["1"]

    assert [(spell.state, spell.reason) for spell in line] == [
        (AgentState.READY, None),
        (AgentState.TALKING, None),
        (AgentState.BREAK, "lunch"),
    ]


def test_a_member_that_nobody_has_named_is_counted() -> None:
    less = document().model_copy(update={"agents": []})
    members, _ = members_in(stream("day"), less)

    assert members == []
    assert read_recording(stream("day"), less).counts["unknown_member"] > 0
