"""Accounts over HTTP: made, invited, changed, frozen; who may not, and what stays."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.admin.bench import OTHER_PASSWORD, PASSWORD, Bench, bearer


async def test_whoever_is_invited_sets_a_password_and_signs_in(bench: Bench) -> None:
    made = await bench.done(
        "POST", "/v1/users", json={"id": "chen.jie", "role": "agent", "places": ["jinyuan"]}
    )

    assert made["user"]["has_password"] is False
    assert (await bench.accept(made["invitation"])).status_code == 204
    tokens = await bench.tokens("chen.jie")

    who = (await bench.who(bearer(tokens))).json()
    assert (who["id"], who["role"], who["places"]) == ("chen.jie", "agent", ["jinyuan"])
    assert "ticket.register" in who["may"]
    assert "account.manage" not in who["may"]


async def test_nothing_that_opens_an_account_is_kept_or_shown(bench: Bench) -> None:
    invitation = await bench.invite("chen.jie")
    await bench.accept(invitation)
    tokens = await bench.tokens("chen.jie")

    kept = str([await bench.store.find(c, {}, limit=9) for c in ("accounts", "sessions")])
    shown = (await bench.ask("GET", "/v1/users/chen.jie")).text
    for secret in (PASSWORD, invitation.rpartition(".")[2], tokens["access_token"],
                   tokens["refresh_token"].rpartition(".")[2]):  # fmt: skip
        assert secret not in kept
        assert secret not in shown
    assert "$argon2id$" in kept
    assert "argon2" not in shown


async def test_an_invitation_counts_once(bench: Bench) -> None:
    invitation = await bench.invite("chen.jie")
    await bench.accept(invitation)

    again = await bench.accept(invitation, OTHER_PASSWORD)

    assert (again.status_code, again.json()["reason"]) == (401, "invitation")
    assert (await bench.sign_in("chen.jie", OTHER_PASSWORD)).status_code == 401


async def test_of_two_who_accept_at_once_one_sets_the_password(bench: Bench) -> None:
    invitation = await bench.invite("chen.jie")

    answers = await asyncio.gather(
        bench.accept(invitation), bench.accept(invitation, OTHER_PASSWORD)
    )

    assert sorted(a.status_code for a in answers) == [204, 401]
    won = PASSWORD if answers[0].status_code == 204 else OTHER_PASSWORD
    assert (await bench.sign_in("chen.jie", won)).status_code == 201


async def test_an_invitation_ends_after_two_days_or_with_the_next_one(bench: Bench) -> None:
    first = await bench.invite("chen.jie")
    second = (await bench.done("POST", "/v1/users/chen.jie/invitation", json={}))["invitation"]

    assert (await bench.accept(first)).status_code == 401
    await bench.forward(timedelta(hours=48))
    assert (await bench.accept(second)).status_code == 401
    third = (await bench.done("POST", "/v1/users/chen.jie/invitation", json={}))["invitation"]
    assert (await bench.accept(third)).status_code == 204


@pytest.mark.parametrize(
    "token", ["", ".", "chen.jie", "chen.jie.", "nobody.x", "x" * 200, "中.文"]
)
async def test_a_made_up_invitation_opens_nothing(bench: Bench, token: str) -> None:
    await bench.invite("chen.jie")

    assert (await bench.accept(token)).status_code in {401, 422}


async def test_a_weak_password_is_named_with_the_way_out(bench: Bench) -> None:
    invitation = await bench.invite("chen.jie")

    answer = await bench.accept(invitation, "password1234")

    fault = answer.json()["faults"][0]
    assert (answer.status_code, fault["field"]) == (422, "password")
    assert fault["remedy"]
    assert "password1234" not in answer.text
    assert (await bench.accept(invitation)).status_code == 204


async def test_an_id_and_a_provider_s_person_are_each_taken_once(bench: Bench) -> None:
    person = {"issuer": "https://login.example", "subject": "s-1"}
    await bench.invite("chen.jie", binding=person)

    same = await bench.ask("POST", "/v1/users", json={"id": "chen.jie", "role": "agent"})
    bound = await bench.ask(
        "POST", "/v1/users", json={"id": "wang", "role": "agent", "binding": person}
    )
    await bench.invite("li")
    later = await bench.ask("PATCH", "/v1/users/li", json={"binding": person})

    kinds = [a.json()["type"].rpartition(":")[2] for a in (same, bound, later)]
    assert kinds == ["there-already", "bound-already", "bound-already"]
    assert {a.status_code for a in (same, bound, later)} == {409}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "system"}, "role"),
        ({"places": ["atlantis"]}, "places"),
        ({"departments": []}, "departments"),
        ({"name": ""}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_fault_is_named_by_its_field(
    bench: Bench, change: dict[str, object], field: str
) -> None:
    await bench.invite("chen.jie")

    answer = await bench.ask("PATCH", "/v1/users/chen.jie", json=change)

    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == field


async def test_all_that_is_wrong_with_a_new_account_is_named_at_once(bench: Bench) -> None:
    body = {"id": "Chen Jie", "role": "boss", "places": ["nowhere"], "departments": ["nobody"]}
    answer = await bench.ask("POST", "/v1/users", json=body)

    assert answer.status_code == 422
    named = [fault["field"] for fault in answer.json()["faults"]]
    assert named == ["id", "role", "places", "departments"]


async def test_another_role_or_reach_signs_out_and_a_name_does_not(bench: Bench) -> None:
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))

    await bench.done("PATCH", "/v1/users/chen.jie", json={"name": "Chen"})
    await bench.hear()
    assert (await bench.who(who)).status_code == 200
    await bench.done("PATCH", "/v1/users/chen.jie", json={"places": ["jinyuan"]})
    await bench.hear()
    assert (await bench.who(who)).status_code == 401

    again = (await bench.who(bearer(await bench.tokens("chen.jie")))).json()
    assert again["places"] == ["jinyuan"]


async def test_a_frozen_account_is_out_and_comes_back_with_its_password(bench: Bench) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")

    frozen = await bench.done("POST", "/v1/users/chen.jie/freeze", json={"why": "left"})
    await bench.hear()

    assert frozen["state"] == "frozen"
    assert (await bench.who(bearer(tokens))).status_code == 401
    assert (await bench.refresh(tokens["refresh_token"])).status_code == 401
    assert (await bench.sign_in("chen.jie")).status_code == 401
    await bench.done("POST", "/v1/users/chen.jie/thaw", json={})
    await bench.hear()
    assert (await bench.who(bearer(tokens))).status_code == 401
    assert (await bench.who(bearer(await bench.tokens("chen.jie")))).status_code == 200


async def test_an_invited_account_that_is_frozen_stays_out(bench: Bench) -> None:
    invitation = await bench.invite("chen.jie")
    await bench.done("POST", "/v1/users/chen.jie/freeze", json={})

    assert (await bench.accept(invitation)).status_code == 401
    again = await bench.ask("POST", "/v1/users/chen.jie/invitation", json={})
    assert again.status_code == 409


async def test_nobody_freezes_themselves(bench: Bench) -> None:
    for id in ("boss", "other"):
        await bench.invite(id, "administrator")
    boss = bench.signed_in("administrator", id="boss")

    frozen = await bench.ask("POST", "/v1/users/boss/freeze", boss, json={})
    demoted = await bench.ask("PATCH", "/v1/users/boss", boss, json={"role": "agent"})

    assert {frozen.status_code, demoted.status_code} == {409}
    assert (await bench.done("GET", "/v1/users/boss"))["role"] == "administrator"


async def test_the_last_administrator_stays(bench: Bench) -> None:
    await bench.invite("boss", "administrator")
    await bench.invite("local", "administrator", places=["jinyuan"])

    answers = [
        await bench.ask("POST", "/v1/users/boss/freeze", json={}),
        await bench.ask("PATCH", "/v1/users/boss", json={"role": "agent"}),
        await bench.ask("PATCH", "/v1/users/boss", json={"places": ["jinyuan"]}),
    ]

    kinds = {a.json()["type"].rpartition(":")[2] for a in answers}
    assert ({a.status_code for a in answers}, kinds) == ({409}, {"last-administrator"})
    await bench.done("PATCH", "/v1/users/local", json={"places": ["*"]})
    await bench.done("POST", "/v1/users/boss/freeze", json={})
    last = await bench.ask("POST", "/v1/users/local/freeze", json={})
    assert last.status_code == 409
    await bench.done("POST", "/v1/users/boss/thaw", json={})
    await bench.done("POST", "/v1/users/local/freeze", json={})


async def test_of_two_administrators_who_freeze_each_other_one_stays(bench: Bench) -> None:
    other = await bench.add_replica()
    for _ in range(8):
        for collection in ("accounts", "rolls"):
            await bench.store.documents(collection).delete_many({})
        for id in ("one", "two"):
            await bench.invite(id, "administrator")

        answers = await asyncio.gather(
            bench.ask("POST", "/v1/users/one/freeze", json={}),
            other.http.post("/v1/users/two/freeze", json={}, headers=bench.boss()),
        )

        states = [(await bench.done("GET", f"/v1/users/{id}"))["state"] for id in ("one", "two")]
        assert sorted(a.status_code for a in answers) == [200, 409]
        assert sorted(states) == ["active", "frozen"]


async def test_accounts_are_listed_page_by_page(bench: Bench) -> None:
    for n in range(5):
        await bench.invite(f"agent{n}")

    first = await bench.done("GET", "/v1/users", params={"limit": 3})
    rest = await bench.done("GET", "/v1/users", params={"limit": 3, "after": first["next"]})

    ids = [user["id"] for user in first["items"] + rest["items"]]
    assert (ids, rest["next"]) == ([f"agent{n}" for n in range(5)], None)


@pytest.mark.parametrize(
    ("role", "places", "method", "status"),
    [
        ("administrator", ("*",), "GET", 200),
        ("auditor", ("*",), "GET", 200),
        ("administrator", ("jinyuan",), "GET", 403),
        ("manager", ("*",), "GET", 403),
        ("auditor", ("*",), "POST", 403),
        ("agent", ("*",), "POST", 403),
    ],
)
async def test_accounts_are_for_administrators_of_the_whole_group(
    bench: Bench, role: str, places: tuple[str, ...], method: str, status: int
) -> None:
    await bench.invite("chen.jie")
    path = "/v1/users/chen.jie" + ("" if method == "GET" else "/freeze")
    body: dict[str, str] | None = None if method == "GET" else {}

    answer = await bench.ask(method, path, bench.signed_in(role, *places), json=body)

    assert answer.status_code == status


async def test_there_is_no_account_that_is_not_there(bench: Bench) -> None:
    paths = [("GET", ""), ("POST", "/freeze"), ("POST", "/thaw"), ("POST", "/invitation"),
             ("DELETE", "/factor"), ("PATCH", "")]  # fmt: skip

    for method, tail in paths:
        body: dict[str, str] | None = None if method in {"GET", "DELETE"} else {}
        answer = await bench.ask(method, f"/v1/users/nobody{tail}", json=body)
        assert answer.status_code == 404, (method, tail)
