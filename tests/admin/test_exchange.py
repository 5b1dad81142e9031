"""What is sent to a provider, and what a provider may answer that is not believed."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from services.admin.accounts.domain import Binding
from services.admin.provider.discovery import LARGEST
from services.admin.provider.sign_in import CameBack, Client, Provider
from services.admin.sessions.domain import Vouched
from shared.contracts.refusals import NotSignedIn, Refused
from tests.admin.bench import Bench
from tests.admin.test_id_token import ISSUER, RSA_JWK, token

METADATA: dict[str, Any] = {
    "issuer": ISSUER, "authorization_endpoint": f"{ISSUER}/go?tenant=7",
    "token_endpoint": f"{ISSUER}/token", "jwks_uri": f"{ISSUER}/keys",
}  # fmt: skip
KEYS: dict[str, Any] = {"keys": [{**RSA_JWK, "kid": "k-1", "use": "sig"}]}


@dataclass
class Stand:
    """A provider reduced to its answers; it remembers what it was asked."""

    metadata: Any = field(default_factory=lambda: dict(METADATA))
    keys: Any = field(default_factory=lambda: dict(KEYS))
    token: Any = None
    nonce: str = ""
    named: bool = True
    now: float = 0.0
    asked: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        path = request.url.path
        answer = {
            "/.well-known/openid-configuration": self.metadata,
            "/keys": self.keys,
            "/token": self.token or {"id_token": self.signed()},
        }[path]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def signed(self) -> str:
        now = int(self.now)
        named = {"kid": "k-1"} if self.named else {}
        return token(headers=named, nonce=self.nonce, iat=now, exp=now + 300)

    def count(self, path: str) -> int:
        return sum(request.url.path == path for request in self.asked)


def provider(bench: Bench, stand: Stand, *, secret: str | None = None) -> Provider:
    stand.now = bench.store.clock.outside().timestamp()
    client = Client(ISSUER, "estateline", secret, "http://127.0.0.1:8005/back")
    http = httpx.AsyncClient(transport=httpx.MockTransport(stand))
    return Provider(client, bench.store, http)


async def sign_in(asked: Provider, stand: Stand) -> Vouched:
    begun = await asked.begin()
    stand.nonce = parse_qs(urlsplit(begun.address).query)["nonce"][0]
    return await asked.finish(CameBack(begun.state, begun.state, "c-1", None))


async def test_the_verifier_of_the_challenge_is_sent_with_the_code(bench: Bench) -> None:
    stand = Stand()
    asked = provider(bench, stand)
    begun = await asked.begin()
    query = parse_qs(urlsplit(begun.address).query)
    stand.nonce = query["nonce"][0]

    who = await asked.finish(CameBack(begun.state, begun.state, "c-1", None))

    assert who == Vouched(Binding(ISSUER, "s-1"), second_factor=False)
    assert query["state"] == [begun.state]
    assert query["tenant"] == ["7"]
    [exchange] = [request for request in stand.asked if request.url.path == "/token"]
    form = {name: values[0] for name, values in parse_qs(exchange.content.decode()).items()}
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert (form["code"], form["client_id"]) == ("c-1", "estateline")
    assert query["code_challenge"] == [challenge]
    assert form["redirect_uri"] == query["redirect_uri"][0]
    assert "authorization" not in exchange.headers


async def test_a_secret_goes_into_the_header_and_not_into_the_form(bench: Bench) -> None:
    stand = Stand()

    await sign_in(provider(bench, stand, secret="a:b%c"), stand)

    [exchange] = [request for request in stand.asked if request.url.path == "/token"]
    pair = base64.b64decode(exchange.headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "estateline:a%3Ab%25c"
    assert b"a%3Ab" not in exchange.content


async def test_metadata_and_keys_are_kept(bench: Bench) -> None:
    stand = Stand()
    asked = provider(bench, stand)

    for _ in range(3):
        await sign_in(asked, stand)

    assert (stand.count("/.well-known/openid-configuration"), stand.count("/keys")) == (1, 1)


async def test_an_unknown_key_is_asked_for_once_and_not_at_every_try(bench: Bench) -> None:
    stand = Stand(keys={"keys": []})
    asked = provider(bench, stand)

    for _ in range(3):
        with pytest.raises(NotSignedIn) as caught:
            await sign_in(asked, stand)
        assert caught.value.facts == {"reason": "id-token"}

    assert stand.count("/keys") == 1


@pytest.mark.parametrize("keys", [1, 2])
async def test_a_token_may_leave_its_key_unnamed_where_there_is_one(
    bench: Bench, keys: int
) -> None:
    stand = Stand(keys={"keys": KEYS["keys"] * keys}, named=False)

    if keys == 1:
        assert await sign_in(provider(bench, stand), stand) == Vouched(
            Binding(ISSUER, "s-1"), second_factor=False
        )
    else:
        with pytest.raises(NotSignedIn) as caught:
            await sign_in(provider(bench, stand), stand)
        assert caught.value.facts == {"reason": "id-token"}


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        ({"metadata": {**METADATA, "issuer": "https://other.example"}}, "provider-away"),
        ({"metadata": {**METADATA, "token_endpoint": "http://login.example/t"}}, "provider-away"),
        ({"metadata": {**METADATA, "jwks_uri": None}}, "provider-away"),
        ({"metadata": ["no", "object"]}, "provider-away"),
        ({"metadata": httpx.Response(200, content=b"{")}, "provider-away"),
        ({"metadata": httpx.Response(200, content=b" " * (LARGEST + 1))}, "provider-away"),
        ({"metadata": httpx.Response(302, headers={"location": "/keys"})}, "provider-away"),
        ({"keys": {"keys": "none"}}, "provider-away"),
        ({"keys": {"keys": [{**RSA_JWK, "kid": "k-1", "use": "enc"}]}}, "id-token"),
        ({"keys": {"keys": [{"kid": "k-1"}]}}, "id-token"),
        ({"token": httpx.Response(500)}, "provider-away"),
        ({"token": httpx.Response(400, json={"error": "invalid_grant"})}, "code-refused"),
        ({"token": {"access_token": "x"}}, "id-token"),
        ({"token": {"id_token": "x.y.z"}}, "id-token"),
    ],
)
async def test_a_provider_that_answers_otherwise_signs_nobody_in(
    bench: Bench, spoilt: dict[str, Any], reason: str
) -> None:
    stand = Stand(**spoilt)

    with pytest.raises(Refused) as caught:
        await sign_in(provider(bench, stand), stand)

    assert caught.value.facts.get("reason", caught.value.code) == reason
