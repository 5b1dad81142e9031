"""Which alerts ring, and which do not: one scenario each, by Prometheus' own engine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.watching.rulebook import PROJECT, RULES, Scenario, program, rules

LINE: Final = 'hotline_line_up{job="telephony",instance="a",line="main"}'
OTHER: Final = 'hotline_line_up{job="telephony",instance="b",line="main"}'
KIND: Final = 'hotline_line_kind{job="telephony",line="main",kind="%s"}'
MAINTENANCE: Final = 'hotline_line_in_maintenance{job="telephony",line="main"}'
WAITING: Final = 'hotline_calls_waiting{job="telephony",line="main"}'
LONGEST: Final = 'hotline_longest_wait_seconds{job="telephony",instance="%s",line="main"}'
OFFERED: Final = 'hotline_calls_offered_total{job="telephony",instance="%s",line="main"}'
ENDED: Final = 'hotline_calls_total{job="telephony",instance="a",line="main",outcome="%s"}'
IN_TIME: Final = (
    'hotline_call_wait_seconds_bucket{job="telephony",line="main",outcome="answered",le="20.0"}'
)
WAITED: Final = 'hotline_call_wait_seconds_count{job="telephony",line="main",outcome="%s"}'
REQUIRED: Final = 'hotline_agents_required{job="telephony",model="erlang_c",window="1h"}'

SCENARIOS: Final = (
    Scenario("all is well", {"10m": [], "3h": []}),
    # --- who tells of calls
    Scenario(
        "the adapter is dead: its series are gone, and what telephony knows of it is not",
        {"10m": [], "15m": ["ExchangeUnheard"]},
        {'hotline_pbx_connected{job="exchange",pbx="main"}': "1x40 stale"},
    ),
    Scenario(
        "one adapter of two is dead",
        {"15m": []},
        {
            'hotline_pbx_connected{job="exchange",instance="a",pbx="main"}': "1x40 0x200",
            'hotline_pbx_connected{job="exchange",instance="b",pbx="main"}': "1",
        },
    ),
    Scenario(
        "an exchange that is connected and says nothing, not to a ping",
        {"1m": [], "5m": ["ExchangeSilent"]},
        {'hotline_pbx_last_event_timestamp_seconds{job="exchange",pbx="main"}': "0"},
    ),
    Scenario(
        "an exchange that nobody calls answers pings",
        {"1h": []},
        {'hotline_pbx_last_event_timestamp_seconds{job="exchange",pbx="main"}': "0+15"},
    ),
    Scenario(
        "all telephony is dead with callers waiting: its gauges are gone",
        {"4m": [], "12m": ["NobodyReady"], "20m": ["ServiceGone"]},
        {
            WAITING: "2x60 stale",
            'up{job="telephony",instance="telephony-1"}': "1x60 stale",
            'hotline_agents{job="telephony",state="ready"}': "1x20 0x40 stale",
            'hotline_agents{job="telephony",state="talking"}': "0x60 stale",
            'hotline_callbacks_overdue{job="telephony"}': "0x60 stale",
            'hotline_pbx_facts_total{job="telephony",pbx="main",outcome="used"}': "0+1x60 stale",
        },
    ),
    Scenario(
        "an installation without an exchange has none to hear of",
        {"1h": []},
        without="hotline_pbx",
    ),
    Scenario(
        "a gap of an exchange, of which nobody had counted one before",
        {"9m": [], "11m": ["ExchangeGap"]},
        {'hotline_pbx_gaps_total{job="telephony",pbx="main",why="restart"}': "_x40 1x200"},
    ),
    Scenario(
        "a gap among the counters that were born at 0; telephony started anew is none",
        {"9m": [], "11m": ["ExchangeGap"], "90m": []},
        {'hotline_pbx_gaps_total{job="telephony",pbx="main",why="restart"}': "0x40 1x20 0x400"},
    ),
    Scenario(
        "clocks",
        {"10m": ["ClockOff", "ExchangeClock"]},
        {
            'hotline_pbx_clock_offset_seconds{job="exchange",pbx="main"}': "-3",
            'hotline_clock_offset_seconds{job="intake",instance="intake-1"}': "-4",
        },
    ),
    Scenario(
        "the broker does not take what the adapter has to tell",
        {"5m": ["FactsHeldBack"]},
        {'hotline_pbx_unpublished_facts{job="exchange",pbx="main"}': "5000"},
    ),
    # --- lines
    Scenario(
        "a line is down for three minutes",
        {"7m": [], "14m": ["LineDown"]},
        {LINE: "1x40 0x100", KIND % "main": "1"},
    ),
    Scenario(
        "an emergency line is down for one",
        {"10m": [], "12m": ["EmergencyLineDown"]},
        {LINE: "1x40 0x100", KIND % "emergency": "1"},
    ),
    Scenario(
        "a replica lags: it says for a minute what is over, and of the line what was",
        {"6m": [], "9m": [], "20m": []},
        {
            LINE: "1",
            OTHER: "1x20 0x4 1x200",
            KIND % "emergency": "1",
            LONGEST % "a": "0x20 5x200",
            LONGEST % "b": "0x20 400x4 0x200",
        },
    ),
    Scenario(
        "a line works in part, which was announced",
        {"1h": []},
        {LINE: "0.5", KIND % "main": "1", MAINTENANCE: "1"},
    ),
    Scenario(
        "a line works in part, which nobody announced",
        {"20m": ["LineDegraded"]},
        {LINE: "0.5", KIND % "main": "1", MAINTENANCE: "0"},
    ),
    Scenario(
        "a quiet night: nobody calls where hardly anybody does, one agent is there, none is needed",
        {"3h": [], "5h": []},
        {
            OFFERED % "a": "7",
            'hotline_expected_calls{job="telephony",line="main"}': "0.3",
            WAITING: "0",
            LONGEST % "a": "0",
            WAITED % "answered": "7",
            IN_TIME: "5",
            REQUIRED: "1",
            'hotline_agents{job="telephony",state="ready"}': "1",
            'hotline_agents{job="telephony",state="talking"}': "0",
        },
    ),
    Scenario(
        "nobody calls where seven are to come within the hour",
        {"80m": ["LineSilent"]},
        {
            OFFERED % "a": "7",
            'hotline_expected_calls{job="telephony",line="main"}': "2",
            MAINTENANCE: "0",
        },
    ),
    Scenario(
        "the same while work on the line goes on",
        {"80m": []},
        {
            OFFERED % "a": "7",
            'hotline_expected_calls{job="telephony",line="main"}': "2",
            MAINTENANCE: "1",
        },
    ),
    # --- callers
    Scenario(
        "callers wait, and there is no series of agents at all",
        {"15s": [], "2m": ["NobodyReady"], "4m": ["FigureMissing", "NobodyReady"]},
        {WAITING: "2"},
        without="hotline_agents",
    ),
    Scenario(
        "callers wait while everybody talks", {"10m": []}, {WAITING: "2", LONGEST % "a": "60"}
    ),
    Scenario(
        "somebody waits for more than three minutes",
        {"3m": [], "6m": ["LongestWait"]},
        {LONGEST % "a": "0+15x80"},
    ),
    Scenario(
        "four of five callers are blocked",
        {"12m": ["CallersTurnedAway"]},
        {
            OFFERED % "a": "0x20 1x4 2x4 3x4 4x4 5x20",
            ENDED % "blocked": "0x20 0x4 1x4 2x4 3x4 4x20",
        },
    ),
    Scenario(
        "one call at three in the morning, which was blocked",
        {"8m": [], "12m": []},
        {
            OFFERED % "a": "0x20 1x200",
            ENDED % "blocked": "0x24 1x200",
            WAITED % "blocked": "0x24 1x200",
            IN_TIME: "0",
        },
    ),
    Scenario(
        "one call at three in the morning: nobody is there to answer it for four minutes",
        {"6m": ["NobodyReady"], "9m": ["LongestWait", "NobodyReady"], "20m": []},
        {
            WAITING: "0x20 1x20 0x200",
            LONGEST % "a": "0x20 0+15x20 0x200",
            'hotline_agents{job="telephony",state="ready"}': "0",
            'hotline_agents{job="telephony",state="talking"}': "0",
            OFFERED % "a": "0x20 1x300",
        },
    ),
    Scenario(
        "half of the callers are answered too late",
        {"70m": ["ServiceLevelFalling"]},
        {WAITED % "answered": "0+1", IN_TIME: "0+0.5"},
    ),
    Scenario(
        "a counter begins anew: no call was lost by that",
        {"30m": [], "70m": [], "95m": []},
        {
            WAITED % "answered": "0+2x200 0+2x400",
            IN_TIME: "0+1.9x200 0+1.9x400",
            OFFERED % "a": "0+2x200 0+2x400",
            ENDED % "blocked": "0x200 0x400",
            'hotline_messages_total{job="notifier",outcome="failed"}': "40x200 0x400",
        },
    ),
    Scenario(
        "one of five gives up",
        {"70m": ["AbandonmentHigh"]},
        {OFFERED % "a": "0+1", ENDED % "abandoned": "0+0.2"},
    ),
    Scenario(
        "too few are there for the calls of the last hour",
        {"10m": [], "20m": ["Understaffed"]},
        {
            REQUIRED: "6",
            'hotline_agents_required{job="telephony",model="erlang_a",window="1h"}': "7",
        },
    ),
    Scenario(
        "work on calls is left",
        {"70m": ["CallbacksOverdue", "CallsUndisposed"]},
        {
            'hotline_callbacks_overdue{job="telephony"}': "2",
            'hotline_calls_undisposed{job="telephony"}': "30",
        },
    ),
    # --- people's work
    Scenario(
        "an emergency that nobody takes, and a manual queue that nobody looks at",
        {"2m": [], "10m": ["EmergencyUntaken", "ManualQueueOld"]},
        {
            'hotline_emergencies_open{job="router",acknowledged="no"}': "0x4 1x200",
            'hotline_manual_queue_oldest_seconds{job="router",reason="unsure"}': "4000",
        },
    ),
    Scenario(
        "messages fail, and the calendar ends",
        {"10m": ["CalendarEnds", "MessagesFail"]},
        {
            'hotline_messages_total{job="notifier",outcome="failed"}': "0+1",
            'hotline_calendar_days_left{job="router"}': "20",
        },
    ),
    # --- machines
    Scenario(
        "a stopped container leaves the name server: no series says 0",
        {"4m": [], "12m": ["ServiceGone"]},
        {'up{job="notifier",instance="notifier-1"}': "1x20 stale"},
    ),
    Scenario(
        "one replica of two does not answer",
        {"6m": [], "10m": ["ReplicaGone"]},
        {'up{job="router",instance="router-2"}': "1x20 0x200"},
    ),
    Scenario(
        "the database is away",
        {"4m": [], "8m": ["StoreAway"]},
        {'hotline_store_reachable{job="intake",instance="intake-1"}': "1x20 0x200"},
    ),
    Scenario(
        "the broker is away: nothing is published, consumed or taken from the adapter",
        {"5m": ["BrokerAlarm", "BrokerAway", "ConsumerGone", "OutboxOld"]},
        {
            'hotline_broker_connected{job="router",lane="routine"}': "0",
            'hotline_consuming{job="router",queue="router.tickets.urgent"}': "0",
            'hotline_outbox_oldest_seconds{job="router"}': "0+15",
            'rabbitmq_alarms_memory_used_watermark{job="rabbitmq"}': "1",
        },
    ),
    Scenario(
        "a loop hangs: its gauge is gone, and its service runs",
        {"4m": [], "12m": ["FigureMissing"]},
        {'hotline_emergencies_open{job="router",acknowledged="no"}': "0x20 stale"},
    ),
    Scenario(
        "work is old, and a queue is long",
        {"20m": ["QueueLong", "WorkOld"]},
        {
            'hotline_work_age_seconds_bucket{job="router",queue="q",le="60.0"}': "0+1",
            'hotline_work_age_seconds_bucket{job="router",queue="q",le="600.0"}': "0+9",
            'hotline_work_age_seconds_bucket{job="router",queue="q",le="+Inf"}': "0+9",
            'rabbitmq_detailed_queue_messages_ready{job="rabbitmq-queues",queue="q"}': "2000",
        },
    ),
    Scenario(
        "messages are parked, of which there were none",
        {"4m": [], "8m": ["ParkedGrows"], "3h": []},
        {'hotline_parked_messages{job="intake",reason="malformed"}': "_x20 9x1000"},
    ),
    Scenario(
        "what must never happen: all of it rings at the first",
        {
            "4m": [],
            "6m": [
                "DueActsDropped",
                "EventsUnfounded",
                "LoopFaults",
                "ReadingAlarm",
                "TakenUpLate",
            ],
        },
        {
            'hotline_due_acts_dropped_total{job="router",transition="warn"}': "_x20 1x200",
            'hotline_event_unfounded_total{job="router",event="x"}': "_x20 1x200",
            'hotline_loop_faults_total{job="router",loop="x",what="turn"}': "_x20 1x200",
            'hotline_reading_alarms_total{job="intake",sign="x"}': "_x20 1x200",
            'hotline_reconciled_total{job="router",what="ticket"}': "_x20 1x200",
        },
    ),
    Scenario(
        "requests fail and are slow; a stream lasts and is no slow answer",
        {"20m": ["ErrorAnswers", "SlowAnswers"]},
        {
            'hotline_request_seconds_count{job="intake",route="a",status="5xx"}': "0+1",
            **{
                f'hotline_request_seconds_bucket{{job="intake",route="a",le="{le}"}}': f"0+{n}"
                for le, n in (("1.0", 5), ("3.0", 9), ("+Inf", 9))
            },
            **{
                f'hotline_request_seconds_bucket{{job="console",route="/live",le="{le}"}}': f"0+{n}"
                for le, n in (("1.0", 0), ("+Inf", 9))
            },
        },
    ),
    Scenario(
        "the machine",
        {"10m": ["BackupOld", "CertificateEnds", "DiskLow", "Guessing"]},
        {
            'hotline_data_free_bytes{job="admin"}': "4000000000",
            'hotline_certificate_days_left{job="admin"}': "9",
            'hotline_backup_age_seconds{job="admin"}': "200000",
            'hotline_account_locks_total{job="admin",scope="address"}': "0+1",
        },
    ),
    Scenario(
        "alerts go nowhere",
        {"10m": ["AlertmanagerAway"]},
        {'prometheus_notifications_alertmanagers_discovered{job="prometheus"}': "0"},
    ),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.says)
def test_it_rings(scenario: Scenario, tmp_path: Path) -> None:
    assert scenario.tried(tmp_path) == ""


def test_a_test_of_this_kind_can_fail(tmp_path: Path) -> None:
    wrong = Scenario("well", {"5m": ["LineDown"]})
    assert "LineDown" in wrong.tried(tmp_path)


def test_every_alert_rings_somewhere() -> None:
    rung = {name for scenario in SCENARIOS for names in scenario.rings.values() for name in names}
    assert {rule["alert"] for rule in rules()} == rung | {"Watchdog"}


def test_prometheus_reads_the_rules() -> None:
    done = subprocess.run(
        [program("promtool"), "check", "rules", *map(str, RULES)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("rule", [*rules()], ids=lambda rule: rule["alert"])
def test_an_alert_says_for_whom_in_both_languages_and_what_to_do(rule: dict[str, object]) -> None:
    labels, said = rule["labels"], rule["annotations"]
    assert isinstance(labels, dict)
    assert isinstance(said, dict)
    assert labels["severity"] in {"page", "ticket"}
    assert labels["team"] in {"floor", "ops"}
    zh, _, en = said["summary"].partition(" / ")
    assert re.search("[\u4e00-\u9fff]", zh)
    assert en
    assert not re.search("[\u4e00-\u9fff]", en)
    base, page = said["runbook_url"].rsplit("/", 1)
    assert base == "{{ $externalLabels.runbooks }}"
    assert (PROJECT / "docs" / "runbooks" / "alerts" / page).is_file(), page
