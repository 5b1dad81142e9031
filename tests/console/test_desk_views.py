"""Pure: which reports the desk's form makes, and how what is found is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.clients.answers import Declined
from services.console.clients.names import Names
from services.console.clients.shapes.previews import MatterFound, Preview, Registered
from services.console.desk.faults import beside_fields
from services.console.desk.form import Report, field_of, read_form, spans_in
from services.console.desk.panel import panel_of
from services.console.desk.saved import saved_of
from services.console.desk.saving import Outcome, Refused, Taken
from services.console.frame.marking import pieces
from services.console.frame.paper import words_of
from services.console.frame.times import deadline
from shared.contracts.report import TicketReport

NOW = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
WHOLE = {
    "phone": "13800138000", "name": "吴女士", "role": "owner", "estate": "锦园", "flat": "6-2-1502",
    "text": "灯坏了。水漏了。", "location": "厨房", "type": "repair", "area": "plumbing",
    "confidential": "on", "language": "en", "contact_name": "老吴", "contact_phone": "13800138001",
    "visit_day": "2026-12-03", "visit_from": "14:00", "visit_to": "16:00", "key": "k", "call": "c",
}  # fmt: skip


def matter(words: list[tuple[int, int]], start: int, end: int) -> MatterFound:
    said = [{"start": a, "end": b} for a, b in words]
    facts: dict[str, Any] = {
        "start": start, "end": end, "type": "repair", "area": "plumbing", "urgency": "normal",
        "emergency": False, "emergency_kind": None, "confidence": 0.7, "refers_back": False,
        "words": said, "departments": [], "promised": [], "undecided": [],
    }  # fmt: skip
    return MatterFound.model_validate(facts)


def test_a_whole_form_is_a_report_that_intake_takes() -> None:
    form = read_form(WHOLE)

    (made,) = form.reports()
    report = TicketReport.model_validate(made.body)

    assert (made.key, form.language) == ("k", "en")
    assert report.caller is not None
    assert report.caller.room == "6-2-1502"
    assert report.on_site_contact is not None
    assert report.confidential
    assert report.appointment is not None
    assert report.appointment.from_ == datetime(2026, 12, 3, 6, 0, tzinfo=UTC)


def test_an_empty_form_says_nothing_and_an_emergency_of_it_is_of_an_unknown_kind() -> None:
    assert read_form({}).report() == {"channel": "phone"}
    (made,) = read_form({"emergency": "yes", "key": "k"}).reports()
    assert made.body == {"channel": "phone", "emergency_kind": "unknown"}


def test_several_matters_have_their_own_keys_and_what_was_decided_of_the_whole_is_left_out() -> (
    None
):
    form = read_form({**WHOLE, "split": "[[0,4],[4,8]]", "answer": "知道了"})

    first, second = form.reports()

    assert [first.key, second.key] == ["k-1", "k-2"]
    assert [first.text, second.text] == ["灯坏了。", "水漏了。"]
    assert not {"type", "area", "answer"} & first.body.keys()
    assert first.body["caller"] == second.body["caller"]
    emergency = read_form({**WHOLE, "split": "[[0,4],[4,8]]", "emergency": "yes"})
    assert [each.key for each in emergency.reports()] == ["k"]


@pytest.mark.parametrize("split", ["[[0,4],[4,8]]", "[[4,8],[8,13]]", "[[0,8],[4,13]]"])
def test_words_that_were_typed_after_they_were_divided_are_not_lost(split: str) -> None:
    form = read_form({"text": "灯坏了。水漏了。快来看看。", "key": "k", "split": split})

    assert [each.text for each in form.reports()] == ["灯坏了。水漏了。快来看看。"]


def test_ends_of_lines_are_those_that_the_page_counted() -> None:
    form = read_form({"text": " 一\r\n二\r三", "key": "k", "split": "[[0,3],[3,6]]"})

    assert [each.text for each in form.reports()] == [" 一\n", "二\n三"]


def test_what_is_nested_without_end_divides_nothing() -> None:
    assert spans_in("[" * 100_000, 10) == []


@given(st.text(max_size=60))
def test_whatever_divides_the_words_lies_within_them(split: str) -> None:
    assert all(0 <= a < b <= 10 for a, b in spans_in(split, 10))


@given(st.lists(st.tuples(st.integers(-3, 30), st.integers(-3, 30)), max_size=6))
def test_no_word_is_lost_or_doubled_where_some_are_marked(words: list[tuple[int, int]]) -> None:
    text = "楼上漏水，我家顶上湿了一大片，地板也泡了"

    found = matter([w for w in words if w[0] >= 0], 3, 15)

    marked = pieces(text, found.words, found.start, found.end)

    assert "".join(piece.text for piece in marked) == text[3:15]


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2026-12-03T16:00Z", "12月3日 周四 24:00"),
        ("2026-12-01T16:00Z", "24:00"),
        ("2026-12-01T06:30Z", "14:30"),
        ("2026-12-01T16:01Z", "12月2日 周三 00:01"),
    ],
)
def test_the_end_of_a_day_is_that_days(at: str, said: str) -> None:
    assert deadline(datetime.fromisoformat(at), NOW, "zh") == said


@pytest.mark.parametrize(
    ("name", "field"),
    [("caller.phone", "phone"), ("caller.room", "flat"), ("appointment.to", "visit_to"),
     ("text", "text"), ("joins", None), ("key", None), ("nonsense", None)],
)  # fmt: skip
def test_faults_stand_beside_their_field(name: str, field: str | None) -> None:
    assert field_of(name) == field


def test_what_is_wrong_with_no_field_is_said_above_all_and_in_the_readers_language() -> None:
    problem = {
        "type": "urn:hotline:problem:malformed",
        "faults": [
            {"field": "joins", "fault": "is over", "remedy": "leave it", "fault_zh": "已结束"},
            {"field": "appointment.to", "fault": "is no time", "remedy": "send 2026-11-23T08:00"},
            {"field": "caller.name", "fault": "is long", "remedy": "cut it"},
        ],
    }
    nameless = Declined("intake", 409, {"title": "Not now", "title_zh": "现在不行"})
    refused = [Refused(Report("k", {}), Declined("intake", 422, problem))]
    refused.append(Refused(Report("k-2", {"text": "二"}), nameless))
    outcome = Outcome([], refused)

    faults, others = beside_fields(outcome, words_of("services.console.desk", "zh"), "zh")

    assert faults == [
        {"field": "visit_to", "said": "日期、从、到都要填"},
        {"field": "name", "said": "is long · cut it"},
    ]
    assert others == ["已结束 · leave it", "现在不行"]
    assert outcome.left == "\n二"


def test_who_joins_is_led_to_the_room_of_the_emergency_that_runs() -> None:
    made = Registered.model_validate(
        {"number": "AAAABBBB", "status": "registered", "type": "emergency", "area": "elevator",
         "urgency": "emergency", "emergency": True, "emergency_kind": "elevator_entrapment",
         "promised": {"arrive_by": "2026-12-01T04:04Z"}, "joins": "CCCCDDDD"}
    )  # fmt: skip

    saved = saved_of(Taken(made, is_new=False), Names(), NOW, "en")

    assert (saved.room, saved.joins, saved.is_new) == ("CCCCDDDD", "CCCC DDDD", False)
    assert [(each.clock, each.when) for each in saved.times] == [("arrive", "12:04")]


def previewed(estate: dict[str, Any] | None, building: str, taken: list[bool]) -> Preview:
    running = [
        {"number": f"AAAABBB{n}", "kind": {"zh": "火灾", "en": "Fire"}, "kind_id": "fire",
         "estate": "jinyuan", "building": "3", "since": NOW, "taken": each}
        for n, each in enumerate(taken, start=2)
    ]  # fmt: skip
    where = {"estate": estate, "building": {"id": "3", "found_in": building}}
    return Preview.model_validate(
        {"matters": [], "place": where, "missing": [], "advice": None, "emergencies": running,
         "incidents": [], "faults": []}
    )  # fmt: skip


def test_of_what_runs_anywhere_that_which_nobody_has_stands_first_and_the_rest_is_counted() -> None:
    found = previewed(None, "words", [True, True, True, True, False])

    panel = panel_of("", found, [], Names(), NOW, "zh")

    assert [each.taken for each in panel.emergencies] == [False, True, True, True]
    assert panel.more_emergencies == 1
    assert not panel.joins
    assert not panel.joins_by_key


def test_a_building_of_a_field_is_not_said_to_be_named_in_the_words() -> None:
    estate = {"id": "jinyuan", "found_in": "field"}

    in_field, in_words = (
        panel_of("", previewed(estate, where, []), [], Names(), NOW, "zh").building
        for where in ("field", "words")
    )

    assert (in_field, in_words) == (None, "3")
