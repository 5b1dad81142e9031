"""The plan of a fault run: one seed, one plan, with everything in it that must be shown."""

from __future__ import annotations

from collections import Counter

import pytest

from faults.plan import SERVICES, Plan, full_size, make_plan

FULL = full_size(20_000, 60)


@pytest.fixture(scope="module")
def full() -> Plan:
    return make_plan(7, FULL)


def test_the_same_seed_gives_the_same_plan_and_another_another(full: Plan) -> None:
    assert make_plan(7, FULL) == full
    assert make_plan(8, FULL).faults != full.faults


def test_a_full_run_has_what_must_be_shown(full: Plan) -> None:
    kinds = full.counts()
    assert kinds["routine"] + kinds["emergency"] == 20_000
    assert kinds["malformed"] == 500
    assert 400 < kinds["emergency"] < 800
    assert 800 < kinds["repeat"] < 1_200
    assert kinds["conflict"]
    assert full.kills >= 60
    assert {fault.kind for fault in full.faults} == set(FULL.faults)
    assert [f.seconds for f in full.faults if f.kind == "no_broker"] == [60.0]


def test_every_service_and_every_wire_comes_round(full: Plan) -> None:
    killed = Counter(t for f in full.faults if f.kind == "service" for t in f.targets)
    assert killed.keys() == set(SERVICES)
    cut = Counter((f.targets, f.how) for f in full.faults if f.kind == "wire")
    assert len(cut) == 15
    assert any(len(f.targets) == 2 for f in full.faults if f.kind == "service")


def test_faults_come_in_their_order_while_something_is_left_to_send(full: Plan) -> None:
    times = [fault.at for fault in full.faults]
    assert times == sorted(times)
    assert [fault.n for fault in full.faults] == list(range(len(times)))
    assert times[-1] < len(full.items)


def test_a_repeat_and_a_conflict_come_after_what_they_follow_by_the_same_sender(
    full: Plan,
) -> None:
    first: dict[str, str] = {}
    for item in full.items:
        if item.kind in {"repeat", "conflict"}:
            assert first[item.name] == item.sender
        else:
            assert item.name not in first
            first[item.name] = item.sender


def test_every_kind_of_sender_has_a_share(full: Plan) -> None:
    shares = Counter(item.sender for item in full.items)
    assert min(shares[s] for s in ("desk", "python", "node")) > 5_000
    assert all(i.sender != "desk" for i in full.items if i.kind == "malformed")
