"""The one decision about a request: there is always one, and an emergency always has people."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.policy.plan import PROMISED_CLOCKS, Plan, Reported, plan
from shared.policy.policy import Policy, build_policy, sample_documents

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai on a Monday."""
TRAPPED = "三号楼电梯困人了，快来人"


@cache
def policy() -> Policy:
    return build_policy("sample", sample_documents())


def planned(text: str, **hints: Any) -> Plan:
    return plan(replace(Reported(text, "jinyuan"), **hints), policy(), NOW)


@pytest.mark.parametrize(
    ("text", "type", "area", "urgency", "departments"),
    [
        ("三号楼电梯按钮不亮，请来修", "repair", "elevator", "normal", ("engineering",)),
        ("投诉楼下天天放音乐扰民", "complaint", "noise", "normal", ("security",)),
        ("请问物业费怎么交", "inquiry", "fees", "normal", ("finance",)),
        ("全家停水了，急修", "repair", "plumbing", "urgent", ("engineering",)),
    ],
)
def test_an_ordinary_request_goes_to_its_department(
    text: str, type: str, area: str, urgency: str, departments: tuple[str, ...]
) -> None:
    made = planned(text)

    assert (made.type, made.area, made.urgency) == (type, area, urgency)
    assert made.departments == departments
    assert (made.undecided, made.policy) == ((), "sample")


def test_an_emergency_has_its_kind_s_departments_with_the_lead_first() -> None:
    made = planned(TRAPPED)

    kind = policy().taxonomy.kind("elevator_entrapment")
    assert made.is_emergency
    assert made.emergency_kind == "elevator_entrapment"
    assert made.departments == (kind.department, *kind.support)
    assert dict(made.limits) == {str(clock): limit for clock, limit in kind.limits.items()}


@pytest.mark.parametrize(
    ("text", "hints", "undecided"),
    [
        ("三号楼电梯按钮不亮，请来修", {"estate": None}, ("place",)),
        ("嗯", {}, ("category",)),
        ("三号楼电梯按钮不亮，请来修", {"faulty": True}, ("faults",)),
        ("嗯", {"estate": None, "faulty": True}, ("place", "category", "faults")),
        ("嗯", {"decided": True, "type": "repair", "area": "elevator"}, ()),
        ("嗯", {"decided": True, "estate": None}, ("place",)),
    ],
)
def test_what_is_unclear_is_named_and_waits_without_department_or_promise(
    text: str, hints: dict[str, Any], undecided: tuple[str, ...]
) -> None:
    made = planned(text, **hints)

    assert made.undecided == undecided
    assert bool(made.departments) == (not undecided)
    assert bool(made.promised) == (not undecided)


@pytest.mark.parametrize(
    ("hints", "undecided"),
    [
        ({"estate": None}, ("place",)),
        ({"faulty": True}, ("faults",)),
        ({"estate": None, "faulty": True}, ("place", "faults")),
    ],
)
def test_an_emergency_goes_out_at_once_whatever_is_unclear(
    hints: dict[str, Any], undecided: tuple[str, ...]
) -> None:
    made = planned(TRAPPED, **hints)

    assert made.undecided == undecided
    assert made.departments == planned(TRAPPED).departments
    assert made.promised == planned(TRAPPED).promised


def test_promised_times_are_what_the_limits_mean_now() -> None:
    made = planned("三号楼电梯按钮不亮，请来修")

    assert made.promised == {
        "accept": NOW + timedelta(minutes=15),
        "arrive": NOW + timedelta(hours=24),
        "resolve": datetime(2026, 11, 26, 16, 0, tzinfo=UTC),  # the 26th ends in Shanghai
    }
    assert "feed_back" in made.limits


def test_a_complaint_on_friday_evening_is_accepted_on_monday() -> None:
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 17:00 in Shanghai
    made = plan(Reported("投诉楼下天天放音乐扰民", "jinyuan"), policy(), friday)

    assert made.promised["accept"] == datetime(2026, 11, 23, 1, 30, tzinfo=UTC)


def test_the_same_report_is_decided_alike() -> None:
    assert planned(TRAPPED) == planned(TRAPPED)


IDS = st.none() | st.text(max_size=8)
TYPES = st.sampled_from(["inquiry", "complaint", "repair", "registration", "emergency", "wish"])
AREAS = st.sampled_from(["elevator", "gas", "noise", "fees", "other", "moon"])
WORDS = st.lists(
    st.sampled_from(
        ["电梯", "困人", "着火", "漏水", "煤气味", "投诉", "请问", "三号楼", "上个月", "演习",
         "晕倒", "fire", "stuck in the lift", "，", "。", "不", "没有", "！", "138", " "]
    ),
    max_size=9,
).map("".join)  # fmt: skip


@given(
    text=st.text(max_size=60) | WORDS,
    estate=st.sampled_from(["jinyuan", "cuihu", None]),
    type=IDS | TYPES,
    area=IDS | AREAS,
    faulty=st.booleans(),
    decided=st.booleans(),
    kind=st.sampled_from([None, None, "fire", "dragon"]),
    calm=st.booleans(),
    minutes=st.integers(0, 400 * 24 * 60),
)
@settings(max_examples=250, deadline=None, derandomize=True)
def test_every_report_has_a_plan(
    text: str, estate: str | None, type: str | None, area: str | None, minutes: int,
    kind: str | None, *, faulty: bool, decided: bool, calm: bool,
) -> None:  # fmt: skip
    now = NOW + timedelta(minutes=minutes)
    report = Reported(text, estate, type, area, faulty, decided, kind, calm)
    taxonomy = policy().taxonomy

    made = plan(report, policy(), now)

    assert made.is_emergency or kind is None
    assert taxonomy.has_type(made.type)
    assert taxonomy.has_area(made.area)
    assert made.is_emergency == (made.emergency_kind is not None)
    assert bool(made.departments) == (made.is_emergency or not made.undecided)
    assert all(taxonomy.department(department) for department in made.departments)
    assert len(set(made.departments)) == len(made.departments)
    assert ("place" in made.undecided) == (estate is None)
    assert ("faults" in made.undecided) == faulty
    assert not (("category" in made.undecided) and (decided or made.is_emergency))
    assert set(made.promised) <= set(PROMISED_CLOCKS)
    assert set(made.promised) <= set(made.limits)
    assert bool(made.promised) == bool(made.departments)
    assert all(due > now for due in made.promised.values())


@given(kind=st.sampled_from([kind.id for kind in policy().taxonomy.emergency_kinds]))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_every_kind_of_emergency_has_people_and_a_time(kind: str) -> None:
    entry = policy().taxonomy.kind(kind)

    assert entry.department
    assert "accept" in entry.limits or "arrive" in entry.limits
    assert entry.first_advice
    assert entry.first_advice_en
