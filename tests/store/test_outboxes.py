"""Whoever looks into all outboxes knows of every collection that has some."""

from __future__ import annotations

from services.admin.app import KEEPS as ADMIN
from services.intake.app import KEEPS as INTAKE
from services.notifier.app import KEEPS as NOTIFIER
from services.router.app import KEEPS as ROUTER
from services.survey.app import KEEPS as SURVEY
from shared.readers.outboxes import KIND_OF, URGENT
from shared.store.parked import PARKED
from shared.store.store import Kept

KEEPS: list[Kept] = [*ADMIN, *INTAKE, *NOTIFIER, *ROUTER, *SURVEY, PARKED]


def test_every_collection_with_events_is_known_with_its_kind() -> None:
    found = {each.name: each.kind for each in KEEPS if each.kind is not None}

    assert found == KIND_OF


def test_those_with_alerts_are_known() -> None:
    assert {each.name for each in KEEPS if each.alerts} == {*URGENT}
