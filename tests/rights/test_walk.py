"""Every endpoint, as every role, about what is its own, foreign and missing (design promise 10)."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import Final

import httpx
import pytest

from shared.identity import STAFF_ROLES
from tests.rights.endpoints import ROLES, Endpoint, kind_of
from tests.rights.house import House, Things
from tests.support.questions import questions

pytestmark = pytest.mark.whole
DATABASE: Final = "hotline"
PASSING: Final = {"date", "x-request-id"}
"""Headers that differ from answer to answer."""
LOOKING: Final = 60.0
"""Seconds. Loops of the services name the foreign ticket too, some each second: what a request
itself asks is asked at every look, so who is slow looks for longer."""


def anonymous(asked: str, things: Things) -> str:
    """A statement without the ids that only tell about which thing it was."""
    for id in sorted({*things.ids.values(), *things.marks}, key=len, reverse=True):
        asked = asked.replace(id, "ID")
    return asked


def shown(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer that whoever asked can see."""
    headers = {k: v for k, v in answer.headers.items() if k not in PASSING}
    return answer.status_code, answer.content, headers


async def test_who_may_do_none_of_several_things_is_refused_whatever_it_is_asked_about(
    house: House, endpoints: list[Endpoint]
) -> None:
    """All other endpoints refuse before they look at anything (test_doors)."""
    late = [endpoint for endpoint in endpoints if endpoint.decides_late]
    for endpoint in late:
        for role in set(ROLES) - endpoint.roles:
            for things in (house.own, house.foreign_place, house.missing):
                answer = await house.ask(endpoint, things.of(endpoint) or "22222222", role=role)

                said = kind_of(answer)
                assert said in {"403 forbidden", "404 not-found"}, (str(endpoint), role)
    assert late


async def test_a_role_with_the_right_comes_through_to_its_own(
    house: House, endpoints: list[Endpoint]
) -> None:
    for endpoint in endpoints:
        for role in set(ROLES) & endpoint.roles:
            thing = house.own_of(role).of(endpoint)
            if endpoint.names_a_thing and thing is None:
                continue
            answer = await house.ask(endpoint, thing or "", role=role)

            said = kind_of(answer)
            if endpoint.is_for_the_whole_group:
                assert said == "403 forbidden", (str(endpoint), role)
                answer = await house.ask(endpoint, thing or "", role=role, place="*")
                said = kind_of(answer)
            assert answer.status_code not in {401, 403, 404}, (str(endpoint), role, said)
            assert answer.status_code < 500, (str(endpoint), role, answer.text)


async def test_a_question_that_is_not_understood_is_refused_by_name(
    house: House, endpoints: list[Endpoint]
) -> None:
    """No list takes a filter that it does not have, and answers with everything."""
    asked = [endpoint for endpoint in endpoints if endpoint.method == "GET" and endpoint.roles]
    for endpoint in asked:
        role = min(set(ROLES) & endpoint.roles)
        thing = house.own_of(role).of(endpoint) or "22222222"
        answer = await house.ask(endpoint, thing, role=role, params={"colour": "red"})

        assert answer.status_code == 422, (str(endpoint), role)
        assert [fault["field"] for fault in answer.json()["faults"]] == ["colour"], str(endpoint)
    assert len(asked) > 20


async def test_a_ticket_is_found_by_its_number_however_that_is_written(
    house: House, endpoints: list[Endpoint]
) -> None:
    named = [e for e in endpoints if "{number}" in e.path and e.method == "GET"]
    for endpoint in named:
        number = house.own.of(endpoint)
        role = min(set(ROLES) & endpoint.roles - {"system", "department"})
        assert number is not None, str(endpoint)
        written = f"{number[:4]}-{number[4:]}".lower()
        answer = await house.ask(endpoint, written, role=role)

        assert answer.status_code != 404, (str(endpoint), role, answer.text)
    assert {endpoint.service for endpoint in named} >= {"intake", "router"}


async def test_what_is_foreign_looks_in_every_way_like_what_is_missing(
    house: House, endpoints: list[Endpoint]
) -> None:
    looked_at = 0
    with questions(house.floor.endpoints.mongo, DATABASE) as record:

        async def asked_for(
            endpoint: Endpoint, things: Things, role: str
        ) -> tuple[tuple[int, bytes, dict[str, str]], Counter[tuple[str, str, str]]]:
            thing = things.of(endpoint)
            assert thing is not None
            so_far = record.so_far()
            answer = await house.ask(endpoint, thing, role=role)
            asked = Counter(
                (q.collection, q.operation, anonymous(q.asked, things))
                for q in record.about({*things.ids.values(), *things.marks}, after=so_far)
            )
            return shown(answer), asked

        for endpoint in endpoints:
            if house.foreign_place.of(endpoint) is None or not endpoint.names_a_thing:
                continue
            for role in set(ROLES) & endpoint.roles:
                for things in house.foreign_to(role):
                    missing, for_missing = await asked_for(endpoint, house.missing, role)
                    found, for_found = await asked_for(endpoint, things, role)
                    until = monotonic() + LOOKING
                    while for_found != for_missing and monotonic() < until:
                        assert found == missing, (str(endpoint), role)
                        missing, asked = await asked_for(endpoint, house.missing, role)
                        for_missing &= asked
                        found, asked = await asked_for(endpoint, things, role)
                        for_found &= asked
                    looked_at += 1

                    assert found == missing, (str(endpoint), role)
                    assert for_found == for_missing, (str(endpoint), role)
                    assert found[0] == 404, (str(endpoint), role)
    named = [e for e in endpoints if e.names_a_thing and house.foreign_place.of(e) is not None]
    assert looked_at > len(named) > len(house.missing.ids)


async def test_what_is_about_whoever_asks_looks_like_what_is_missing(
    house: House, endpoints: list[Endpoint]
) -> None:
    for endpoint in endpoints:
        thing = house.about_asker.of(endpoint)
        if thing is None or not endpoint.names_a_thing:
            continue
        for role in set(STAFF_ROLES) & endpoint.roles:
            found = await house.ask(endpoint, thing, role=role)
            missing = await house.ask(endpoint, house.missing.of(endpoint) or "", role=role)

            assert shown(found) == shown(missing), (str(endpoint), role)
            assert found.status_code == 404, (str(endpoint), role)
