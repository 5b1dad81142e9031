"""How often somebody may try, counted over all replicas."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import structlog

from shared.telemetry import metrics
from tests.admin.bench import OTHER_PASSWORD, Bench, bearer


def locks(scope: str) -> float:
    return float(metrics.LOCKS.labels(scope=scope)._value.get())


async def fail(bench: Bench, times: int, *, id: str = "chen.jie", **how: object) -> list[int]:
    return [
        (await bench.sign_in(id, OTHER_PASSWORD, **how)).status_code  # type: ignore[arg-type]  # a test's own words
        for _ in range(times)
    ]


async def test_after_ten_failures_an_address_waits_also_with_the_right_password(
    bench: Bench,
) -> None:
    await bench.hire("chen.jie")
    before = locks("both")

    assert await fail(bench, 10) == [401] * 10
    locked = await bench.sign_in("chen.jie")

    assert locked.status_code == 429
    assert 1 <= int(locked.headers["retry-after"]) <= 15 * 60
    assert locks("both") == before + 1
    elsewhere = await bench.from_address("192.0.2.9")
    assert (await bench.sign_in("chen.jie", http=elsewhere)).status_code == 201


async def test_a_lock_ends_after_a_quarter_of_an_hour_and_is_not_lengthened(bench: Bench) -> None:
    await bench.hire("chen.jie")
    await fail(bench, 10)
    await bench.forward(timedelta(minutes=14))
    assert await fail(bench, 3) == [429] * 3

    await bench.forward(timedelta(minutes=1, seconds=1))

    assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_after_thirty_failures_from_anywhere_the_account_waits(bench: Bench) -> None:
    await bench.hire("chen.jie")
    before = locks("account")
    for n in range(3):
        attacker = await bench.from_address(f"192.0.2.{n + 1}")
        assert await fail(bench, 10, http=attacker) == [401] * 10

    answers = [
        await bench.sign_in("chen.jie", http=await bench.from_address(f"192.0.2.{n}"))
        for n in (50, 51)
    ]

    assert [a.status_code for a in answers] == [429, 429]
    assert locks("account") == before + 1


async def test_an_address_from_which_the_account_signed_in_is_spared_what_others_tried(
    bench: Bench,
) -> None:
    await bench.hire("chen.jie")
    desk = await bench.from_address("192.0.2.50")
    await bench.tokens("chen.jie", http=desk)
    for n in range(3):
        await fail(bench, 10, http=await bench.from_address(f"192.0.2.{n + 1}"))

    assert (await bench.sign_in("chen.jie")).status_code == 429
    assert (await bench.sign_in("chen.jie", http=desk)).status_code == 201
    assert await fail(bench, 11, http=desk) == [401] * 10 + [429], "its own tries are counted"


async def test_an_address_is_known_for_thirty_days_and_to_its_account_alone(bench: Bench) -> None:
    for id in ("chen.jie", "wang"):
        await bench.hire(id)
    desk = await bench.from_address("192.0.2.50")
    await bench.tokens("chen.jie", http=desk)
    await bench.forward(timedelta(days=29, hours=23))
    for id in ("chen.jie", "wang"):
        for n in range(3):
            stranger = await bench.from_address(f"192.0.2.{n + 1}")
            await fail(bench, 6, id=id, http=stranger)
            stranger = await bench.from_address(f"198.51.100.{n + 1}")
            await fail(bench, 6, id=id, http=stranger)

    assert (await bench.sign_in("wang", http=desk)).status_code == 429
    assert (await bench.sign_in("chen.jie", http=desk)).status_code == 201
    await bench.store.documents("known_addresses").update_many(
        {}, {"$set": {"until": bench.now() - timedelta(seconds=1)}}
    )
    assert (await bench.sign_in("chen.jie", http=desk)).status_code == 429
    assert "192.0.2" not in str(await bench.store.find("known_addresses", {}, limit=9))


async def test_many_accounts_tried_from_one_address_are_slowed(bench: Bench) -> None:
    before = locks("address")

    answers = [await bench.sign_in(f"person-{n}", OTHER_PASSWORD) for n in range(32)]

    assert [a.status_code for a in answers] == [401] * 30 + [429] * 2
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 15 * 60
    assert locks("address") == before + 1
    await bench.hire("chen.jie")
    assert (await bench.sign_in("chen.jie")).status_code == 429
    elsewhere = await bench.from_address("192.0.2.9")
    assert (await bench.sign_in("chen.jie", http=elsewhere)).status_code == 201


async def test_an_address_that_is_locked_is_so_for_accounts_that_it_tried_before(
    bench: Bench,
) -> None:
    """Else whoever sends each guess twice would have the second one looked at."""
    await bench.hire("chen.jie")
    assert await fail(bench, 2) == [401] * 2
    for n in range(30):
        await bench.sign_in(f"person-{n}", OTHER_PASSWORD)

    assert (await bench.sign_in("chen.jie")).status_code == 429
    twice = await asyncio.gather(*(bench.sign_in("another", OTHER_PASSWORD) for _ in range(4)))
    assert {a.status_code for a in twice} == {429}
    await bench.forward(timedelta(minutes=15, seconds=1))
    assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_one_who_has_forgotten_a_password_does_not_lock_the_office(bench: Bench) -> None:
    office = [f"agent-{n}" for n in range(4)]
    for id in office:
        await bench.hire(id)
    for id in office[:3]:
        assert await fail(bench, 12, id=id) == [401] * 10 + [429] * 2

    assert await fail(bench, 9, id=office[3]) == [401] * 9
    assert (await bench.sign_in(office[3])).status_code == 201


async def test_slips_of_the_finger_in_an_office_are_taken_back_by_signing_in(bench: Bench) -> None:
    office = [f"agent-{n}" for n in range(5)]
    for id in office:
        await bench.hire(id)

    for id in office:
        assert await fail(bench, 5, id=id) == [401] * 5
        assert (await bench.sign_in(id)).status_code == 201


async def test_the_code_of_a_session_lets_off_no_tries_at_the_password(bench: Bench) -> None:
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))
    await fail(bench, 9)

    await bench.done("POST", "/v1/session/factor", who, json={})

    assert await fail(bench, 2) == [401, 429]


async def test_a_try_that_nobody_looked_at_is_503_and_does_not_count(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.hire("chen.jie")
    with monkeypatch.context() as full:
        full.setattr("services.admin.sessions.passwords.MOST_IN_HAND", 0)
        answers = [await bench.sign_in("chen.jie", OTHER_PASSWORD) for _ in range(15)]

    assert {a.status_code for a in answers} == {503}
    assert answers[0].json()["type"] == "urn:hotline:problem:busy"
    assert int(answers[0].headers["retry-after"]) >= 1
    assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_guessed_refresh_tokens_and_invitations_are_counted_by_address(
    bench: Bench,
) -> None:
    await bench.hire("chen.jie")
    tokens = await bench.tokens("chen.jie")
    invitation = await bench.invite("wang")
    answers = [await bench.refresh(f"{n:032x}.guess") for n in range(15)]
    answers += [await bench.accept(f"wang.guess-{n}") for n in range(16)]

    assert [a.status_code for a in answers] == [401] * 30 + [429]
    assert (await bench.refresh(tokens["refresh_token"])).status_code == 200, "what fits goes on"
    assert (await bench.accept(invitation)).status_code == 204


@pytest.mark.parametrize(
    "guess",
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.x", "x", "hk_aaaaaaaaaaaa_" + "b" * 43, "hk_", "hk_x"],
)
async def test_guessed_tokens_and_keys_are_counted_by_address(bench: Bench, guess: str) -> None:
    await bench.hire("chen.jie")
    who = bearer(await bench.tokens("chen.jie"))
    guessed = {"Authorization": f"Bearer {guess}"}
    paths = ["/v1/session", "/v1/users", "/v1/sessions"]  # of either door

    answers = [await bench.ask("GET", paths[n % 3], guessed) for n in range(33)]

    assert [a.status_code for a in answers] == [401] * 30 + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 15 * 60
    assert guess not in answers[-1].text or len(guess) < 4
    assert (await bench.who(who)).status_code == 200, "what fits goes on"
    elsewhere = await bench.from_address("192.0.2.9")
    assert (await elsewhere.get("/v1/users", headers=guessed)).status_code == 401
    await bench.forward(timedelta(minutes=15, seconds=1))
    assert (await bench.ask("GET", "/v1/users", guessed)).status_code == 401


async def test_a_key_that_is_too_new_to_be_known_or_was_taken_back_is_no_guess(
    bench: Bench,
) -> None:
    body = {"publisher": "app", "actions": ["ticket.register"]}
    made = await bench.done("POST", "/v1/api-keys", json=body)
    key = {"Authorization": f"Bearer {made['secret']}"}
    damaged = {"Authorization": f"Bearer {made['secret'][:-4]}xxxx"}
    early = [await bench.ask("GET", "/v1/users", key) for _ in range(31)]
    # On a slow machine it is known before the last of them.
    assert {a.status_code for a in early} <= {401, 403}
    await bench.hear()
    assert (await bench.ask("GET", "/v1/users", key)).status_code == 403, "known now"
    id = made["secret"].split("_")[1]
    await bench.done("POST", f"/v1/api-keys/{id}/revoke", json={})
    await bench.hear()
    late = [await bench.ask("GET", "/v1/users", key) for _ in range(31)]

    assert {a.status_code for a in late} == {401}
    guesses = [await bench.ask("GET", "/v1/users", damaged) for _ in range(31)]
    assert [a.status_code for a in guesses] == [401] * 30 + [429]


async def test_tokens_and_keys_that_have_ended_are_no_guesses(bench: Bench) -> None:
    await bench.hire("chen.jie")
    ended, over = [bearer(await bench.tokens("chen.jie")) for _ in range(2)]
    await bench.done("DELETE", "/v1/session", ended)
    await bench.hear()
    answers = [await bench.who(ended) for _ in range(31)]
    await bench.forward(timedelta(minutes=11))
    answers += [await bench.who(over) for _ in range(31)]
    answers += [await bench.http.get("/v1/users") for _ in range(31)]

    assert {a.status_code for a in answers} == {401}
    assert await bench.store.find("tries", {"count": {"$gt": 1}}, limit=9) == []


async def test_an_account_that_is_not_there_is_locked_like_any_other(bench: Bench) -> None:
    assert await fail(bench, 11, id="nobody") == [401] * 10 + [429]


async def test_a_success_lets_off_what_was_tried_from_there(bench: Bench) -> None:
    await bench.hire("chen.jie")
    for _ in range(3):
        await fail(bench, 9)
        assert (await bench.sign_in("chen.jie")).status_code == 201


async def test_many_at_once_over_two_replicas_are_not_more_than_may_be(bench: Bench) -> None:
    await bench.hire("chen.jie")
    other = await bench.add_replica()

    answers = await asyncio.gather(
        *(
            bench.sign_in("chen.jie", OTHER_PASSWORD, http=(bench.http, other.http)[n % 2])
            for n in range(24)
        )
    )

    statuses = [a.status_code for a in answers]
    assert (statuses.count(401), statuses.count(429)) == (10, 14)


async def test_a_lock_is_told_by_the_account_where_there_is_one_and_never_by_what_was_typed(
    bench: Bench,
) -> None:
    await bench.hire("chen.jie")

    with structlog.testing.capture_logs() as lines:
        await fail(bench, 10)
        elsewhere = await bench.from_address("192.0.2.9")
        await fail(bench, 10, id="my secret password", http=elsewhere)

    told = [line for line in lines if line["event"] == "account_locked"]
    assert [line["account"] for line in told] == ["chen.jie", None]
    assert "my secret password" not in str(lines)
    kept = await bench.store.find("tries", {}, limit=99)
    assert len(kept) == 6
    assert "chen.jie" not in str(kept)


@pytest.mark.parametrize("collection", ["tries", "known_addresses", "sessions", "oidc_flows"])
async def test_the_store_forgets_by_itself(bench: Bench, collection: str) -> None:
    indexes = await bench.store.documents(collection).index_information()

    assert [i["expireAfterSeconds"] for i in indexes.values() if "expireAfterSeconds" in i] == [0]
