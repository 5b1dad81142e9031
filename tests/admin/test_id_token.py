"""What an ID token must say, and by whose hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from services.admin.provider.id_token import LEEWAY, Recognised, UnfitToken, key_id, read_token

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
RSA_KEY, OTHER_RSA = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_JWK: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key()))
EC_JWK: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(EC_KEY.public_key()))
ISSUER = "https://login.example"
CLAIMS: dict[str, Any] = {
    "iss": ISSUER, "aud": "estateline", "sub": "s-1", "nonce": "n",
    "iat": int(NOW.timestamp()), "exp": int((NOW + timedelta(minutes=5)).timestamp()),
}  # fmt: skip


def token(
    key: Any = RSA_KEY,
    algorithm: str = "RS256",
    headers: dict[str, str] | None = None,
    **changes: Any,
) -> str:
    claims = {k: v for k, v in (CLAIMS | changes).items() if v is not None}
    return jwt.encode(
        claims, key, algorithm=algorithm, headers={"kid": "k-1"} if headers is None else headers
    )


def read(shown: str, jwk: dict[str, Any] = RSA_JWK, *, now: datetime = NOW) -> str:
    return recognised(shown, jwk, now=now).subject


def recognised(
    shown: str, jwk: dict[str, Any] = RSA_JWK, *, now: datetime = NOW, acr_values: Any = ()
) -> Recognised:
    return read_token(
        shown,
        jwk,
        issuer=ISSUER,
        client_id="estateline",
        nonce="n",
        now=now,
        acr_values=acr_values,
    )


def test_a_token_signed_with_either_algorithm_tells_who() -> None:
    assert read(token()) == "s-1"
    assert read(token(EC_KEY, "ES256"), EC_JWK) == "s-1"
    assert read(token(aud=["estateline"], azp="estateline")) == "s-1"
    assert key_id(token()) == "k-1"
    assert key_id(jwt.encode(CLAIMS, RSA_KEY, algorithm="RS256")) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"}, {"iss": f"{ISSUER}/"}, {"aud": "other"},
        {"aud": ["estateline", "other"]}, {"aud": []}, {"azp": "other"}, {"nonce": "m"},
        {"nonce": None}, {"nonce": 7}, {"sub": None}, {"sub": ""}, {"sub": "x" * 256},
        {"exp": None}, {"iat": None}, {"exp": "soon"}, {"aud": None},
        {"nbf": int((NOW + timedelta(hours=1)).timestamp())},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_says_anything_else_does_not_fit(changes: dict[str, Any]) -> None:
    with pytest.raises(UnfitToken) as caught:
        read(token(**changes))

    assert caught.value.fault.isidentifier()


@pytest.mark.parametrize(
    ("later", "fits"),
    [
        (timedelta(minutes=5), True),
        (timedelta(minutes=5) + LEEWAY, True),
        (timedelta(minutes=5, seconds=1) + LEEWAY, False),
        (-LEEWAY, True),
        (-LEEWAY - timedelta(seconds=1), False),
    ],
)
def test_a_token_counts_in_its_time_by_the_clock_that_is_handed_in(
    later: timedelta, *, fits: bool
) -> None:
    if fits:
        assert read(token(), now=NOW + later) == "s-1"
    else:
        with pytest.raises(UnfitToken):
            read(token(), now=NOW + later)


@pytest.mark.parametrize(
    ("shown", "jwk"),
    [
        (token(OTHER_RSA), RSA_JWK),
        (token(EC_KEY, "ES256"), RSA_JWK),
        (token(), EC_JWK),
        (token()[:-4] + "AAAA", RSA_JWK),
        (token(), {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
        (token(), {}),
    ],
    ids=["other key", "ec by rsa", "rsa by ec", "damaged", "shared key", "no key"],
)
def test_another_s_hand_does_not_fit(shown: str, jwk: dict[str, Any]) -> None:
    with pytest.raises(UnfitToken):
        read(shown, jwk)


@pytest.mark.parametrize(
    "shown",
    [
        "", "a.b.c",
        jwt.encode(CLAIMS, "s" * 32, algorithm="HS256", headers={"kid": "k-1"}),
        jwt.encode(CLAIMS, "", algorithm="none", headers={"kid": "k-1"}),
        jwt.encode(CLAIMS, RSA_KEY, algorithm="RS512", headers={"kid": "k-1"}),
    ],
    ids=["empty", "words", "shared secret", "unsigned", "other algorithm"],
)  # fmt: skip
def test_no_key_is_looked_for_where_the_algorithm_is_not_ours(shown: str) -> None:
    with pytest.raises(UnfitToken):
        key_id(shown)


@pytest.mark.parametrize(
    ("says", "second"),
    [
        ({}, False), ({"amr": ["pwd"]}, False), ({"amr": ["otp"]}, False), ({"amr": []}, False),
        ({"amr": ["pwd", "pin"]}, False), ({"amr": ["otp", "sms"]}, False),
        ({"amr": ["pwd", "made-up"]}, False), ({"amr": "mfa"}, False), ({"amr": {"mfa": 1}}, False),
        ({"amr": ["mfa"]}, True), ({"amr": ["pwd", "otp"]}, True), ({"amr": ["hwk", "fpt"]}, True),
        ({"amr": [7, "pwd", "hwk"]}, True), ({"acr": "0"}, False), ({"acr": "gold"}, True),
        ({"acr": ["gold"]}, False), ({"acr": "silver", "amr": ["pwd"]}, False),
    ],
    ids=str,
)  # fmt: skip
def test_a_second_factor_is_what_the_token_says(says: dict[str, Any], *, second: bool) -> None:
    found = recognised(token(**says), acr_values=("gold",))

    assert found == Recognised("s-1", second_factor=second)


def test_no_class_of_sign_in_means_a_second_factor_unless_the_operator_says_so() -> None:
    assert not recognised(token(acr="gold")).second_factor
