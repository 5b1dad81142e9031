"""The pages of the architecture name what is really there."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from typing import Any, Final

import pytest
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from hotline.settings import HotlineSettings
from services.admin import queues as admin
from services.admin.settings import AdminSettings
from services.console.settings import ConsoleSettings
from services.intake import queues as intake
from services.intake.settings import IntakeSettings
from services.notifier import queues as notifier
from services.notifier.settings import NotifierSettings
from services.router import queues as router
from services.router.settings import RouterSettings
from services.survey import queues as survey
from services.survey.settings import SurveySettings
from services.telephony import queues as telephony
from services.telephony.settings import TelephonySettings
from shared.bus import QueueSpec
from shared.readers.outboxes import KIND_OF
from shared.runtime import ServiceSettings
from shared.telemetry import metrics
from shared.telemetry.looks import StoreGauge
from shared.tickets import ROWS
from tests.docs.pages import ROOT, read

QUEUES: Final = [
    value
    for module in (intake, router, notifier, survey, admin, telephony)
    for value in vars(module).values()
    if isinstance(value, QueueSpec)
]
SERIES: Final = [
    v for v in vars(metrics).values() if isinstance(v, (MetricWrapperBase, StoreGauge))
]
OWN_SETTINGS: Final[list[tuple[str, type[Any]]]] = [
    ("INTAKE_", IntakeSettings),
    ("ROUTER_", RouterSettings),
    ("NOTIFIER_", NotifierSettings),
    ("SURVEY_", SurveySettings),
    ("ADMIN_", AdminSettings),
    ("TELEPHONY_", TelephonySettings),
    ("CONSOLE_", ConsoleSettings),
]
KEPT: Final = sorted(
    (service, kept.name)
    for service in ("intake", "router", "notifier", "survey", "admin", "telephony")
    for kept in import_module(f"services.{service}.app").KEEPS
)
RECORDING: Final = frozenset({"record", "_record", "change", "_change"})
"""How the functions are called that are given an act and put it on record."""


def page(name: str) -> str:
    return read(f"docs/architecture/{name}.md")


def row_of(queue: QueueSpec) -> str:
    lines = (line for line in page("queues").splitlines() if re.search(r"\| \d+ \|$", line))
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


@pytest.mark.parametrize(
    "module", [admin, intake, notifier, router, survey, telephony], ids=lambda m: m.__name__
)
def test_what_a_service_declares_is_what_its_module_names(module: Any) -> None:
    """`hotline topology` makes these: of one that it forgot, what comes early would be lost."""
    named = {each.name for each in vars(module).values() if isinstance(each, QueueSpec)}

    assert {spec.name for spec in module.QUEUES} >= named


@pytest.mark.parametrize("series", SERIES, ids=str)
def test_every_series_stands_in_the_table_with_its_labels(series: Any) -> None:
    name = str(series) if isinstance(series, StoreGauge) else series._name
    name += "_total" if isinstance(series, Counter) else ""
    rows = [line for line in page("health").splitlines() if line.startswith(f"| `{name}` |")]

    assert len(rows) == 1, name
    labels = series.labels if isinstance(series, StoreGauge) else series._labelnames
    assert all(f"`{label}`" in rows[0] for label in labels)


def test_every_setting_stands_in_the_table() -> None:
    shared = set(ServiceSettings.model_fields) - {"port"}
    names = {f"HOTLINE_{field.upper()}" for field in {*shared, *HotlineSettings.model_fields}}
    for prefix, kind in OWN_SETTINGS:
        for field in kind.model_fields.keys() - shared:
            alias = kind.model_fields[field].validation_alias
            names.add(alias if isinstance(alias, str) else f"HOTLINE_{prefix}{field}".upper())

    assert [name for name in sorted(names) if f"`{name}`" not in page("settings")] == []


@pytest.mark.parametrize(("service", "collection"), KEPT)
def test_every_collection_that_a_service_keeps_stands_in_the_table_and_on_the_first_page(
    service: str, collection: str
) -> None:
    [row] = [r for r in page("documents").splitlines() if r.startswith(f"| `{collection}` | ")]
    [first] = [
        line
        for line in read("docs/architecture.md").splitlines()
        if line.startswith(f"| `services/{service}` | ")
    ]

    assert service in row.rsplit("|", 2)[1]
    assert f"`{collection}`" in first


@pytest.mark.parametrize("collection", sorted(KIND_OF))
def test_every_collection_with_events_stands_in_the_table(collection: str) -> None:
    assert f"| `{collection}` | " in page("documents")


@pytest.mark.parametrize("endpoint", sorted({r.endpoint for r in ROWS.values() if r.endpoint}))
def test_every_endpoint_of_the_lifecycle_stands_among_the_paths(endpoint: str) -> None:
    base, brace, action = endpoint.rpartition("}")
    lines = page("http").splitlines()

    assert any(f"| `{base}{brace}` |" in line and f"`{action}`" in line for line in lines) or any(
        f"| `{endpoint}` |" in line for line in lines
    )


def test_every_act_on_record_stands_in_the_list() -> None:
    acts = {act for root in ("services", "shared", "hotline") for act in acts_in(root)}

    assert len(acts) > 30
    assert [act for act in sorted(acts) if f"`{act}`" not in page("audit")] == []


def acts_in(root: str) -> set[str]:
    """What is said to be done where something is recorded."""
    trees = (ast.parse(file.read_text("utf-8")) for file in (ROOT / root).rglob("*.py"))
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    said = (arg for call in calls if name_of(call) in RECORDING for arg in call.args)
    codes = (str(arg.value) for arg in said if isinstance(arg, ast.Constant))
    return {code for code in codes if re.fullmatch(r"[a-z_]+\.[a-z_]+", code)}


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))
