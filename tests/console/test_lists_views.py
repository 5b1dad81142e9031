"""Pure: what the queue proposes and marks, how one's own lists are ordered, what a form says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.clients.names import Names
from services.console.clients.shapes.cases import Case
from services.console.clients.shapes.common import Span
from services.console.clients.shapes.emergencies import EmergencyRoom
from services.console.clients.shapes.previews import MatterFound, Preview
from services.console.clients.shapes.work import CallSheet, QueueRow, ReadingSeen, Say, Task
from services.console.emergencies.rooms import people_in, room_of
from services.console.frame.acting import Done
from services.console.frame.marking import pieces
from services.console.frame.numbers import is_number
from services.console.frame.times import due_of
from services.console.hand_over.views import rows
from services.console.mine.views import body_of_call, call_view, groups
from services.console.queue.views import body_of, decision, proposals

NOW = datetime(2026, 12, 3, 6, 30, tzinfo=UTC)
REPAIR = {"type": "repair", "area": "plumbing", "urgency": "urgent"}


def reading(**more: Any) -> ReadingSeen:
    return ReadingSeen(**{**REPAIR, "at": NOW, "by": "lan", **more})


def matter(**more: Any) -> MatterFound:
    facts: dict[str, Any] = {
        "start": 0, "end": 6, "emergency": False, "emergency_kind": None, "confidence": 0.9,
        "refers_back": False, "words": [], "departments": [], "promised": [], "undecided": [],
    }  # fmt: skip
    return MatterFound(**{**facts, **REPAIR, **more})


def waiting(**more: Any) -> QueueRow:
    held = {"reason": "category", "since": NOW - timedelta(minutes=3)}
    facts = {**REPAIR, "number": "2345678A", "status": "registered", "registered_at": NOW}
    return QueueRow.model_validate({**facts, "held": held, "can": ["reclassify"], **more})


def task(id: str, minutes: int, **more: Any) -> Task:
    facts = {**REPAIR, "id": id, "number": "2345678A", "why": "share", "reason": "limit_nears"}
    due = NOW + timedelta(minutes=minutes)
    return Task.model_validate({**facts, "state": "open", "due_at": due, **more})


def case(number: str, **more: Any) -> Case:
    return Case.model_validate({
        "number": number, "status": "dispatched", "registered_at": NOW, **more
    })  # fmt: skip


def test_each_reading_is_proposed_once_the_kept_ones_first_and_three_at_most() -> None:
    kept = [reading(), reading(area="lift", emergency_kind="lift_trapped")]
    read = [matter(), matter(area="power"), matter(area="gate")]

    found = proposals(kept, read, Names(), "zh")

    assert [(each.digit, each.value) for each in found] == [
        (1, "repair|plumbing|urgent|"),
        (2, "repair|lift|urgent|lift_trapped"),
        (3, "repair|power|urgent|"),
    ]


@pytest.mark.parametrize(
    ("confidence", "said"), [(0.95, "sure"), (0.8, "sure"), (0.5, "likely"), (0.49, "unsure")]
)
def test_how_sure_a_reading_is_has_words(confidence: float, said: str) -> None:
    (found,) = proposals([], [matter(confidence=confidence)], Names(), "en")

    assert found.sure == said


def test_what_decided_is_marked_and_all_else_stays() -> None:
    found = list(pieces("楼道灯不亮了", [Span(start=2, end=5), Span(start=0, end=1)]))

    assert [(each.text, each.is_marked) for each in found] == [
        ("楼", True), ("道", False), ("灯不亮", True), ("了", False),
    ]  # fmt: skip


@given(
    st.text(max_size=30),
    st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40)), max_size=6),
)
def test_no_span_loses_or_doubles_a_word(text: str, spans: list[tuple[int, int]]) -> None:
    found = list(pieces(text, [Span(start=max(0, a), end=b) for a, b in spans]))

    assert "".join(each.text for each in found) == text


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ({"reading": "repair|plumbing|urgent|", "estate": "jinyuan"},
         {"type": "repair", "area": "plumbing", "urgency": "urgent", "estate": "jinyuan"}),
        ({"reading": "emergency|lift|emergency|lift_trapped"},
         {"type": "emergency", "area": "lift", "emergency_kind": "lift_trapped"}),
        ({"reading": "repair"}, {"type": "repair"}),
        ({"reading": "a|b|c|d|e|f"}, {"type": "a", "area": "b", "emergency_kind": "d"}),
        ({"area": "lift", "type": "", "note": "x"}, {"area": "lift", "note": "x"}),
        ({"reason": "no_danger"}, {"no_danger": True, "reason": "no_danger"}),
        ({"reading": "repair|x|normal|", "area": "lift"},
         {"type": "repair", "area": "x", "urgency": "normal"}),
        ({}, {}),
    ],
)  # fmt: skip
def test_a_form_says_what_was_decided_and_no_more(
    form: dict[str, str], body: dict[str, object]
) -> None:
    assert body_of(form) == body


def test_the_place_that_the_words_name_is_chosen_where_none_is_known() -> None:
    judged = Preview.model_validate({
        "matters": [], "missing": [], "advice": None, "emergencies": [], "incidents": [],
        "place": {"estate": {"id": "jinyuan", "found_in": "words"}, "building": None},
        "faults": [],
    })  # fmt: skip

    assert decision(waiting(), judged, Names(), NOW, "zh").estate == "jinyuan"
    assert decision(waiting(estate="cuihu"), judged, Names(), NOW, "zh").estate == "cuihu"
    assert decision(waiting(), None, Names(), NOW, "zh").estate is None


def test_what_nobody_took_is_given_out_and_what_is_unclear_is_sorted() -> None:
    held = {"reason": "declined_twice", "since": NOW}
    can = ["reclassify", "dispatch"]

    assert decision(waiting(held=held, can=can), None, Names(), NOW, "zh").first == "dispatch"
    assert decision(waiting(held=held), None, Names(), NOW, "zh").first == "reclassify"
    assert decision(waiting(can=can), None, Names(), NOW, "zh").first == "reclassify"
    assert not decision(waiting(can=["tell"]), None, Names(), NOW, "zh").may_act


@pytest.mark.parametrize(
    ("minutes", "state", "said"), [(-12, "late", "12分"), (4, "soon", "4分"), (5, "far", "5分")]
)
def test_a_limit_is_said_by_what_is_left_of_it(minutes: int, state: str, said: str) -> None:
    due = due_of(NOW + timedelta(minutes=minutes), NOW, "zh")

    assert due is not None
    assert (due.state, due.span) == (state, said)
    assert due_of(None, NOW, "zh") is None


def test_what_is_asked_stands_before_what_is_only_seen_through_and_the_soonest_first() -> None:
    asked = case("B", cancel_requested=True)
    soon, later = case("C", due=NOW - timedelta(hours=1)), case("D", due=NOW + timedelta(hours=1))
    calls = [task("2" * 32, 9, why="tell", reason="tell"), task("1" * 32, -9, why="tell")]

    found = groups([*calls, task("3" * 32, 1)], [case("A"), later, asked, soon], Names(), NOW, "zh")

    assert [(group.section, [each.id for each in group.items]) for group in found] == [
        ("tell", ["task-" + "1" * 32, "task-" + "2" * 32]),
        ("tasks", ["task-" + "3" * 32]),
        ("asked", ["case-B"]),
        ("cases", ["case-C", "case-D", "case-A"]),
    ]
    assert found[0].items[0].is_late
    assert not found[0].items[1].is_late
    assert [each.is_late for each in found[3].items] == [True, False, False]


def test_an_emergency_that_nobody_has_stands_before_what_is_long_overdue_and_says_so() -> None:
    overdue = case("A", due=NOW - timedelta(hours=9))
    fire = case("B", due=NOW + timedelta(minutes=2))

    found = groups([], [overdue, fire], Names(), NOW, "zh", unanswered={"B"})[3].items

    assert [(each.number, each.is_unanswered) for each in found] == [("B", True), ("A", False)]
    assert {each.due_of for each in found} == {"case"}


def test_what_is_overdue_is_handed_over_first() -> None:
    later, none = case("A", due=NOW + timedelta(hours=1)), case("B")
    overdue = case("C", due=NOW - timedelta(hours=1))

    found = rows([later, none, overdue], Names(), NOW, "zh")

    assert [(each.number, each.due and each.due.state) for each in found] == [
        ("C", "late"), ("A", "far"), ("B", None),
    ]  # fmt: skip


@pytest.mark.parametrize(("minutes", "is_late"), [(59, False), (60, False), (61, True)])
def test_a_next_try_that_comes_after_the_call_was_due_is_marked(
    minutes: int, *, is_late: bool
) -> None:
    sheet = CallSheet(
        id="1" * 32,
        number="B",
        subject="result",
        due=NOW + timedelta(hours=1),
        say=Say(zh=[], en=[]),
        again_at=NOW + timedelta(minutes=minutes),
    )

    assert call_view(sheet, Names(), NOW, "zh").again_is_late is is_late


def test_a_result_can_be_fed_back_only_when_the_work_is_done() -> None:
    (group,) = [
        each
        for each in groups([], [case("A", status="resolved"), case("B")], Names(), NOW, "zh")
        if each.section == "cases"
    ]

    assert [each.feed_back for each in group.items] == ["/mine/feedback/A", ""]


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        ("satisfied", {"answer": "satisfied"}),
        ("not_done", {"answer": "not_satisfied", "cause": "not_done"}),
        ("told", {"answer": "told", "promised": ["a", "b"]}),
    ],
)
def test_what_a_caller_said_is_told_as_the_router_takes_it(
    answer: str, body: dict[str, object]
) -> None:
    assert body_of_call(answer, "", "a b") == body
    assert body_of_call(answer, "x", "a b") == {**body, "note": "x"}


def test_the_room_names_everybody_and_has_no_button_for_what_may_not_be_done() -> None:
    room = EmergencyRoom.model_validate({
        "number": "2345678A", "kind": "fire", "started_at": NOW, "acknowledged_by": "kim",
        "acknowledged_at": NOW, "on_site": ["li"], "can": ["arrive", "log", "end"],
        "called": [{"person": "wu", "at": NOW, "step": 0}],
        "next_in_chain": {"people": ["xu"], "at": NOW + timedelta(minutes=2)},
        "history": [
            {"at": NOW, "what": "alerted", "people": ["wu"]},
            {"at": NOW, "what": "false_alarm", "people": ["zhu"]},
            {"at": NOW, "what": "checked/power", "people": ["he"]},
        ],
        "checklist": [{"step": "power", "zh": "断电", "en": "Power off", "done_by": "he",
                       "done_at": NOW}],
    })  # fmt: skip

    found = room_of(room, Names(), {"wu": "吴"}, NOW, "zh")

    assert people_in(room) == {"kim", "li", "wu", "xu", "zhu", "he"}
    assert found.buttons == ["arrive", "end"]
    assert [each.phase for each in found.phases if each.at] == ["acknowledged"]
    assert [(line.what, line.step) for line in found.lines] == [
        ("checked", "power"), ("", "false_alarm"), ("alerted", ""),
    ]  # fmt: skip
    assert [each.who for each in found.called] == ["吴"]
    assert found.following_due is not None


@given(st.text(max_size=20), st.text(max_size=20))
def test_rubbish_in_an_address_says_nothing_was_done(act: str, number: str) -> None:
    assert Done.of(act, number, {"known"}) is None
    assert Done.of("known", number, {"known"}) is None or is_number(number)
