"""The proxy's configuration names what exists, and allows what the services take."""

from __future__ import annotations

import re
from typing import Final

import pytest

from faults.nginx import TEMPLATE
from services.admin.app import LARGEST_BODY as OF_ADMIN
from services.console.frame.guard import OPERATORS
from services.intake.field.pages import ROOT as PERSONS
from services.router.field.pages import ROOT as WORK
from services.router.proofs.uploads import LARGER_BODIES
from services.survey.pages import ROOT as SURVEY
from shared.runtime.http import LARGEST_BODY
from shared.runtime.serve import KEEP_ALIVE_SECONDS
from tests.deploy.test_compose import DEPLOY, OURS

TEXT: Final = TEMPLATE.read_text("utf-8")
VARIABLES: Final = set(re.findall(r"\$\{(\w+)\}", TEXT))
UNITS: Final = {"k": 1024, "m": 1024 * 1024}


def server_of(service: str) -> str:
    """The block of a service."""
    [block] = [b for b in TEXT.split("\nserver {") if f"_{service.upper()}_NAME}}" in b]
    return block


def sizes(block: str) -> list[int]:
    found = re.findall(r"client_max_body_size (\d+)([km]);", block)
    return [int(number) * UNITS[unit] for number, unit in found]


@pytest.mark.parametrize("service", [name for name in OURS if name != "console"])
def test_every_service_has_a_name_of_its_own_and_nothing_for_operators(service: str) -> None:
    block = server_of(service)
    paths = re.findall(r"location ~ \^(\S+) ", block)

    assert f"proxy_pass ${{HOTLINE_PROXY_{service.upper()}_TO}};" in block
    assert "location / { return 404; }" in block
    known = ("/(v1|s|w|t)/", "/(v1/work-orders/", "/w/[^/]+/person$")
    assert all(path.startswith(known) for path in paths)


def test_the_console_is_open_but_for_what_is_for_operators() -> None:
    block = server_of("console")
    [closed] = re.findall(r"location ~ (\S+) \{ return 404; \}", block)

    assert "location / { proxy_pass ${HOTLINE_PROXY_CONSOLE_TO}; }" in block
    assert all(re.search(closed, path) for path in (*OPERATORS, "/openapi.json"))
    assert not any(re.search(closed, path) for path in ("/", "/session", "/emergencies", "/help"))


def test_the_pages_of_people_without_an_account_are_open() -> None:
    for root in (SURVEY, WORK):
        assert root.removeprefix("/") in {"s", "w", "t"}


def test_bodies_are_as_large_as_the_services_take() -> None:
    outside = TEXT.split("\nserver {", maxsplit=1)[0]

    assert sizes(outside) == [LARGEST_BODY]
    assert sizes(server_of("admin")) == [OF_ADMIN]
    assert sizes(server_of("router")) == [max(size for _, size in LARGER_BODIES)]


def test_photos_come_before_the_pattern_that_fits_them_too() -> None:
    block = server_of("router")

    assert block.index("work-orders") < block.index("(v1|s|w|t)")


def test_flat_and_number_are_shown_by_intake_under_the_work_pages_name() -> None:
    block = server_of("router")
    pattern = r"location ~ \^/w/\[\^/\]\+/person\$ \{ proxy_pass \$\{HOTLINE_PROXY_INTAKE_TO\}; \}"
    [found] = re.finditer(pattern, block)

    assert PERSONS == WORK
    assert found.start() < block.index("(v1|s|w|t)")


def test_an_idle_connection_is_closed_by_the_proxy_before_the_service_does() -> None:
    [kept] = re.findall(r"keepalive_timeout (\d+)s;", TEXT)

    assert int(kept) < KEEP_ALIVE_SECONDS


def test_every_variable_is_explained() -> None:
    said = (DEPLOY / "README.md").read_text("utf-8")

    assert [name for name in sorted(VARIABLES) if f"`{name}`" not in said] == []
