"""The floor plan of docs/architecture.md is that of the services."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from tests.docs.pages import ROOT, read

ROOMED: Final = ("intake", "router", "admin", "telephony", "console")
ONE_ROOM: Final = ("notifier", "survey")
_PLAN: Final = read("docs/architecture.md").split("## The rooms of a service")[1].split("\n## ")[0]
BESIDE, _, INSIDE = _PLAN.partition("\nIn a room:")
_NAME: Final = re.compile(r"`(\w+)`")
_FILE: Final = re.compile(r"`(\w+\.py)`")


def modules_of(folder: Path) -> set[str]:
    return {module.name for module in folder.glob("*.py")} - {"__init__.py"}


def rooms_of(service: str) -> set[str]:
    folders = (ROOT / "services" / service).iterdir()
    return {folder.name for folder in folders if (folder / "__init__.py").exists()}


def test_every_service_is_on_the_plan() -> None:
    services = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}

    assert services == {*ROOMED, *ONE_ROOM}


@pytest.mark.parametrize("service", [*ROOMED, *ONE_ROOM])
def test_the_plan_names_the_rooms_that_are_there(service: str) -> None:
    [row] = re.findall(rf"^\| {service} \| (.+) \|$", BESIDE, re.MULTILINE)

    assert set(_NAME.findall(row)) == rooms_of(service)


@pytest.mark.parametrize("service", ROOMED)
def test_beside_the_rooms_stands_nothing_that_the_plan_does_not_name(service: str) -> None:
    assert modules_of(ROOT / "services" / service) - set(_FILE.findall(BESIDE)) == set()


@pytest.mark.parametrize("name", sorted(set(_FILE.findall(_PLAN))))
def test_every_file_of_the_plan_is_somewhere(name: str) -> None:
    assert list((ROOT / "services").rglob(name)) != []


@pytest.mark.parametrize("service", ROOMED)
def test_what_stands_beside_the_rooms_stands_in_none(service: str) -> None:
    beside = set(_FILE.findall(BESIDE))
    rooms = [ROOT / "services" / service / room for room in rooms_of(service)]

    assert [room.name for room in rooms if modules_of(room) & beside] == []
