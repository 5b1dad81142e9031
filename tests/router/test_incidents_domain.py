"""Clusters of requests, and what may be done to an incident, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.incidents.clusters import Cluster, Report, Window
from services.router.incidents.incident import (
    Incident,
    Linked,
    covering,
    finish,
    households,
    link,
)
from services.router.incidents.steps import (
    NUMBERS_AN_EVENT,
    announce,
    close,
    confirm,
    declare,
    dismiss,
    grow,
    offer,
    promise,
    release,
    remind,
    rescope,
    restore,
    tell,
)
from shared.contracts import Step
from shared.contracts.incidents import IncidentAnnounced
from shared.contracts.refusals import NotNow
from shared.policy.policy import IncidentRules
from shared.tickets import About, Ticket
from shared.tickets.acts import Accept, Dispatch, Link, Resolve, Suspend, Transfer
from tests.support.tickets import LIFT, MONDAY, moved, registered

RULES = IncidentRules(areas=frozenset({"plumbing", "electrical"}), households=3)
MINUTE = timedelta(minutes=1)
ZONE = ZoneInfo("Asia/Shanghai")
GIVEN = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
LATER = MONDAY + 60 * MINUTE


def report(
    n: int, minute: int = 0, *, building: str | None = "3", household: str = "", **more: str
) -> Report:
    facts = {"estate": "jinyuan", "area": "plumbing"} | more
    at, home = MONDAY + minute * MINUTE, household or f"h{n}"
    return Report(f"W{n}", at, building=building, household=home, known_by=(home,), **facts)


def found(*reports: Report, minute: int = 0) -> list[Cluster]:
    window = Window()
    for each in reports:
        window.add(each)
    return list(window.clusters(lambda _: RULES, MONDAY + minute * MINUTE))


@pytest.mark.parametrize(
    ("reports", "minute", "expected"),
    [
        ([report(1), report(2)], 0, None),
        ([report(1), report(2), report(3)], 0, ("3",)),
        ([report(1), report(2), report(3, household="h2")], 0, None),
        ([report(1), report(2), report(3, estate="cuihu")], 0, None),
        ([report(1), report(2), report(3, area="electrical")], 0, None),
        ([report(n, area="noise") for n in range(3)], 0, None),
        ([report(1), report(2, 20), report(3, 29)], 29, ("3",)),
        ([report(1), report(2, 20), report(3, 29)], 30, None),
        ([report(1), report(2, building="5"), report(3, building=None)], 0, ("3", "5")),
        ([report(1), report(2, building=None), report(3, building=None)], 0, ()),
    ],
)
def test_households_of_one_estate_with_one_matter_within_minutes_are_a_cluster(
    reports: list[Report], minute: int, expected: tuple[str, ...] | None
) -> None:
    clusters = found(*reports, minute=minute)

    assert [cluster.buildings for cluster in clusters] == ([] if expected is None else [expected])


def test_who_is_known_by_flat_and_telephone_is_one_household_by_either() -> None:
    whole = replace(report(1), known_by=("flat", "phone"))
    by_flat, by_phone = (
        replace(report(2), known_by=("flat",)),
        replace(report(3), known_by=("phone",)),
    )

    assert found(whole, by_flat, by_phone, report(4)) == []
    assert found(by_phone, whole, by_flat, report(4)) == []
    (cluster,) = found(whole, by_flat, by_phone, report(4), report(5))
    assert (cluster.households, cluster.numbers) == (3, ("W1", "W4", "W5"))


def test_callers_who_are_not_known_are_no_households() -> None:
    unknown = [replace(report(n), known_by=()) for n in range(10, 30)]

    assert found(*unknown, report(1), report(2)) == []
    (cluster,) = found(*unknown, report(1), report(2), report(3))
    assert cluster.households == 3


@pytest.mark.parametrize(
    ("type", "kind", "counts"),
    [
        ("repair", None, True),
        ("suggestion", None, False),
        ("inquiry", None, False),
        ("emergency", "power_outage", True),
        ("emergency", "fire", False),
    ],
)
def test_only_what_tells_of_an_outage_counts(type: str, kind: str | None, *, counts: bool) -> None:
    rules = RULES.model_copy(update={"kinds": frozenset({"power_outage"})})

    assert rules.tells_of_outage(type, kind) is counts


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 60), st.sampled_from(["3", "5", None])),
        max_size=30,
    ),
    st.integers(0, 90),
)
def test_a_cluster_counts_each_household_once_and_only_the_young(
    calls: list[tuple[int, int, str | None]], minute: int
) -> None:
    reports = [
        report(n, at, building=where, household=f"h{home}")
        for n, (home, at, where) in enumerate(sorted(calls, key=lambda call: call[1]))
    ]

    clusters = found(*reports, minute=minute)

    first = {r.household: r for r in reversed(reports)}
    young = [r for r in first.values() if r.at > MONDAY + minute * MINUTE - RULES.within]
    assert bool(clusters) == (len(young) >= RULES.households)
    for cluster in clusters:
        assert cluster.households == len(young)
        assert cluster.began_at == min(r.at for r in young)


def offered(*buildings: str, households: int = 3) -> Incident:
    numbers = tuple(f"W{n}" for n in range(households))
    cluster = Cluster("jinyuan", "plumbing", MONDAY, households, buildings, numbers)
    return offer(cluster, ("desk",)).value


def running(*buildings: str) -> Incident:
    return confirm(offered(*buildings), "chen", MONDAY, buildings=None, to=()).value


def cluster(*buildings: str, households: int = 4) -> Cluster:
    return Cluster("jinyuan", "plumbing", MONDAY, households, buildings, ("W0",))


def names(step: Step[Incident] | None) -> list[str]:
    return [event.name for event in step.events] if step else []


def test_an_offer_follows_its_requests_and_a_confirmed_scope_only_tells_of_them_once() -> None:
    wider = grow(offered("3"), cluster("3", "5"), ("desk",))
    assert wider is not None
    assert (wider.value.buildings, wider.events) == (("3", "5"), ())
    assert grow(wider.value, cluster("3", households=3), ("desk",)) is None

    beyond = grow(running("3"), cluster("3", "5"), ("desk",))
    assert beyond is not None
    assert (beyond.value.buildings, beyond.value.beyond) == (("3",), ("5",))
    assert names(beyond) == ["incident.spread"]
    assert grow(beyond.value, cluster("3", "5"), ("desk",)) is None
    assert grow(running("3"), cluster("3", "5"), ("desk",), but=["5"]) is None


REFUSED: list[tuple[str, Callable[[], Step[Incident] | None]]] = [
    ("not-offered", lambda: confirm(running("3"), "chen", MONDAY, buildings=None, to=())),
    ("not-offered", lambda: dismiss(running("3"), "chen", MONDAY, reason="unrelated")),
    ("not-confirmed", lambda: restore(offered("3"), "chen", MONDAY)),
    ("not-ahead", lambda: promise(running("3"), "c", LATER, restore_by=LATER, reason=None)),
    ("not-concerned", lambda: rescope(running("3"), "c", MONDAY, buildings=None, restored=["9"])),
    ("nothing-waits", lambda: release(running("3"), "chen", MONDAY)),
]


@pytest.mark.parametrize(("code", "do"), REFUSED)
def test_what_cannot_be_is_refused_by_name(
    code: str, do: Callable[[], Step[Incident] | None]
) -> None:
    with pytest.raises(NotNow) as refused:
        do()

    assert refused.value.code == code
    assert refused.value.remedy


def test_a_later_promise_says_why_and_the_first_stays_on_record() -> None:
    first = promise(running("3"), "chen", MONDAY, restore_by=LATER, reason=None).value
    with pytest.raises(NotNow, match="promise already"):
        promise(first, "chen", MONDAY, restore_by=LATER + MINUTE, reason=None)

    second = promise(first, "su", LATER, restore_by=LATER + MINUTE, reason="parts").value

    assert [(p.by, p.reason) for p in second.promises] == [("chen", None), ("su", "parts")]
    assert second.restore_by == LATER + MINUTE


def test_the_time_is_watched_and_each_promise_anew() -> None:
    incident = promise(running("3"), "chen", MONDAY, restore_by=LATER, reason=None).value
    heard = []
    for minute in (0, 29, 30, 31, 60, 61):
        step = remind(incident, MONDAY + minute * MINUTE, 30 * MINUTE, ("desk",), ("boss",))
        if step is not None:
            incident = step.value
            heard.append((minute, names(step), step.events[0].recipients))  # type: ignore[attr-defined]
    assert heard == [
        (30, ["incident.due_soon"], ("desk",)),
        (60, ["incident.overdue"], ("desk", "boss")),
    ]

    anew = promise(incident, "chen", LATER, restore_by=LATER + MINUTE, reason="parts").value
    assert names(remind(anew, LATER, 30 * MINUTE, ("desk",), ())) == ["incident.due_soon"]


def test_an_announcement_reaches_each_once_and_is_several_events_for_many() -> None:
    incident = announce(running(), "chen", MONDAY, households=450, alone_up_to=500).value
    numbers = [f"W{n}" for n in range(450)]

    told = tell(incident, numbers)

    assert told is not None
    sizes = [len(e.numbers) for e in told.events if isinstance(e, IncidentAnnounced)]
    assert sizes == [NUMBERS_AN_EVENT, NUMBERS_AN_EVENT, 50]
    assert tell(told.value, numbers) is None
    again = announce(told.value, "chen", MONDAY, households=450, alone_up_to=500).value
    assert tell(again, numbers) is not None


def test_what_waits_for_a_second_person_tells_nobody() -> None:
    waiting = announce(running(), "chen", MONDAY, households=9, alone_up_to=8).value

    assert tell(waiting, ["W1"]) is None
    with pytest.raises(NotNow, match="themselves"):
        release(waiting, "chen", MONDAY)
    with pytest.raises(NotNow, match="still waits"):
        announce(waiting, "su", MONDAY, households=9, alone_up_to=8)
    assert tell(release(waiting, "su", MONDAY).value, ["W1"]) is not None


@pytest.mark.parametrize(
    ("buildings", "restored", "where", "covered"),
    [
        (None, (), "3", True), (None, (), "5", False), (None, (), None, False),
        (("3", "5"), (), "5", True), ((), (), None, True), (None, ("3",), "3", False),
        (("5",), (), "3", False),
    ],
)  # fmt: skip
def test_its_scope_decides_what_is_a_part_of_it(
    buildings: tuple[str, ...] | None, restored: tuple[str, ...], where: str, *, covered: bool
) -> None:
    start = running("3")
    step = rescope(start, "chen", MONDAY, buildings=buildings, restored=restored)

    assert (step.value if step else start).covers(where) is covered


def test_a_building_that_left_the_scope_is_told_from_one_that_never_was_in_it() -> None:
    step = rescope(running("3", "4"), "chen", MONDAY, buildings=["4"], restored=[])

    assert step is not None
    assert [step.value.has_left(where) for where in ("3", "4", "9", None)] == [
        True, False, False, False,
    ]  # fmt: skip


def test_it_closes_once_it_is_restored() -> None:
    assert close(running("3"), MONDAY) is None
    over = close(restore(running("3"), "chen", MONDAY).value, LATER)
    assert over is not None
    assert close(over.value, LATER) is None


def at_home(**more: object) -> Ticket:
    return registered("停水了，家里一点水都没有", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ticket", "is_covered"),
    [
        (at_home(), True), (at_home(estate="cuihu"), False), (registered(), False),
        (registered(LIFT), False), (at_home(about=About(people=("li",))), False),
        (registered("建议晚上停水前发个通知"), False),
    ],
)  # fmt: skip
def test_only_the_same_matter_of_the_same_place_is_covered(
    ticket: Ticket, *, is_covered: bool
) -> None:
    incident = declare("jinyuan", "plumbing", (), "chen", MONDAY, ZONE).value

    assert (covering([incident], ticket, RULES) is incident) is is_covered


def test_linked_work_is_taken_by_whoever_has_it_and_ends_with_the_outage() -> None:
    fresh = at_home()
    assert link(fresh, (), "o-1", by="r") == []

    acts = link(fresh, [GIVEN], "o-1", by="r")
    assert [type(act) for act in acts] == [Link, Dispatch, Accept]
    linked = moved(fresh, *acts)
    paused = moved(linked, Suspend(by="li", order="23456789-1", reason="parts"))

    for ticket in (linked, paused):
        done = moved(ticket, *finish(ticket, by="chen"))
        assert [order.outcome for order in done.orders] == ["restored"]
        assert list(finish(done, by="chen")) == []


def test_work_that_moves_on_as_it_is_linked_is_taken_by_whoever_has_it_then() -> None:
    waiting = moved(at_home(), replace(GIVEN, department="security", assignee="jy-security-1"))
    moves = Transfer(
        by="router", order="23456789-1", to_department="engineering", assignee="li",
        reason="reclassified",
    )  # fmt: skip
    more = replace(GIVEN, department="environment", assignee="cao")

    linked = moved(waiting, *link(waiting, [moves, more], "o-1", by="r"))

    assert [(order.status.value, order.assignee) for order in linked.orders] == [
        ("transferred", "jy-security-1"), ("accepted", "li"), ("accepted", "cao"),
    ]  # fmt: skip


def test_what_is_offered_to_several_is_taken_by_the_first() -> None:
    several = Dispatch(by="r", department="engineering", assignee=None, offered_to=("li", "wu"))

    linked = moved(at_home(), *link(at_home(), [several], "o-1", by="r"))

    assert [order.assignee for order in linked.orders] == ["li"]


def test_one_of_each_household_that_still_waits_and_has_a_number_is_told() -> None:
    incident = running("3", "5")
    over = rescope(incident, "chen", MONDAY, buildings=None, restored=["5"])
    linked = [
        Linked("W1", MONDAY, "3", "a", can_be_told=False, is_open=True),
        Linked("W2", MONDAY, "3", "a", can_be_told=True, is_open=True),
        Linked("W3", MONDAY, "3", "a", can_be_told=True, is_open=True),
        Linked("W4", MONDAY, "5", "b", can_be_told=True, is_open=True),
    ]

    assert households(linked, incident) == ["W2", "W4"]
    assert over is not None
    assert households(linked, over.value) == ["W2"]


def test_resolving_by_rule_names_who_said_that_it_is_over() -> None:
    linked = moved(at_home(), *link(at_home(), [GIVEN], "o-1", by="r"))

    (act,) = finish(linked, by="chen")

    assert isinstance(act, Resolve)
    assert act.by == "chen"
