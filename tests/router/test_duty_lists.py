"""Who comes to a duty list, whose person they are, and what may be changed of one of them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httpx

from shared.identity import Principal
from shared.readers.rosters import HEAD
from shared.store.store import Store
from tests.router.conftest import RouterBench
from tests.router.test_shift_plans import CHIEF, ask

GREENING: Final = "/v1/rosters/jinyuan/greening"
FINANCE: Final = "/v1/rosters/jinyuan/finance"
EVERYWHERE: Final = Principal("group-manager", "manager")


def person(id: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "name": "新人", "mail": "new@duty.example"} | more


async def put(
    bench: RouterBench, path: str, *ids: str, who: Principal = CHIEF, replica: int = 0
) -> httpx.Response:
    people = [person(id) for id in ids]
    return await ask(
        bench, "PUT", f"{path}/people", who, body={"people": people}, replica=replica
    )  # fmt: skip


async def leave_as_before(store: Store, id: str, *ids: str) -> None:
    """A list as it was kept before ids were judged."""
    await store.documents("rosters").update_one(
        {"_id": id}, {"$set": {"people": [person(id) for id in ids]}, "$unset": {"distinct": 1}}
    )
    await store.documents("rosters").update_one({"_id": HEAD}, {"$inc": {"revision": 1}})


def fields(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["field"] for fault in answer.json()["faults"]]


async def test_of_two_who_put_somebody_on_two_lists_at_once_one_does(bench: RouterBench) -> None:
    for turn in range(5):
        both = await asyncio.gather(
            *(put(bench, path, f"new-{turn}", who=EVERYWHERE) for path in (GREENING, FINANCE))
        )

        assert min(answer.status_code for answer in both) == 200
        refused = next(answer for answer in both if answer.status_code != 200)
        assert refused.status_code in {409, 422}
        lists = await bench.store.find("rosters", {"people.id": f"new-{turn}"}, limit=9)
        assert len(lists) == 1


async def test_a_new_list_takes_nobody_of_another(bench: RouterBench) -> None:
    refused = await put(bench, "/v1/rosters/jinyuan/lift_firm", "new", "lift-firm-1")

    assert fields(refused) == ["people.1.id"]
    assert "*/lift_firm" in refused.text
    assert await bench.store.get("rosters", "jinyuan/lift_firm") is None


async def test_who_left_one_list_may_come_to_another(bench: RouterBench) -> None:
    assert fields(await put(bench, FINANCE, "jy-greening-2")) == ["people.0.id"]

    await put(bench, GREENING, "jy-greening-1")

    assert (await put(bench, FINANCE, "jy-greening-2")).status_code == 200


async def test_who_stands_there_keeps_an_id_of_before(bench: RouterBench) -> None:
    await leave_as_before(bench.store, "jinyuan/greening", "LI_MING", "王师傅")

    assert (await put(bench, GREENING, "LI_MING", "王师傅", "new")).status_code == 200
    assert fields(await put(bench, GREENING, "LI_MING", "WANG")) == ["people.1.id"]
    assert (await put(bench, GREENING, "new")).status_code == 200
    assert fields(await put(bench, GREENING, "new", "LI_MING")) == ["people.1.id"]


async def test_lists_of_before_that_share_somebody_work_until_one_is_written(
    bench: RouterBench,
) -> None:
    await leave_as_before(bench.store, "jinyuan/greening", "shared", "jy-greening-1")
    await leave_as_before(bench.store, "jinyuan/finance", "shared")
    await bench.platform.duty.refresh()
    assert [p.id for p in bench.platform.duty.current.on_duty("jinyuan", "finance")] == ["shared"]

    assert fields(await put(bench, FINANCE, "shared", "new")) == ["people.0.id"]
    one = await ask(bench, "PATCH", f"{FINANCE}/people/shared", body={"mail": "x@duty.example"})
    assert fields(one) == ["people.0.id"]

    assert (await put(bench, GREENING, "jy-greening-1")).status_code == 200
    assert (await put(bench, FINANCE, "shared", "new")).status_code == 200


async def test_a_word_that_stands_for_somebody_else_is_nobody_on_a_list_of_before(
    bench: RouterBench,
) -> None:
    await leave_as_before(bench.store, "jinyuan/greening", "caller", "jy-greening-1")

    await bench.platform.duty.refresh()

    duty = bench.platform.duty.current
    assert [p.id for p in duty.on_duty("jinyuan", "greening")] == ["jy-greening-1"]
    assert duty.person("caller") is None
    shown = (await ask(bench, "GET", GREENING)).json()
    assert [p["id"] for p in shown["people"]] == ["caller", "jy-greening-1"]
    assert (await put(bench, GREENING, "jy-greening-1")).status_code == 200


async def test_an_account_is_put_on_a_list_by_who_reaches_all_its_places(
    bench: RouterBench,
) -> None:
    accounts = {"far": ["*"], "other": ["jinyuan", "binjiang"], "own": ["jinyuan"], "none": []}
    await bench.store.documents("accounts").insert_many(
        [{"_id": id, "places": places} for id, places in accounts.items()]
    )

    assert fields(await put(bench, GREENING, *accounts)) == ["people.0.id", "people.1.id"]
    assert (await put(bench, GREENING, "own", "none")).status_code == 200
    assert (await put(bench, GREENING, *accounts, who=EVERYWHERE)).status_code == 200
    # Who stands there as before is not spoken of.
    assert (await put(bench, GREENING, *accounts)).status_code == 200
    path, other = f"{GREENING}/people/far", {"webhook": "https://elsewhere.example/in"}
    assert fields(await ask(bench, "PATCH", path, body=other)) == ["people.0.id"]
    assert (await ask(bench, "PATCH", path, EVERYWHERE, body=other)).status_code == 200


async def test_one_person_is_changed_and_all_else_stays(bench: RouterBench) -> None:
    path = f"{GREENING}/people/jy-greening-2"
    before = (await ask(bench, "GET", GREENING)).json()["people"]
    hook = "https://hooks.example/T0/secret"

    chat = {"wecom": "JiangLan", "dingtalk": "0123456"}
    await ask(bench, "PATCH", path, body={"webhook": hook, "skills": ["plants"], **chat})
    changed = (await ask(bench, "GET", GREENING)).json()["people"]

    assert changed == [before[0], before[1] | {"webhook": hook, "skills": ["plants"], **chat}]
    none = dict.fromkeys(("webhook", "mail", *chat))
    await ask(bench, "PATCH", path, body={"skills": [], **none})
    assert (await ask(bench, "GET", GREENING)).json()["people"] == before


async def test_nobody_else_is_changed(bench: RouterBench) -> None:
    path = f"{GREENING}/people/jy-greening-2"
    engineer = Principal("e", "department", frozenset({"jinyuan"}), frozenset({"greening"}))
    elsewhere = Principal("boss", "supervisor", frozenset({"binjiang"}))
    body = {"phone": "13800138000"}

    assert (await ask(bench, "PATCH", path, engineer, body=body)).status_code == 403
    assert (await ask(bench, "PATCH", path, elsewhere, body=body)).status_code == 404
    missing = await ask(bench, "PATCH", f"{GREENING}/people/jy-finance-1", body=body)
    assert missing.status_code == 404
    assert fields(await ask(bench, "PATCH", path, body={"id": "other"})) == ["id"]
    assert fields(await ask(bench, "PATCH", path, body={"webhook": "ftp://x"})) == ["webhook"]
    everybody = {"wecom": "@all", "dingtalk": "a,b"}
    assert sorted(fields(await ask(bench, "PATCH", path, body=everybody))) == sorted(everybody)
