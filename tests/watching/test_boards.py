"""Every panel answers, says when something is bad, and is the same in Grafana."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from typer.testing import CliRunner

from hotline.cli import build_app
from hotline.watching.__main__ import FOLDER, made
from hotline.watching.asking import Shown, ask
from hotline.watching.board import BOARDS, Board, Panel, board
from hotline.watching.figures import written
from shared.telemetry import metrics
from shared.telemetry.looks import StoreGauge
from tests.watching.drawn import MOMENTS, MOODS, WEEK, Mood, text
from tests.watching.rulebook import PROJECT, rules
from tests.watching.serving import backfilled, serving

CHINESE: Final = re.compile("[\u4e00-\u9fff]")
OF_DATA_SOURCES: Final = ("/step", "/titleFormat", "/textFormat")
"""What Prometheus' data source adds to an annotation: the kit does not know data sources."""
SILENT_WHEN_WELL: Final = frozenset(
    {
        "Callers wait and nobody is there",
        "Queues without a consumer",
        "Alerts that ring",
        "Messages that wait",
    }
)
"""Panels that name only what is amiss."""
OURS: Final = re.compile(r"\bhotline_[a-z_]+")
OF_PROCESSES: Final = frozenset(
    {
        "hotline_consuming",
        "hotline_broker_connected",
        "hotline_store_reachable",
        "hotline_policy_in_force",
        "hotline_clock_offset_seconds",
        "hotline_build_info",
    }
)
OF_ADAPTERS: Final = frozenset(
    {
        "hotline_pbx_connected",
        "hotline_pbx_last_event_timestamp_seconds",
        "hotline_pbx_clock_offset_seconds",
        "hotline_pbx_unpublished_facts",
        "hotline_pbx_told_total",
        "hotline_pbx_unheard_total",
        "hotline_pbx_left_out_total",
    }
)
LEFT_OUT: Final = {
    "hotline_begun_total": "how busy a lane is, for measurements of ours",
    "hotline_published_total": "the same of publishing",
    "hotline_store_operations_total": "counted only when it is asked for",
    "hotline_handling_seconds": "the age of work says whether anybody feels it",
    "hotline_unlooked_seconds": "that messages wait is said by the queues",
    "hotline_outbox_pending": "its age says whether anybody feels it",
    "hotline_manual_queue": "its oldest says whether anybody looks at it",
    "hotline_reports_total": "registered tickets are on the board; refused ones are parked",
    "hotline_replies_total": "the sender's own affair",
    "hotline_sign_ins_total": "locks ring; sign-ins are on the record",
    "hotline_sessions_ended_total": "as sign-ins",
    "hotline_console_streams": "for measurements of ours",
    "hotline_console_upstream_seconds": "the services' own answers are on the board",
    "hotline_look_ups_total": "on the record",
    "hotline_incidents_total": "the console's page of emergencies says it",
    "hotline_estate_tickets_open": "for whoever asks; those overdue are on the board",
    "hotline_alarms_total": "what rings is on the board",
    "hotline_reveals_total": "on the record; unusual ones ring",
    "hotline_persons_erased_total": "on the record",
    "hotline_callbacks_total": "the page of callers to ring back says it",
    "hotline_pbx_told_total": "what arrives is on the board",
}
"""On no board and in no alert, and why."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("watching")
    with serving(backfilled(text(), folder)) as address:
        yield address


def shown_at(prometheus: str, name: str, mood: Mood) -> list[Shown]:
    return ask(prometheus, board(name), at=MOMENTS[mood].timestamp())


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("mood", MOODS)
def test_every_panel_answers(prometheus: str, name: str, mood: Mood) -> None:
    silent = {each.panel.title.en for each in shown_at(prometheus, name, mood) if not each.values}
    assert silent <= (set() if mood == "broken" else SILENT_WHEN_WELL)


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_says_that_something_is_broken_and_says_nothing_while_all_is_well(
    prometheus: str, name: str
) -> None:
    bad = {
        mood: [s.panel.title.en for s in shown_at(prometheus, name, mood) if s.is_bad]
        for mood in MOODS
    }
    assert (bad["quiet"], bad["busy"]) == ([], [])
    assert len(bad["broken"]) >= 3
    first = {panel.title.en for panel in board(name).panels if panel.first}
    assert first & set(bad["broken"])


def test_figures_are_those_that_were_drawn(prometheus: str) -> None:
    busy = {s.panel.title.en: s.values for s in shown_at(prometheus, "load", "busy")}
    assert busy["Calls an hour"][0].value == pytest.approx(60, rel=0.02)
    assert busy["Abandonment"][0].value == pytest.approx(5 / 59, rel=0.02)
    assert busy["Speed of answer (ASA)"][0].value == pytest.approx(8, rel=0.02)
    assert busy["Talk and hold (AHT)"][0].value == pytest.approx(190, rel=0.02)
    assert busy["Carried load"][0].value == pytest.approx(4, rel=0.02)
    day = {s.panel.title.en: s.values for s in shown_at(prometheus, "promises", "busy")}
    mean = (0.1 + 0.2 + 1.5 + 8 + 30) / 8.7
    assert day["Satisfaction (mean of the last day)"][0].value == pytest.approx(mean, rel=0.01)


def test_the_terminal_says_in_words_what_is_bad(prometheus: str) -> None:
    at = MOMENTS["broken"].isoformat()
    words = ["watch", "engine", "--prometheus", prometheus, "--at", at]
    runner = CliRunner()

    zh = runner.invoke(build_app(), words)
    en = runner.invoke(build_app(), [*words, "--language", "en", "-v"])

    assert (zh.exit_code, en.exit_code) == (1, 1)
    assert "! 连不上" in zh.output
    assert "! away" in en.output
    assert "docs/runbooks/alerts/store-away.md" in en.output
    assert "as each service sees it" in en.output
    well = runner.invoke(build_app(), [*words[:-1], MOMENTS["busy"].isoformat()])
    assert (well.exit_code, "!" in well.output) == (0, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "There are: now, load, promises, plant, engine"),
        (["now", "--language", "fr"], "zh or en"),
        (["now", "--prometheus", "http://127.0.0.1:9", "--at", "later"], "2026-12-01T19:10+08:00"),
        (["now", "--prometheus", "http://127.0.0.1:9"], "does not answer"),
        (["now", "--data", "/nonexistent/folder"], "hotline up --watch"),
    ],
)
def test_what_cannot_be_shown_is_said_with_the_way_out(words: list[str], said: str) -> None:
    done = CliRunner().invoke(build_app(), ["watch", *words])
    assert done.exit_code != 0
    assert said in str(done.exception)


@pytest.mark.parametrize("path_and_text", [*made()], ids=lambda each: each[0].name)
def test_a_board_of_grafana_is_as_its_table_makes_it(path_and_text: tuple[Any, str]) -> None:
    path, wanted = path_and_text
    assert path.read_text("utf-8") == wanted, "run `python -m hotline.watching`, edit the table"


def test_no_board_is_left_over() -> None:
    assert {path.name for path in FOLDER.glob("*")} == {f"{name}.json" for name in BOARDS}


@pytest.mark.parametrize("name", BOARDS)
def test_grafana_knows_every_key(name: str) -> None:
    register_default_plugins()
    raw = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(raw)))
    lost = [path for path in differing(raw, read) if not path.endswith(OF_DATA_SOURCES)]
    assert lost == []


def test_a_key_that_grafana_does_not_know_is_found() -> None:
    register_default_plugins()
    raw = json.loads((FOLDER / "now.json").read_text("utf-8"))
    raw["panels"][0]["fieldConfig"]["defaults"]["unitt"] = "s"
    read = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(raw)))
    assert any(path.endswith("/unitt") for path in differing(raw, read))


def differing(raw: Any, read: Any, path: str = "") -> Iterator[str]:
    """Where what was read lacks something, or has it otherwise."""
    if isinstance(raw, dict) and isinstance(read, dict):
        for key, value in raw.items():
            yield from differing(value, read.get(key, ...), f"{path}/{key}")
    elif isinstance(raw, list) and isinstance(read, list) and len(raw) == len(read):
        for place, (one, other) in enumerate(zip(raw, read, strict=True)):
            yield from differing(one, other, f"{path}/{place}")
    elif raw != read:
        yield path


PANELS: Final = [(name, panel) for name in BOARDS for panel in board(name).panels]


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=[p.title.en for _, p in PANELS])
def test_a_panel_says_what_it_means_and_what_to_do(name: str, panel: Panel) -> None:
    for words in (panel.title, panel.says, *([panel.words] if panel.words else [])):
        assert CHINESE.search(words.zh) or words.zh == words.en
        assert not CHINESE.search(words.en)
    assert (PROJECT / "docs" / "runbooks" / "alerts" / f"{panel.runbook}.md").is_file()
    assert name


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_titles_of_their_own_and_some_are_first(name: str) -> None:
    of: Board = board(name)
    titles = [panel.title.en for panel in of.panels]
    assert len(set(titles)) == len(titles)
    assert 3 <= sum(panel.first for panel in of.panels) <= 6


def known_series() -> set[str]:
    found = {
        series._name + ("_total" if isinstance(series, Counter) else "")
        for series in vars(metrics).values()
        if isinstance(series, MetricWrapperBase)
    }
    gauges = {str(series) for series in vars(metrics).values() if isinstance(series, StoreGauge)}
    return found | gauges | OF_PROCESSES | OF_ADAPTERS


def asked_for() -> set[str]:
    """Series of ours that a board or an alert asks for."""
    queries = [panel.query for _, panel in PANELS] + [rule["expr"] for rule in rules()]
    names = {name for query in queries for name in OURS.findall(query)}
    return {re.sub("_(bucket|sum|count)$", "", name) for name in names}


def test_every_series_is_on_a_board_in_an_alert_or_left_out_on_purpose() -> None:
    assert asked_for() <= known_series()
    assert set(LEFT_OUT) == known_series() - asked_for() - {
        "hotline_policy_in_force",
        "hotline_build_info",
    }


def test_what_is_drawn_is_what_is_asked_for() -> None:
    drawn = {each.name for each in WEEK if each.name.startswith("hotline_")}
    asked = {name for _, panel in PANELS for name in OURS.findall(panel.query)}
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in asked} <= drawn


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0, "seconds", "0.0秒", "0.0 s"),
        (59.6, "seconds", "1分", "1 min"),
        (200, "seconds", "3分20秒", "3 min 20 s"),
        (3725, "seconds", "1小时2分", "1 h 2 min"),
        (90061, "seconds", "1天1小时", "1 d 1 h"),
        (-300, "seconds", "-5分", "-5 min"),
        (0.811, "ratio", "81 %", "81 %"),
        (0.5, "works", "部分", "in part"),
        (0, "yes_no", "否", "no"),
        (5.2e9, "bytes", "5.2 GB", "5.2 GB"),
        (3.2, "erlangs", "3.20", "3.20"),
    ],
)
def test_a_figure_is_written_as_people_say_it(value: float, unit: Any, zh: str, en: str) -> None:
    assert (written(value, unit, "zh"), written(value, unit, "en")) == (zh, en)
