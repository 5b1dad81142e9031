"""One's own account: name and settings, another password, where one is signed in."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.admin.bench import OTHER_PASSWORD, PASSWORD, Bench, bearer

USUAL: dict[str, Any] = {
    "language": None,
    "theme": None,
    "sound": True,
    "single_keys": True,
    "saved_views": [],
}
WISHED = {
    "language": "en",
    "theme": "contrast",
    "sound": False,
    "single_keys": False,
    "saved_views": [{"name": "夜班超时", "query": "estate=jinyuan&overdue=true&text=漏水"}],
}


async def signed_in(bench: Bench, id: str = "chen.jie", **facts: Any) -> dict[str, str]:
    await bench.hire(id, **facts)
    return bearer(await bench.tokens(id))


async def change(
    bench: Bench, who: dict[str, str], present: str = PASSWORD, password: str = OTHER_PASSWORD
) -> Any:
    body = {"present": present, "password": password}
    return await bench.ask("PUT", "/v1/session/password", who, json=body)


async def test_the_session_names_whoever_asks_and_how_they_want_their_pages(bench: Bench) -> None:
    who = await signed_in(bench, name="陈洁")

    session = (await bench.who(who)).json()

    assert (session["name"], session["settings"]) == ("陈洁", USUAL)
    operator = (await bench.who(bench.boss())).json()
    assert (operator["name"], operator["settings"]) == (None, USUAL)


async def test_settings_are_kept_with_the_account_for_every_session_and_on_record(
    bench: Bench,
) -> None:
    who = await signed_in(bench)

    assert await bench.done("PUT", "/v1/session/settings", who, json=WISHED) == WISHED

    elsewhere = bearer(await bench.tokens("chen.jie"))
    assert (await bench.who(elsewhere)).json()["settings"] == WISHED
    acts = await bench.store.find("audit", {"act": "account.change_settings"}, limit=9)
    assert [(each["by"], each["subject"]["id"]) for each in acts] == [("chen.jie", "chen.jie")]
    assert "漏水" not in str(acts)
    assert await bench.done("PUT", "/v1/session/settings", who, json={}) == USUAL
    kept = await bench.store.get("accounts", "chen.jie")
    assert kept is not None
    assert "settings" not in kept


async def test_the_same_settings_again_are_no_act(bench: Bench) -> None:
    who = await signed_in(bench)
    for _ in range(3):
        await bench.done("PUT", "/v1/session/settings", who, json=WISHED)

    acts = await bench.store.find("audit", {"act": "account.change_settings"}, limit=9)

    assert len(acts) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"theme": "pink"}, "theme"),
        ({"language": "fr"}, "language"),
        ({"sound": None}, "sound"),
        ({"font": "large"}, "font"),
        ({"saved_views": [{"name": "x", "query": ""}] * 21}, "saved_views"),
        ({"saved_views": [{"name": "x" * 41, "query": ""}]}, "saved_views.0.name"),
        ({"saved_views": [{"name": "x", "query": "y" * 501}]}, "saved_views.0.query"),
        ({"saved_views": [{"name": "", "query": ""}]}, "saved_views.0.name"),
        ({"saved_views": [{"name": "a", "query": ""}, {"name": " a ", "query": "b=1"}]},
         "saved_views.1.name"),
        ({"saved_views": [{"name": "a", "query": "q=138%200013%208000"}]}, "saved_views.0.query"),
        ({"saved_views": [{"name": "13800138000", "query": ""}]}, "saved_views.0.name"),
        ({"saved_views": [{"name": "a", "query": "text=3-1-502"}]}, "saved_views.0.query"),
    ],
)  # fmt: skip
async def test_what_is_no_setting_is_refused_by_name_and_never_repeated(
    bench: Bench, body: dict[str, Any], field: str
) -> None:
    who = await signed_in(bench)

    answer = await bench.ask("PUT", "/v1/session/settings", who, json=body)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
    assert "138" not in answer.text
    assert (await bench.who(who)).json()["settings"] == USUAL


async def test_another_password_ends_all_sessions_but_the_own(bench: Bench) -> None:
    await bench.hire("chen.jie")
    own, other = [await bench.tokens("chen.jie") for _ in range(2)]

    assert (await change(bench, bearer(own))).status_code == 204

    assert (await bench.refresh(other["refresh_token"])).status_code == 401
    await bench.hear()
    assert (await bench.who(bearer(other))).status_code == 401
    assert (await bench.who(bearer(own))).status_code == 401, "the old token"
    mine = await bench.refresh(own["refresh_token"])
    assert mine.status_code == 200
    assert (await bench.who(bearer(mine.json()))).status_code == 200
    assert (await bench.sign_in("chen.jie")).status_code == 401
    assert (await bench.sign_in("chen.jie", OTHER_PASSWORD)).status_code == 201
    acts = await bench.store.find("audit", {"act": "account.change_password"}, limit=9)
    assert len(acts) == 1


@pytest.mark.parametrize(
    ("present", "password", "field"),
    [
        ("not the present one", OTHER_PASSWORD, "present"),
        (PASSWORD, "short", "password"),
        (PASSWORD, "chen.jie", "password"),
        (PASSWORD, "password1234", "password"),
        (PASSWORD, PASSWORD, "password"),
        (PASSWORD, "", "password"),
        ("", OTHER_PASSWORD, "present"),
    ],
)
async def test_a_password_that_may_not_be_is_refused_by_name(
    bench: Bench, present: str, password: str, field: str
) -> None:
    who = await signed_in(bench)

    answer = await change(bench, who, present, password)

    assert answer.status_code == 422
    assert {fault["field"] for fault in answer.json()["faults"]} == {field}
    assert all(fault["fault_zh"] for fault in answer.json()["faults"])
    assert (await bench.sign_in("chen.jie")).status_code == 201
    assert await bench.store.find("audit", {"act": "account.change_password"}, limit=9) == []


async def test_whoever_has_a_token_alone_cannot_guess_the_password(bench: Bench) -> None:
    who = await signed_in(bench)

    answers = [await change(bench, who, f"guess number {n}") for n in range(11)]

    assert [a.status_code for a in answers] == [*[422] * 10, 429]
    assert answers[-1].headers["retry-after"]


async def test_of_two_who_change_it_at_once_one_does(bench: Bench) -> None:
    await bench.hire("chen.jie")
    sessions = [bearer(await bench.tokens("chen.jie")) for _ in range(2)]
    third = "ein drittes langes Wort"

    first, second = await asyncio.gather(
        change(bench, sessions[0]), change(bench, sessions[1], password=third)
    )

    assert sorted([first.status_code, second.status_code]) in ([204, 409], [204, 422])
    won = OTHER_PASSWORD if first.status_code == 204 else third
    assert (await bench.sign_in("chen.jie", won)).status_code == 201


async def test_who_signs_in_elsewhere_has_no_password_to_change(bench: Bench) -> None:
    who = await signed_in(bench)
    await bench.store.change_many("accounts", {"_id": "chen.jie"}, {"$unset": {"password": ""}})

    answer = await change(bench, who)

    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "no-password")
    assert answer.json()["detail_zh"]


async def test_a_session_without_its_second_factor_changes_nothing(bench: Bench) -> None:
    who = await signed_in(bench, "boss", role="supervisor")

    assert (await change(bench, who)).status_code == 403
    assert (await bench.ask("PUT", "/v1/session/settings", who, json={})).status_code == 403
    assert (await bench.ask("GET", "/v1/sessions", who)).status_code == 403


async def test_a_token_of_the_operator_has_no_account_to_change(bench: Bench) -> None:
    assert (await change(bench, bench.boss())).status_code == 409
    assert (
        await bench.ask("PUT", "/v1/session/settings", bench.boss(), json={})
    ).status_code == 409
    assert await bench.done("GET", "/v1/sessions") == {"items": []}


async def test_whoever_asks_sees_where_they_are_signed_in_and_ends_it(bench: Bench) -> None:
    await bench.hire("chen.jie")
    lost, own = [await bench.tokens("chen.jie") for _ in range(2)]
    who = bearer(own)
    shown = (await bench.done("GET", "/v1/sessions", who))["items"]
    mine = (await bench.who(who)).json()["session"]

    assert [each["own"] for each in shown] == [each["id"] == mine for each in shown]
    assert len(shown) == 2
    other = next(each["id"] for each in shown if not each["own"])
    await bench.done("DELETE", f"/v1/sessions/{other}", who)

    await bench.hear()
    assert (await bench.who(bearer(lost))).status_code == 401
    assert (await bench.who(who)).status_code == 200
    assert [each["id"] for each in (await bench.done("GET", "/v1/sessions", who))["items"]] == [
        mine
    ]
    assert (await bench.ask("DELETE", f"/v1/sessions/{other}", who)).status_code == 404


async def test_of_foreign_sessions_nothing_is_there(bench: Bench) -> None:
    await bench.hire("li.na")
    foreign = (await bench.who(bearer(await bench.tokens("li.na")))).json()["session"]
    who = await signed_in(bench)

    answers = [
        await bench.ask("DELETE", f"/v1/sessions/{id}", who)
        for id in (foreign, "0" * 32, "中", "..")
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].content == answers[1].content
    shown = (await bench.done("GET", "/v1/sessions", who))["items"]
    assert foreign not in str(shown)
    assert (await bench.who(bearer(await bench.tokens("li.na")))).status_code == 200


async def test_a_session_that_is_over_is_shown_no_more(bench: Bench) -> None:
    await bench.hire("chen.jie")
    await bench.tokens("chen.jie")
    await bench.forward(timedelta(hours=1))
    who = bearer(await bench.tokens("chen.jie"))

    assert len((await bench.done("GET", "/v1/sessions", who))["items"]) == 1


async def test_a_name_of_ones_own_is_kept_and_on_record_without_saying_which(
    bench: Bench,
) -> None:
    who = await signed_in(bench, name="陈洁")

    assert await bench.done("PUT", "/v1/session/name", who, json={"name": " 陈小洁 "}) == {
        "name": "陈小洁"
    }

    assert (await bench.who(who)).json()["name"] == "陈小洁"
    acts = await bench.store.find("audit", {"act": "account.change_name"}, limit=9)
    assert [(each["by"], each["subject"]["id"]) for each in acts] == [("chen.jie", "chen.jie")]
    assert "小洁" not in str(acts)
    for none in ("", "  ", None):
        assert await bench.done("PUT", "/v1/session/name", who, json={"name": none}) == {
            "name": None
        }
    assert (await bench.who(who)).status_code == 200, "the session goes on"


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "x" * 61}, {"name": "a\nb"}, {"name": "a\u202eb"}, {"name": 7}, {"nom": "x"}],
)
async def test_a_name_that_cannot_be_read_is_refused(bench: Bench, body: dict[str, Any]) -> None:
    who = await signed_in(bench, name="陈洁")

    answer = await bench.ask("PUT", "/v1/session/name", who, json=body)

    assert answer.status_code == 422
    assert (await bench.who(who)).json()["name"] == "陈洁"


async def test_the_operators_token_has_no_name_to_change(bench: Bench) -> None:
    answer = await bench.ask("PUT", "/v1/session/name", json={"name": "x"})

    assert answer.status_code == 409
