"""Every list, as every role: what is foreign and what is about whoever asks is in no item, no
count, no cursor, and found by no search (design promise 10, cases A9 and A21).

The lists are those of the services' own OpenAPI documents: a new one, and a new way to search one,
is asked here by itself.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import httpx
import pytest

from tests.rights.endpoints import ROLES, Endpoint
from tests.rights.house import (
    FOREIGN_PLACE,
    MISSING_NUMBER,
    OWN_DEPARTMENT,
    OWN_PLACE,
    House,
    Things,
    walker,
)

pytestmark = pytest.mark.long
EVERYWHERE: Final = "*"
MOST_PAGES: Final = 60
PAGE: Final = 200
RECORDS: Final = {"/v1/audit"}
"""What has to be whole, whoever reads it: ids and codes of acts, and nothing of the matter."""
PAGING: Final = {"after", "limit"}
SEARCHED: Final[Mapping[str, Callable[[Things, str], list[str]]]] = {
    "number": lambda hidden, _: sorted(hidden.marks),
    "recipient": lambda _, role: ["caller", walker(role)],
    "owner": lambda _, role: ["desk", walker(role)],
    "estate": lambda _hidden, _role: [OWN_PLACE, FOREIGN_PLACE],
    "department": lambda _hidden, _role: [OWN_DEPARTMENT, "security"],
    "q": lambda hidden, _: [*sorted(hidden.marks), "水龙头", "装修太吵", "电梯困人", "打架"],
    "type": lambda _hidden, _role: ["repair", "complaint", "emergency"],
    "area": lambda _hidden, _role: ["plumbing", "noise", "lift"],
    "urgency": lambda _hidden, _role: ["normal", "urgent", "emergency"],
    "assignee": lambda _, role: ["jy-engineering-1", walker(role)],
    "incident": lambda hidden, _: sorted(hidden.marks),
    "registered_from": lambda _hidden, _role: ["2000-01-01T00:00:00Z"],
    "registered_to": lambda _hidden, _role: ["2099-01-01T00:00:00Z"],
    "due_before": lambda _hidden, _role: ["2099-01-01T00:00:00Z"],
    "place": lambda _hidden, _role: [OWN_PLACE, FOREIGN_PLACE],
    "line": lambda _hidden, _role: ["hotline", "unknown"],
    "agent": lambda _hidden, _role: ["8001"],
    "ticket": lambda hidden, _: sorted(hidden.marks),
    "from": lambda _hidden, _role: ["2026-12-01T00:00:00Z"],
    "to": lambda _hidden, _role: ["2099-01-01T00:00:00Z"],
    "ids": lambda hidden, role: [",".join([walker(role), *sorted(hidden.marks)])],
}
"""What leads to a hidden thing where its list is searched by this; other values the documents name.
"""


def hidden_from(house: House, endpoint: Endpoint, role: str) -> list[Things]:
    """What somebody must not find in a list: also whoever is there for the whole group."""
    foreign = [] if endpoint.is_for_the_whole_group else house.foreign_to(role)
    return [*foreign, *([] if role == "system" else [house.about_asker])]


NEEDED: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("/v1/work-orders", "status"): {"mine": "true"},
    ("/v1/load", "to"): {"from": "2098-12-20T00:00:00Z"},
    ("/v1/load", "from"): {"to": "2026-12-02T00:00:00Z"},
}
"""What a list wants beside a parameter: finished work is somebody's, since of all there is no end.
"""


def lists_of(endpoints: list[Endpoint], role: str) -> list[Endpoint]:
    return [e for e in endpoints if e.is_list and role in e.roles and e.path not in RECORDS]


async def pages_of(
    house: House, endpoint: Endpoint, role: str, *, limit: int, **asked: str
) -> list[httpx.Response]:
    """The pages of a list, from the first on."""
    place = EVERYWHERE if endpoint.is_for_the_whole_group else OWN_PLACE
    pages: list[httpx.Response] = []
    after: str | None = None
    known = {param.name for param in endpoint.params}
    size = {"limit": str(limit)} if "limit" in known else {}
    while len(pages) < MOST_PAGES and (after is not None or not pages):
        params = {**size, **asked} | ({"after": after} if after else {})
        pages.append(await house.ask(endpoint, "", role=role, place=place, params=params))
        assert pages[-1].status_code == 200, (str(endpoint), role, asked, pages[-1].text)
        after = pages[-1].json().get("next")
    return pages


def said_by(page: httpx.Response) -> str:
    """All that an answer says to whoever reads it, also in its cursor."""
    return page.text + plain(page.json().get("next") or "")


def plain(cursor: str) -> str:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return base64.urlsafe_b64decode(padded).decode(errors="replace")
    except binascii.Error:  # an id, which says what it says
        return cursor


def searches(endpoint: Endpoint, hidden: Things, role: str) -> Iterator[dict[str, str]]:
    """Every way in which a list may be searched for a hidden thing."""
    for param in endpoint.params:
        if param.name in PAGING:
            continue
        known = SEARCHED.get(param.name)
        values = (*param.values, *(known(hidden, role) if known else ()))
        assert values, f"{endpoint}: say in SEARCHED what `{param.name}` finds a hidden thing by"
        beside = NEEDED.get((endpoint.path, param.name), {})
        yield from ({**beside, param.name: value} for value in values)


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_hidden_is_in_a_list_or_in_its_cursor(
    house: House, endpoints: list[Endpoint], role: str
) -> None:
    """Page by page, one thing each, and then as much as a page may hold: a hidden one leaves no
    gap, and no cursor names it.
    """
    for endpoint in lists_of(endpoints, role):
        marks = {mark for hidden in hidden_from(house, endpoint, role) for mark in hidden.marks}
        for limit in (1, PAGE):
            for page in await pages_of(house, endpoint, role, limit=limit):
                said = said_by(page)
                assert not [mark for mark in marks if mark in said], (str(endpoint), role)
                assert "total" not in page.text
                is_empty = page.json().get("items") == []
                assert not (is_empty and page.json().get("next")), (str(endpoint), role)


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_hidden_is_found_by_a_search(
    house: House, endpoints: list[Endpoint], role: str
) -> None:
    for endpoint in lists_of(endpoints, role):
        for hidden in hidden_from(house, endpoint, role):
            for asked in searches(endpoint, hidden, role):
                for page in await pages_of(house, endpoint, role, limit=PAGE, **asked):
                    said = said_by(page)
                    found = [mark for mark in hidden.marks if mark in said]
                    assert found == [], (str(endpoint), role, asked)


@pytest.mark.parametrize("role", ROLES)
async def test_a_search_for_what_is_hidden_is_answered_like_one_for_what_is_missing(
    house: House, endpoints: list[Endpoint], role: str
) -> None:
    """Every part of the answer: so no count gives it away."""
    for endpoint in lists_of(endpoints, role):
        if "number" not in {param.name for param in endpoint.params}:
            continue
        nothing = await answer_to(house, endpoint, role, MISSING_NUMBER)
        for hidden in hidden_from(house, endpoint, role):
            for number in sorted(hidden.marks):
                found = await answer_to(house, endpoint, role, number)
                assert found == nothing, (str(endpoint), role, number)


async def answer_to(house: House, endpoint: Endpoint, role: str, number: str) -> Any:
    pages = await pages_of(house, endpoint, role, limit=1, number=number)
    return [page.json() for page in pages]


async def test_lists_hold_what_may_be_seen(house: House, endpoints: list[Endpoint]) -> None:
    """Lists without anything in them prove nothing."""
    of_tickets = {"/v1/tickets", "/v1/messages", "/v1/surveys", "/v1/emergencies", "/v1/board",
                  "/v1/follow-ups"}  # fmt: skip
    there = {endpoint.path: endpoint for endpoint in endpoints if endpoint.is_list}
    for path in sorted(of_tickets):
        said = ""
        for asked in ({}, *searches(there[path], house.own, "supervisor")):
            pages = await pages_of(house, there[path], "supervisor", limit=PAGE, **asked)
            said += "".join(map(said_by, pages))
        assert [mark for mark in house.own.marks if mark in said], path
