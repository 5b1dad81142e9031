"""The second factor: set up, asked for, used once, lost and replaced."""

from __future__ import annotations

import asyncio

import pytest

from tests.admin.bench import Bench, bearer

FACTOR = "/v1/session/factor"


async def test_whoever_approves_may_set_up_a_factor_and_nothing_else_before(bench: Bench) -> None:
    await bench.hire("boss", "administrator")
    tokens = await bench.tokens("boss")
    who = bearer(tokens)

    assert tokens["factor_needed"] is True
    seen = (await bench.who(who)).json()
    assert (seen["factor_needed"], seen["may"]) == (True, [])
    refused = await bench.ask("GET", "/v1/users", who)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (
        403,
        "factor-needed",
    )
    refreshed = (await bench.refresh(tokens["refresh_token"])).json()
    assert refreshed["factor_needed"] is True

    await bench.secure("boss")
    await bench.hear()
    assert (await bench.who(who)).status_code == 401
    whole = await bench.tokens("boss", code=bench.code("boss", steps=1))
    assert whole["factor_needed"] is False
    assert (await bench.ask("GET", "/v1/users", bearer(whole))).status_code == 200


async def test_whoever_needs_none_may_have_one(bench: Bench) -> None:
    await bench.hire("chen.jie")
    assert (await bench.tokens("chen.jie"))["factor_needed"] is False

    await bench.secure("chen.jie")

    assert (await bench.sign_in("chen.jie")).status_code == 401
    assert (await bench.sign_in("chen.jie", code=bench.code("chen.jie", steps=1))).is_success


async def test_a_code_counts_once(bench: Bench) -> None:
    await bench.hire("chen.jie")
    await bench.secure("chen.jie")
    confirmed, later = bench.code("chen.jie"), bench.code("chen.jie", steps=1)

    assert (await bench.sign_in("chen.jie", code=confirmed)).status_code == 401
    answers = await asyncio.gather(*(bench.sign_in("chen.jie", code=later) for _ in range(5)))

    assert sorted(a.status_code for a in answers) == [201, 401, 401, 401, 401]


async def test_each_recovery_code_counts_once(bench: Bench) -> None:
    await bench.hire("chen.jie")
    codes = await bench.secure("chen.jie")

    assert len(codes) == 10
    assert (await bench.sign_in("chen.jie", code=codes[0].upper())).status_code == 201
    assert (await bench.sign_in("chen.jie", code=codes[0])).status_code == 401
    answers = await asyncio.gather(*(bench.sign_in("chen.jie", code=codes[1]) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 401, 401, 401]


async def test_a_code_is_not_used_up_by_who_does_not_know_the_password(bench: Bench) -> None:
    await bench.hire("chen.jie")
    codes = await bench.secure("chen.jie")

    assert (await bench.sign_in("chen.jie", "not the password", code=codes[0])).status_code == 401
    assert (await bench.sign_in("chen.jie", code=codes[0])).status_code == 201


async def test_what_makes_the_codes_is_nowhere_in_the_clear(bench: Bench) -> None:
    await bench.hire("chen.jie")
    codes = await bench.secure("chen.jie")

    kept = str(await bench.store.find("accounts", {}, limit=9))

    assert bench.secrets["chen.jie"] not in kept
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]


async def test_a_sealed_secret_opens_for_its_own_account_only(bench: Bench) -> None:
    for id in ("chen.jie", "wang"):
        await bench.hire(id)
        await bench.secure(id)
    accounts = bench.store.documents("accounts")
    other = await accounts.find_one({"_id": "wang"})
    assert other is not None
    await accounts.update_one(
        {"_id": "chen.jie"}, {"$set": {"factor.sealed": other["factor"]["sealed"]}}
    )

    answer = await bench.sign_in("chen.jie", code=bench.code("wang", steps=1))

    assert answer.status_code == 401


async def test_a_factor_is_exchanged_only_with_a_code_of_the_present_one(bench: Bench) -> None:
    await bench.hire("chen.jie")
    codes = await bench.secure("chen.jie")
    who = bearer(await bench.tokens("chen.jie", code=codes[0]))
    old = bench.secrets["chen.jie"]

    assert (await bench.ask("POST", FACTOR, who, json={})).status_code == 409
    assert (await bench.ask("POST", FACTOR, who, json={"code": "000000"})).status_code == 409
    begun = await bench.done("POST", FACTOR, who, json={"code": codes[1]})
    unconfirmed = await bench.sign_in("chen.jie", code=bench.code("chen.jie", steps=1))
    assert unconfirmed.status_code == 201, "the present factor counts until then"
    bench.secrets["chen.jie"] = begun["secret"]
    await bench.done("POST", f"{FACTOR}/confirm", who, json={"code": bench.code("chen.jie")})

    assert old != begun["secret"]
    assert (await bench.sign_in("chen.jie", code=codes[2])).status_code == 401
    assert (await bench.sign_in("chen.jie", code=bench.code("chen.jie", steps=1))).is_success


@pytest.mark.parametrize(("begin", "code", "status"), [(False, "000000", 409), (True, "abc", 422)])
async def test_a_factor_that_is_not_shown_to_work_does_not_count(
    bench: Bench, *, begin: bool, code: str, status: int
) -> None:
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))
    if begin:
        await bench.done("POST", FACTOR, who, json={})

    answer = await bench.ask("POST", f"{FACTOR}/confirm", who, json={"code": code})

    assert answer.status_code == status
    assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_guesses_at_the_present_code_are_counted_as_tries(bench: Bench) -> None:
    await bench.hire("chen.jie")
    codes = await bench.secure("chen.jie")
    who = bearer(await bench.tokens("chen.jie", code=codes[0]))

    answers = [
        (await bench.ask("POST", FACTOR, who, json={"code": f"{n:06}"})).status_code
        for n in range(11)
    ]

    assert answers == [409] * 10 + [429]


async def test_guesses_at_the_code_of_a_new_device_are_counted_as_tries(bench: Bench) -> None:
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))
    begun = await bench.done("POST", FACTOR, who, json={})
    bench.secrets["chen.jie"] = begun["secret"]

    answers = [
        (await bench.ask("POST", f"{FACTOR}/confirm", who, json={"code": "abc"})).status_code
        for _ in range(11)
    ]
    right = await bench.ask("POST", f"{FACTOR}/confirm", who, json={"code": bench.code("chen.jie")})

    assert answers == [422] * 10 + [429]
    assert right.status_code == 429
    assert int(right.headers["retry-after"]) >= 1


async def test_an_administrator_forgets_a_lost_factor_and_never_their_own(bench: Bench) -> None:
    await bench.hire("boss", "administrator")
    await bench.hire("chen.jie")
    await bench.secure("boss")
    await bench.secure("chen.jie")
    boss = bearer(await bench.tokens("boss", code=bench.code("boss", steps=1)))

    own = await bench.ask("DELETE", "/v1/users/boss/factor", boss)
    await bench.done("DELETE", "/v1/users/chen.jie/factor", boss)

    assert own.status_code == 409
    assert (await bench.sign_in("chen.jie")).status_code == 201
