"""Signing in at an identity provider: a real one, and each way of being refused."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hotline.embedded.ports import free_ports
from tests.admin.bench import Bench, bearer, open_bench
from tests.admin.mock_provider import claim, consent, running_provider
from tests.support.anew import Shared, shared
from tests.support.bench import Replica
from tests.support.servers import Servers, open_corner

BEGIN, CALLBACK = "/v1/session/oidc", "/v1/session/oidc/callback"


def client_of(issuer: str) -> dict[str, str]:
    """With a secret, since this provider knows no public clients (tests/admin/test_exchange.py)."""
    return {"oidc_issuer": issuer, "oidc_client_id": "estateline", "oidc_client_secret": "a:b%c"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with running_provider() as address:
        yield address


@pytest.fixture(scope="module")
async def running(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory, issuer: str
) -> AsyncIterator[Shared[Bench]]:
    """An administration that is a client of the provider."""
    with open_corner(servers) as corner:
        async with open_bench(corner, tmp_path_factory.mktemp("admin")) as made:
            await made.add_replica(**client_of(issuer))
            yield await shared(made)


async def begin(replica: Replica) -> str:
    answer = await replica.http.get(BEGIN)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def come_back(replica: Replica, shown: dict[str, str]) -> httpx.Response:
    return await replica.http.get(CALLBACK, params=shown)


async def go_and_come_back(
    bench: Bench, subject: str | None, replica: Replica | None = None
) -> httpx.Response:
    at = replica or bench.replicas[0]
    return await come_back(at, await consent(await begin(at), subject=subject))


async def bind(bench: Bench, id: str, subject: str, issuer: str, role: str = "agent") -> None:
    await bench.invite(id, role, binding={"issuer": issuer, "subject": subject})


def reason(answer: httpx.Response) -> Any:
    assert answer.status_code == 401, answer.text
    return answer.json()["reason"]


async def test_whoever_is_bound_signs_in_without_a_password(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)

    answer = await go_and_come_back(bench, "subject-1")

    assert answer.status_code == 200
    who = (await bench.who(bearer(answer.json()))).json()
    assert (who["id"], who["role"], who["factor_needed"]) == ("chen.jie", "agent", False)
    assert (await bench.refresh(answer.json()["refresh_token"])).status_code == 200


async def test_what_is_sent_along_is_ours_and_new_each_time(bench: Bench) -> None:
    asked = [parse_qs(urlsplit(await begin(bench.replicas[0])).query) for _ in range(2)]

    for query in asked:
        assert query["code_challenge_method"] == ["S256"]
        assert query["scope"] == ["openid"]
        state = hashlib.sha256(query["state"][0].encode()).hexdigest()
        flow = await bench.store.get("oidc_flows", state)
        assert flow is not None
        digest = hashlib.sha256(flow["verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        assert (query["code_challenge"], query["nonce"]) == ([challenge], [flow["nonce"]])
        assert query["state"][0] not in str(flow)
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]


async def test_any_replica_may_be_come_back_to(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    other = await bench.add_replica(**client_of(issuer))

    shown = await consent(await begin(bench.replicas[0]), subject="subject-1")
    other.http.cookies.update(bench.replicas[0].http.cookies)  # one browser, two replicas

    assert (await come_back(other, shown)).status_code == 200


async def test_only_the_browser_that_began_comes_back(bench: Bench, issuer: str) -> None:
    """Whoever is sent a stranger's way back would work under the stranger's name."""
    await bind(bench, "chen.jie", "subject-1", issuer)
    shown = await consent(await begin(bench.replicas[0]), subject="subject-1")
    strangers = await bench.add_replica(**client_of(issuer))
    await begin(strangers)  # has a cookie of their own

    assert reason(await come_back(strangers, shown)) == "unknown-state"
    assert (await come_back(bench.replicas[0], shown)).status_code == 200  # it was not used up


@pytest.mark.parametrize(("back", "secure"), [("https", True), ("http", False)])
async def test_the_cookie_is_read_by_nothing_but_the_way_back(
    bench: Bench, issuer: str, back: str, *, secure: bool
) -> None:
    address = f"{back}://127.0.0.1{CALLBACK}"
    replica = await bench.add_replica(**client_of(issuer), oidc_redirect_url=address)

    said = (await replica.http.get(BEGIN)).headers["set-cookie"].lower().split("; ")

    assert {"httponly", "samesite=lax", "path=/v1/session/oidc", "max-age=600"} <= set(said)
    assert ("secure" in said) == secure


async def test_a_state_counts_once(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    shown = await consent(await begin(bench.replicas[0]), subject="subject-1")

    answers = await asyncio.gather(*(come_back(bench.replicas[0], shown) for _ in range(3)))

    assert sorted(a.status_code for a in answers) == [200, 401, 401]
    assert {reason(a) for a in answers if a.status_code == 401} == {"unknown-state"}


async def test_a_state_counts_for_ten_minutes(bench: Bench, issuer: str) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    shown = await consent(await begin(bench.replicas[0]), subject="subject-1")

    await bench.forward(timedelta(minutes=10))

    assert reason(await come_back(bench.replicas[0], shown)) == "unknown-state"


async def test_a_trial_s_clock_does_not_make_the_provider_s_tokens_old(
    bench: Bench, issuer: str
) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)

    await bench.forward(timedelta(days=30))

    assert (await go_and_come_back(bench, "subject-1")).status_code == 200


async def test_who_is_not_bound_frozen_or_bound_elsewhere_has_no_account(
    bench: Bench, issuer: str
) -> None:
    await bind(bench, "frozen", "subject-2", issuer)
    await bind(bench, "elsewhere", "subject-3", "https://other.example")
    await bench.done("POST", "/v1/users/frozen/freeze", json={})

    answers = [await go_and_come_back(bench, f"subject-{n}") for n in (1, 2, 3)]

    assert {reason(a) for a in answers} == {"no-account"}
    assert len({a.content for a in answers}) == 1
    assert "subject-" not in answers[0].text


async def test_who_declines_is_not_signed_in_and_the_state_is_used_up(bench: Bench) -> None:
    address = await begin(bench.replicas[0])
    # This provider forgets to send the state back with a refusal.
    shown = {"state": parse_qs(urlsplit(address).query)["state"][0]}
    shown |= await consent(address, subject=None)

    refused = await come_back(bench.replicas[0], shown)

    assert reason(refused) == "declined"
    assert reason(await come_back(bench.replicas[0], shown)) == "unknown-state"
    assert shown["error"] not in refused.text


@pytest.mark.parametrize(("spoil", "why"), [("code", "code-refused"), ("nonce", "id-token")])
async def test_what_does_not_fit_the_sign_in_is_refused(
    bench: Bench, issuer: str, spoil: str, why: str
) -> None:
    await bind(bench, "chen.jie", "subject-1", issuer)
    shown = await consent(await begin(bench.replicas[0]), subject="subject-1")
    if spoil == "code":
        shown["code"] = "made-up"
    else:
        await bench.store.documents("oidc_flows").update_many({}, {"$set": {spoil: "other"}})

    answer = await come_back(bench.replicas[0], shown)

    assert reason(answer) == why
    assert not [value for value in shown.values() if value in answer.text]


@pytest.mark.parametrize(
    ("trusted", "says", "enters"),
    [
        (False, {"amr": ["pwd", "otp"]}, False),
        (True, {}, False),
        (True, {"amr": ["pwd"]}, False),
        (True, {"amr": ["pwd", "otp"]}, True),
        (True, {"acr": "gold"}, True),
        (True, {"acr": "silver"}, False),
    ],
)
async def test_a_role_that_needs_a_second_factor_enters_where_the_trusted_token_says_it_was_shown(
    bench: Bench, issuer: str, says: dict[str, Any], *, trusted: bool, enters: bool
) -> None:
    subject = f"boss-{trusted}-{'-'.join(map(str, says.values()))}".replace(" ", "")
    await claim(issuer, subject, **says)
    await bind(bench, "boss", subject, issuer, "administrator")
    replica = await bench.add_replica(
        **client_of(issuer), oidc_second_factor=trusted, oidc_acr_values=("gold",)
    )

    answer = await go_and_come_back(bench, subject, replica)

    if enters:
        assert answer.json()["factor_needed"] is False
    else:
        assert reason(answer) == "no-second-factor"


async def test_the_class_of_sign_in_that_counts_is_asked_for(bench: Bench, issuer: str) -> None:
    replica = await bench.add_replica(**client_of(issuer), oidc_acr_values=("gold", "mfa"))

    asked = [parse_qs(urlsplit(await begin(at)).query) for at in (replica, bench.replicas[0])]

    assert asked[0]["acr_values"] == ["gold mfa"]
    assert "acr_values" not in asked[1]


async def test_a_provider_that_is_away_or_somebody_else_is_503(bench: Bench, issuer: str) -> None:
    nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
    for address in (nobody, issuer.replace("127.0.0.1", "localhost") + "/"):
        replica = await bench.add_replica(oidc_issuer=address, oidc_client_id="estateline")
        answer = await replica.http.get(BEGIN)
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:hotline:problem:provider-away"


async def test_where_no_provider_is_set_there_is_none(bench: Bench) -> None:
    replica = await bench.add_replica()

    answers = [await replica.http.get(BEGIN), await come_back(replica, {"state": "x"})]

    assert [a.status_code for a in answers] == [404, 404]


@pytest.mark.parametrize(
    "settings",
    [
        {"oidc_issuer": "http://login.example", "oidc_client_id": "x"},
        {"oidc_issuer": "ftp://127.0.0.1", "oidc_client_id": "x"},
        {"oidc_issuer": "https://login.example"},
        {"oidc_client_id": "x"},
    ],
)
async def test_settings_that_are_unsafe_or_half_stop_the_start(
    bench: Bench, settings: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match=r"https|belong together"):
        await bench.add_replica(**settings)
