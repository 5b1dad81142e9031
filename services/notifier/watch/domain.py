"""What Alertmanager says, as notices for people; and when it has been silent for too long. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from services.notifier.domain import Cause, Notice
from shared.contracts import Step
from shared.contracts.times import written
from shared.policy.templates import Language

WATCHDOG: Final = "Watchdog"
"""It rings always: where it stops, no other alert arrives either."""
SILENT_AFTER: Final = timedelta(minutes=5)
"""Alertmanager says it each minute."""
MOST_NAMED: Final = 5
State = Literal["firing", "resolved"]
_AND: Final[Mapping[Language, str]] = {"zh": "；", "en": "; "}
_MORE: Final[Mapping[Language, str]] = {"zh": "等 {} 条", "en": "{} in all"}
_SILENT: Final[Mapping[Language, str]] = {
    "zh": "监控已五分钟没有消息：Prometheus 或 Alertmanager 可能停了，其他告警也收不到",
    "en": "Nothing has been heard of Alertmanager for five minutes: no other alert arrives either",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `summary` is in both languages, Chinese before ` / `."""

    name: str
    state: State
    severity: str
    summary: str
    runbook: str
    since: datetime
    mark: str
    """Alertmanager's word for it: the same however often it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchdog:
    """When Alertmanager was last heard, and the silence of which people were told."""

    id: str = "alertmanager"
    version: int = 0
    heard_at: datetime | None = None
    told_of: datetime | None = None


def heard(watchdog: Watchdog, now: datetime) -> Step[Watchdog]:
    """It was heard now."""
    return Step(replace(watchdog, heard_at=now))


def silent(watchdog: Watchdog, now: datetime) -> Step[Watchdog] | None:
    """Whether people are to be told that it is not heard any more; once for one silence, and never
    where none was ever heard.
    """
    last = watchdog.heard_at
    if last is None or watchdog.told_of == last or now - last < SILENT_AFTER:
        return None
    return Step(replace(watchdog, told_of=last))


def notices_of(alerts: Iterable[Alert], people: Sequence[str]) -> list[Notice]:
    """One for each person and state: what rings together is told together, and what is said again
    word for word is the same notice.
    """
    by_state: dict[State, list[Alert]] = {}
    for alert in alerts:
        if alert.name != WATCHDOG:
            by_state.setdefault(alert.state, []).append(alert)
    return [
        _notice(state, several, person) for state, several in by_state.items() for person in people
    ]


def notice_of_silence(since: datetime, person: str) -> Notice:
    """Nothing has been heard since."""
    facts = {"reason": "watch_firing", "says": dict(_SILENT), "from": since, "severity": "page"}
    occurrence = f"silent/{written(since)}"
    return _made(WATCHDOG, occurrence, {**facts, "runbook": "alertmanager-away.md"}, person)


def _notice(state: State, alerts: Sequence[Alert], person: str) -> Notice:
    first = min(alerts, key=lambda alert: (alert.severity != "page", alert.since))
    marks = sorted(f"{alert.mark}/{written(alert.since)}" for alert in alerts)
    told = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:24]
    facts = {
        "reason": f"watch_{state}",
        "says": {language: _said(alerts, language) for language in _AND},
        "from": min(alert.since for alert in alerts),
        "severity": first.severity,
        "runbook": first.runbook,
    }
    return _made(first.name, f"{state}/{told}", facts, person)


def _made(name: str, occurrence: str, facts: Mapping[str, Any], person: str) -> Notice:
    return Notice(
        purpose="watch",
        cause=Cause("watch", name, occurrence),
        recipient=person,
        estate=None,
        round=1,
        facts=facts,
    )


def _said(alerts: Sequence[Alert], language: Language) -> str:
    words = dict.fromkeys(_half(alert.summary, language) for alert in alerts)
    named = _AND[language].join([*words][:MOST_NAMED])
    if len(words) <= MOST_NAMED:
        return named
    return f"{named}{_AND[language]}{_MORE[language].format(len(words))}"


def _half(summary: str, language: Language) -> str:
    zh, _, en = summary.partition(" / ")
    return (en if language == "en" else zh) or zh
