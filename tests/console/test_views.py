"""Pure: what stands in the rail and the lists, how times are said, what services' refusals say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, PackageLoader

import services.console
from services.console.clients.answers import Declined, Unreached
from services.console.clients.names import Names
from services.console.clients.shapes.emergencies import EmergencyRow
from services.console.emergencies.views import cards, phase_of
from services.console.errors import FieldFault, trouble_of
from services.console.frame.looks import looks_of, own_path
from services.console.frame.paper import FRAME, words_of
from services.console.frame.rail import RailEntry, home_of, rail_of
from services.console.frame.times import grouped, moment, span
from shared.runtime.web import LANGUAGES

NOW = datetime(2026, 12, 3, 6, 30, tzinfo=UTC)
DESK = RailEntry("desk", "/desk", "ticket.register_anywhere")
QUEUE = RailEntry("queue", "/queue", "manual_queue.see")
EMERGENCIES = RailEntry("emergencies", "/emergencies", "emergency.see")
FLOOR = RailEntry("floor", "/floor", "emergency.see")
AGENT = {"ticket.register_anywhere", "survey.record", "manual_queue.see", "emergency.see"}
DISPATCHER = (AGENT - {"survey.record"}) | {"incident.decide"}
SUPERVISOR = AGENT | {"incident.decide", "incident.release"}


def row(number: str, minutes: int, **more: datetime | str) -> EmergencyRow:
    began = NOW - timedelta(minutes=minutes)
    return EmergencyRow.model_validate(
        {"number": number, "kind": "fire", "estate": "jinyuan", "started_at": began, **more}
    )


def test_the_rail_is_in_its_order_whatever_order_the_rooms_are_in() -> None:
    rail = rail_of([EMERGENCIES, QUEUE, DESK], AGENT, "/queue/x")

    assert [(item.name, item.digit, item.is_here) for item in rail] == [
        ("desk", 1, False), ("queue", 2, True), ("emergencies", 3, False),
    ]  # fmt: skip
    assert [item.name for item in rail_of([EMERGENCIES, DESK], {"emergency.see"}, "/")] == [
        "emergencies"
    ]


@pytest.mark.parametrize(
    ("may", "home"),
    [(AGENT, "/desk"), (DISPATCHER, "/queue"), (SUPERVISOR, "/floor"), (set(), "/help"),
     ({"emergency.see"}, "/emergencies")],
)  # fmt: skip
def test_everybody_begins_where_their_work_is(may: set[str], home: str) -> None:
    assert home_of([EMERGENCIES, QUEUE, DESK, FLOOR], may) == home


def test_nobody_begins_at_a_page_that_is_not_there() -> None:
    assert home_of([EMERGENCIES, DESK], SUPERVISOR) == "/desk"
    assert home_of([], SUPERVISOR) == "/help"


def test_what_nobody_has_is_first_the_longest_waiting_of_it_before_the_rest() -> None:
    rows = [
        row("A", 90, acknowledged_at=NOW, acknowledged_by="kim"),
        row("B", 1),
        row("C", 30),
        row("D", 500, ended_at=NOW),
        row("E", 2, acknowledged_at=NOW, arrived_at=NOW),
    ]

    shown = cards(rows, Names(), NOW, "zh")

    assert [card.number for card in shown] == ["C", "B", "A", "E", "D"]
    assert [card.is_urgent for card in shown] == [True, True, False, False, False]
    assert [card.phase for card in shown] == ["nobody", "nobody", "acknowledged", "on_site", "over"]


def test_how_far_it_has_come_is_the_furthest_that_was_said() -> None:
    assert phase_of(row("A", 1, released_at=NOW)) == "released"
    assert phase_of(row("A", 1, released_at=NOW, ended_at=NOW)) == "over"


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        (NOW, "14:30", "14:30"),
        (NOW - timedelta(hours=14), "00:30", "00:30"),
        (NOW - timedelta(hours=15), "12月2日 周三 23:30", "Wed 2 Dec 23:30"),
        (NOW - timedelta(days=400), "2025年10月29日 周三 14:30", "Wed 29 Oct 2025 14:30"),
    ],
)
def test_a_moment_is_said_in_the_estates_day(at: datetime, zh: str, en: str) -> None:
    assert moment(at, NOW, "zh") == zh
    assert moment(at, NOW, "en") == en


@pytest.mark.parametrize(
    ("time", "zh", "en"),
    [
        (timedelta(seconds=-3), "0秒", "0 s"),
        (timedelta(seconds=59), "59秒", "59 s"),
        (timedelta(minutes=12, seconds=9), "12分", "12 min"),
        (timedelta(hours=2), "2小时", "2 h"),
        (timedelta(hours=1, minutes=59, seconds=59), "119分", "119 min"),
        (timedelta(hours=47, minutes=59), "47小时", "47 h"),
        (timedelta(days=3, hours=1, minutes=9), "3天", "3 d"),
    ],
)
def test_a_span_is_said_as_the_script_says_it(time: timedelta, zh: str, en: str) -> None:
    assert (span(time, "zh"), span(time, "en")) == (zh, en)


def test_the_page_and_its_script_have_the_same_units() -> None:
    one = {"days": timedelta(days=2), "hours": timedelta(hours=2), "minutes": timedelta(minutes=1),
           "seconds": timedelta(seconds=1)}  # fmt: skip
    for language in LANGUAGES:
        t = words_of(FRAME, language)
        said = {name: span(time, language).lstrip("12") for name, time in one.items()}
        assert said == {name: t[f"clock_{name}"] for name in one}


def test_no_template_says_a_limit_otherwise_than_the_script() -> None:
    rooms = Path(services.console.__file__).parent
    found = [
        file.name
        for file in rooms.glob("*/templates/*.html")
        if "data-due" in file.read_text("utf-8")
    ]

    assert found == ["clock.html"]


def test_a_number_is_said_in_two_groups() -> None:
    assert grouped("RBVBFBN5") == "RBVB FBN5"


@given(st.text(max_size=40))
def test_no_text_leads_out_of_the_console(text: str) -> None:
    path = own_path(text)

    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))


def test_rubbish_in_cookies_is_as_nothing() -> None:
    looks = looks_of({"hotline_language": "xx", "hotline_theme": "<b>", "hotline_keys": "?"}, "en")

    assert (looks.language, looks.theme, looks.single_keys) == ("en", "system", True)


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (Unreached("router", sent=False), 503, "派单暂停"),
        (Unreached("intake", sent=True), 503, "登记暂停"),
        (Declined("admin", 503, {}, 3), 503, "登录服务暂停"),
        (Declined("router", 403, {"title": "x", "title_zh": "某事"}), 403, "您的权限不包括"),
        (Declined("router", 404, {"title_zh": "没有这个紧急事件"}), 404, "没有这个紧急事件"),
        (Declined("router", 404, {}), 404, "没有这个页面"),
        (Declined("router", 409, {"title": "x", "title_zh": "现在不行"}), 409, "现在不行"),
        (Declined("router", 418, {}), 418, "没有做成"),
    ],
)
def test_what_went_wrong_is_said_in_the_readers_language(
    error: Declined | Unreached, status: int, said: str
) -> None:
    trouble = trouble_of(error, words_of(FRAME, "zh"), "zh")

    assert trouble.status == status
    assert said in trouble.title


def test_faults_stand_beside_their_fields_in_the_readers_language() -> None:
    problem = {
        "title": "It does not fit",
        "faults": [{"field": "estate", "fault": "is unknown", "fault_zh": "不认识", "remedy": "x"}],
    }

    zh = trouble_of(Declined("intake", 422, problem), words_of(FRAME, "zh"), "zh")
    en = trouble_of(Declined("intake", 422, problem), words_of(FRAME, "en"), "en")

    assert [(f.field, f.fault) for f in zh.faults] == [("estate", "不认识")]
    assert [(f.field, f.fault, f.remedy) for f in en.faults] == [("estate", "is unknown", "x")]


@pytest.mark.parametrize(
    ("package", "field", "said"),
    [
        ("services.console.desk", "phone", "<strong>来电号码</strong> 不对"),
        ("services.console.tickets", "estate", "<strong>小区</strong> 不对"),
        ("services.console.queue", "emergency_kind", "<strong>紧急事件类型</strong> 不对"),
        ("services.console.frame", "estate", "<strong>小区</strong> 不对"),
        ("services.console.frame", "no_such_field", "不对"),
    ],
)
def test_a_fault_names_its_field_as_people_call_it(package: str, field: str, said: str) -> None:
    templates = Environment(loader=PackageLoader(FRAME), autoescape=True, trim_blocks=True)
    macros: Any = templates.get_template("fault.html").module

    assert macros.said(FieldFault(field, "不对", ""), words_of(package, "zh")).strip() == said
