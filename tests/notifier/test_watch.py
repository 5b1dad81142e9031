"""Alertmanager's webhook: told to whoever answers for the desk, once, and its silence noticed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.notifier.watch.domain import (
    SILENT_AFTER,
    Alert,
    Watchdog,
    heard,
    notices_of,
    silent,
)
from services.notifier.watch.telling import SUBJECT, WATCHDOG_ID, WATCHDOGS
from shared.identity import sign_link
from shared.store import Collection
from shared.tickets.numbers import ALPHABET
from tests.notifier.bench import Bench
from tests.support.bench import until

SINCE = "2026-11-23T10:00:00.123456789Z"
RUNBOOK = "docs/runbooks/alerts/store-away.md"


def alert(name: str = "StoreAway", status: str = "firing", **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "page", "team": "ops", "job": "intake"},
        "annotations": {
            "summary": f"{name} 连不上数据库 / {name} cannot reach the database",
            "runbook_url": RUNBOOK,
        },
        "startsAt": SINCE,
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "00ff17ab00ff17ab",
        **more,
    }


def sent(*alerts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": "4",
        "groupKey": "{}:{}",
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "floor",
        "alerts": [*alerts] or [alert()],
        **more,
    }


async def tell(bench: Bench, body: Any, token: str | None = None) -> Any:
    address = token or sign_link("alarm", SUBJECT, bench.keys.link)
    return await bench.http.post(f"/v1/alarms/{address}", json=body)


async def told(bench: Bench) -> list[dict[str, Any]]:
    return await bench.docs(purpose="watch")


async def test_an_alert_is_told_in_words_with_what_to_do_and_once(bench: Bench) -> None:
    first = await tell(bench, sent())
    again = await tell(bench, sent())

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["told"] >= 1
    assert again.json()["told"] == 0
    messages = await told(bench)
    assert len(messages) == first.json()["told"]
    assert {m["cause"]["id"] for m in messages} == {"StoreAway"}
    shown = await bench.http.get(
        f"/v1/messages/{messages[0]['_id']}", headers=bench.signed_in("supervisor")
    )
    words = shown.json()["words"] if "words" in shown.json() else shown.json()
    assert "连不上数据库" in str(words)
    assert RUNBOOK in str(words)


async def test_its_end_is_told_and_so_is_its_next_beginning(bench: Bench) -> None:
    people = (await tell(bench, sent())).json()["told"]
    over = (await tell(bench, sent(alert(status="resolved")))).json()["told"]
    anew = (await tell(bench, sent(alert(startsAt="2026-11-23T11:00:00Z")))).json()["told"]
    assert people == over == anew > 0


async def test_what_rings_together_is_one_message(bench: Bench) -> None:
    several = [alert(f"Alert{n}", fingerprint=f"{n:016x}") for n in range(30)]
    answer = await tell(bench, sent(*several))
    messages = await told(bench)
    assert len(messages) == answer.json()["told"]
    assert "等 30 条" in messages[0]["facts"]["says"]["zh"]
    assert "30 in all" in messages[0]["facts"]["says"]["en"]


@pytest.mark.parametrize(
    "token", ["x", "a.b", sign_link("receipt", SUBJECT, b"0" * 32), ALPHABET, "a" * 500]
)
async def test_an_address_that_was_not_signed_here_tells_nobody(bench: Bench, token: str) -> None:
    answer = await tell(bench, sent(), token)
    assert answer.status_code == 404
    assert await told(bench) == []


async def test_the_address_of_something_else_is_none(bench: Bench) -> None:
    for purpose in ("receipt", "work", "policy"):
        token = sign_link(purpose, SUBJECT, bench.keys.link)
        assert (await tell(bench, sent(), token)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "version"),
        (sent(version="5"), "version"),
        (sent() | {"alerts": []}, "alerts"),
        (sent(*[alert()] * 201), "alerts"),
        (sent(alert(startsAt="yesterday")), "alerts.0.startsAt"),
        (sent(alert(fingerprint="../../etc")), "alerts.0.fingerprint"),
        (sent(alert(labels={"alertname": "a b"})), "alerts.0.labels.alertname"),
        (sent(alert(annotations={"summary": "x" * 1001})), "alerts.0.annotations.summary"),
        (sent(alert(status="odd")), "alerts.0.status"),
    ],
)
async def test_rubbish_is_refused_by_its_field(
    bench: Bench, body: dict[str, Any], field: str
) -> None:
    answer = await tell(bench, body)
    assert answer.status_code == 422
    assert field in [fault["field"] for fault in answer.json()["faults"]]
    assert await told(bench) == []


async def test_the_watchdog_tells_nobody_until_it_is_silent_and_then_once(bench: Bench) -> None:
    kept = Collection(bench.store, WATCHDOGS)
    for _ in range(3):
        answer = await tell(bench, sent(alert("Watchdog")))
        assert answer.json() == {"told": 0}
    assert await told(bench) == []

    await bench.forward(timedelta(minutes=6))
    await until(lambda: told(bench))
    first = await told(bench)
    watchdog = await kept.get(WATCHDOG_ID)
    assert watchdog is not None
    assert watchdog.told_of == watchdog.heard_at
    assert "五分钟没有消息" in first[0]["facts"]["says"]["zh"]

    await tell(bench, sent(alert("Watchdog")))
    assert len(await told(bench)) == len(first)


def test_silence_is_told_once_and_anew_after_it_was_heard() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    never = Watchdog()
    assert silent(never, now) is None
    one = heard(never, now).value
    assert silent(one, now + SILENT_AFTER - timedelta(seconds=1)) is None
    step = silent(one, now + SILENT_AFTER)
    assert step is not None
    assert silent(step.value, now + 9 * SILENT_AFTER) is None
    back = heard(step.value, now + 10 * SILENT_AFTER).value
    assert silent(back, now + 11 * SILENT_AFTER) is not None


def test_a_ticket_waits_for_the_morning_and_a_page_does_not() -> None:
    facts: dict[str, Any] = {
        "name": "BackupOld", "state": "firing", "summary": "旧 / old", "runbook": "",
        "since": datetime(2026, 11, 23, tzinfo=UTC), "mark": "ab",
    }  # fmt: skip
    for severity, waits in (("ticket", True), ("page", False)):
        [notice] = notices_of([Alert(severity=severity, **facts)], ["a"])
        assert notice.can_wait is waits


async def test_alerts_are_counted(bench: Bench) -> None:
    labels = {"status": "firing", "outcome": "told"}
    before = REGISTRY.get_sample_value("hotline_alarms_total", labels) or 0
    await tell(bench, sent(alert("Other", fingerprint="0a"), alert("More", fingerprint="0b")))
    assert REGISTRY.get_sample_value("hotline_alarms_total", labels) == before + 2
