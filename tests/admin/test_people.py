"""Names behind ids: of colleagues at a place one shares, and nothing to reach them by."""

from __future__ import annotations

from typing import Any

import pytest

from shared.identity import STAFF_ROLES
from tests.admin.bench import Bench


async def people(bench: Bench, who: dict[str, str] | None = None, **asked: str) -> dict[str, Any]:
    found = await bench.done("GET", "/v1/people", who, params=asked)
    return {each["id"]: each for each in found["items"]}


async def test_somebody_is_named_by_account_and_duty_list_together(bench: Bench) -> None:
    await bench.hire(
        "jy-engineering-1", "department", places=["jinyuan"], departments=["engineering"]
    )
    await bench.hire("chen.jie", "agent", name="陈洁", places=["jinyuan"])

    found = await people(bench, ids="jy-engineering-1,chen.jie,jy-security-1,nobody")

    assert list(found) == ["chen.jie", "jy-engineering-1", "jy-security-1"]
    assert found["chen.jie"] == {
        "id": "chen.jie",
        "name": "陈洁",
        "role": "agent",
        "departments": ["*"],
        "places": ["jinyuan"],
        "frozen": False,
    }
    listed = found["jy-engineering-1"]
    assert (listed["name"], listed["role"]) == ("许志强", "department")
    assert (found["jy-security-1"]["name"], found["jy-security-1"]["role"]) == ("田守义", None)


@pytest.mark.parametrize("role", STAFF_ROLES)
async def test_everybody_of_the_staff_reads_names_and_nobody_reads_an_address(
    bench: Bench, role: str
) -> None:
    answer = await bench.ask("GET", "/v1/people", bench.signed_in(role))

    assert answer.status_code == 200
    assert len(answer.json()["items"]) > 40
    for secret in ("@", "138", "phone", "mail", "wecom", "webhook"):
        assert secret not in answer.text


async def test_a_system_reads_no_names(bench: Bench) -> None:
    assert (await bench.ask("GET", "/v1/people", bench.signed_in("system"))).status_code == 403


async def test_who_shares_no_place_is_not_there_like_whom_nobody_knows(bench: Bench) -> None:
    await bench.hire("far.away", "agent", name="远方", places=["cuihu"])
    await bench.hire("near.by", "agent", name="近处", places=["jinyuan"])
    await bench.hire("above.it", "manager", name="区域", places=["east"])
    await bench.hire("beside.it", "manager", name="公司", places=["lakeside"])
    await bench.hire("of.all", "supervisor", name="总部")
    at_jinyuan = bench.signed_in("agent", "jinyuan")
    ids = "far.away,near.by,above.it,beside.it,of.all,jy-finance-1,ch-finance-1,lakeside-manager"

    asked = await people(bench, at_jinyuan, ids=ids)

    assert list(asked) == ["above.it", "jy-finance-1", "near.by", "of.all"]
    whole = await people(bench, at_jinyuan)
    assert {*whole} >= {*asked}
    assert not {*whole} & {"far.away", "beside.it", "ch-finance-1", "bj-security-1"}
    assert await people(bench, at_jinyuan, place="cuihu") == {}
    assert await people(bench, at_jinyuan, ids="far.away", place="cuihu") == {}


async def test_whoever_reaches_a_company_shares_the_places_below_it(bench: Bench) -> None:
    found = await people(bench, bench.signed_in("manager", "lakeside"))

    assert {"bj-finance-1", "ch-finance-1", "lakeside-manager", "group-manager"} <= {*found}
    assert "jy-finance-1" not in found


async def test_a_place_and_a_department_narrow_the_list(bench: Bench) -> None:
    await bench.hire("fitter", "department", places=["jinyuan"], departments=["engineering"])
    await bench.hire("guard", "department", places=["jinyuan"], departments=["security"])
    await bench.hire("voice", "agent", places=["jinyuan"])

    engineers = await people(bench, place="jinyuan", department="engineering")
    desk = await people(bench, place="jinyuan", department="customer_service")

    assert {*engineers} == {
        "fitter", "jy-engineering-1", "jy-engineering-2", "jy-engineering-3", "group-duty-1"
    }  # fmt: skip
    assert {*desk} == {
        "voice", "jy-customer-service-1", "jy-customer-service-2", "group-desk-1"
    }  # fmt: skip
    assert await people(bench, place="atlantis") == {}


async def test_who_has_left_keeps_the_name_and_is_said_to_be_gone(bench: Bench) -> None:
    await bench.hire("chen.jie", "agent", name="陈洁")
    await bench.done("POST", "/v1/users/chen.jie/freeze", json={})

    found = await people(bench, ids="chen.jie")

    assert (found["chen.jie"]["name"], found["chen.jie"]["frozen"]) == ("陈洁", True)


async def test_pages_hold_each_once_in_order(bench: Bench) -> None:
    for n in range(7):
        await bench.hire(f"b-{n}", "agent")
    whole = list(await people(bench))
    seen: list[str] = []
    after: str | None = None
    while True:
        params = {"limit": "5"} | ({"after": after} if after else {})
        page = await bench.done("GET", "/v1/people", params=params)
        seen += [each["id"] for each in page["items"]]
        assert page["items"] or page["next"] is None
        after = page["next"]
        if after is None:
            break

    assert seen == whole == sorted(whole)


@pytest.mark.parametrize(
    "ids", ["", ",", " , ,", "x" * 4000, "\x00", "中文,{$ne}", "nobody," * 1500]
)
async def test_rubbish_names_nobody(bench: Bench, ids: str) -> None:
    assert await people(bench, ids=ids) == {}


async def test_more_ids_than_may_be_asked_for_are_refused_by_name(bench: Bench) -> None:
    many = ",".join(f"p-{n}" for n in range(201))

    answer = await bench.ask("GET", "/v1/people", params={"ids": many})

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == "ids"
    assert answer.json()["faults"][0]["fault_zh"]
    assert (await bench.ask("GET", "/v1/people", params={"after": "x"})).status_code == 422
