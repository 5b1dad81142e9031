"""docs/architecture.md names what is really there."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from hotline.settings import HotlineSettings
from services.admin import queues as admin
from services.admin.settings import AdminSettings
from services.intake import queues as intake
from services.intake.settings import IntakeSettings
from services.notifier import queues as notifier
from services.notifier.settings import NotifierSettings
from services.router import queues as router
from services.router.settings import RouterSettings
from services.survey import queues as survey
from services.survey.settings import SurveySettings
from shared.bus import QueueSpec
from shared.readers.outboxes import KIND_OF
from shared.runtime import ServiceSettings
from shared.telemetry import metrics
from tests.docs.pages import read

PAGE: Final = read("docs/architecture.md")
QUEUES: Final = [
    value
    for module in (intake, router, notifier, survey, admin)
    for value in vars(module).values()
    if isinstance(value, QueueSpec)
]
SERIES: Final = [v for v in vars(metrics).values() if isinstance(v, MetricWrapperBase)]
OWN_SETTINGS: Final[list[tuple[str, type[Any]]]] = [
    ("INTAKE_", IntakeSettings),
    ("ROUTER_", RouterSettings),
    ("NOTIFIER_", NotifierSettings),
    ("SURVEY_", SurveySettings),
    ("ADMIN_", AdminSettings),
]


def row_of(queue: QueueSpec) -> str:
    lines = (line for line in PAGE.splitlines() if re.search(r"\| \d+ \|$", line))
    rows = [line for line in lines if f"`{queue.name}`" in line]
    assert len(rows) == 1, queue.name
    return rows[0]


@pytest.mark.parametrize("queue", QUEUES, ids=lambda queue: queue.name)
def test_every_queue_stands_with_its_bindings_and_prefetch(queue: QueueSpec) -> None:
    row = row_of(queue)

    for _, key in queue.bindings:
        name = key.removesuffix(".urgent").removesuffix(".routine")
        assert f"`{key}`" in row or f"`{name}`" in row or key == "#"
    assert row.endswith(f"| {queue.prefetch} |")


@pytest.mark.parametrize("series", SERIES, ids=str)
def test_every_series_stands_in_the_table_with_its_labels(series: Any) -> None:
    name = series._name + ("_total" if isinstance(series, Counter) else "")
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]

    assert len(rows) == 1, name
    assert all(f"`{label}`" in rows[0] for label in series._labelnames)


def test_every_setting_stands_in_the_table() -> None:
    shared = set(ServiceSettings.model_fields) - {"port"}
    names = {f"HOTLINE_{field.upper()}" for field in {*shared, *HotlineSettings.model_fields}}
    for prefix, kind in OWN_SETTINGS:
        for field in kind.model_fields.keys() - shared:
            alias = kind.model_fields[field].validation_alias
            names.add(alias if isinstance(alias, str) else f"HOTLINE_{prefix}{field}".upper())

    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("collection", sorted(KIND_OF))
def test_every_collection_with_events_stands_in_the_table(collection: str) -> None:
    assert f"| `{collection}` | " in PAGE
