"""Whether an ID token says what it must: who, for us, in this very sign-in, not too late; and by
what they were recognised. Pure.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

ALGORITHMS: Final = ("RS256", "ES256")
"""Those with a pair of keys: whoever knows our client secret can sign with none of them."""
LEEWAY: Final = timedelta(seconds=60)
_REQUIRED: Final = ("iss", "aud", "exp", "iat", "sub", "nonce")
_LONGEST_SUBJECT: Final = 255
_SEVERAL: Final = "mfa"
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("pwd", "pin", "kba"), "knows"),
    **dict.fromkeys(("otp", "hwk", "swk", "pop", "sc", "sms", "tel"), "has"),
    **dict.fromkeys(("face", "fpt", "iris", "retina", "vbm"), "is"),
}
"""The names of RFC 8176 for what somebody showed, by what kind of factor each is."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who signed in at the provider, and whether its token says that it was by a second factor."""

    subject: str
    second_factor: bool


class UnfitToken(Exception):
    """What does not fit, as a code for the log; nothing of the token."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        super().__init__(fault)


def key_id(token: str) -> str | None:
    """Which of the provider's keys signed it, as it says itself; None where it does not, as it may
    when there is only one. Raises UnfitToken.
    """
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError as error:
        raise UnfitToken("unreadable") from error
    if header.get("alg") not in ALGORITHMS:
        raise UnfitToken("algorithm")
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise UnfitToken("key_id")
    return kid


def read_token(
    token: str,
    key: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
    acr_values: Collection[str] = (),
) -> Recognised:
    """Who signed in, by a token that `key` (a JWK) signed; raises UnfitToken. Its `acr` tells of a
    second factor where it is one of `acr_values`.
    """
    claims = _signed(token, key, issuer=issuer, client_id=client_id)
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise UnfitToken("nonce")
    if isinstance(claims["aud"], list) and claims["aud"] != [client_id]:
        raise UnfitToken("audience")  # made for others as well, who could show it to us
    if claims.get("azp", client_id) != client_id:
        raise UnfitToken("authorized_party")
    _require_present(claims, now)
    subject = str(claims["sub"])
    if not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise UnfitToken("subject")
    return Recognised(subject, second_factor=_has_second_factor(claims, acr_values))


def _has_second_factor(claims: Mapping[str, Any], acr_values: Collection[str]) -> bool:
    acr, amr = claims.get("acr"), claims.get("amr")
    if isinstance(acr, str) and acr in acr_values:
        return True
    if not isinstance(amr, list):
        return False
    shown = {method for method in amr if isinstance(method, str)}
    kinds = {_KINDS[method] for method in shown if method in _KINDS}
    return _SEVERAL in shown or len(kinds) > 1


def _signed(token: str, key: Mapping[str, Any], *, issuer: str, client_id: str) -> dict[str, Any]:
    alg = str(jwt.get_unverified_header(token)["alg"])
    # Times are judged by the clock that was handed in, not by the library's.
    options: Any = {
        "require": list(_REQUIRED),
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
    }
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            jwt.PyJWK(dict(key), algorithm=alg),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            options=options,
        )
    except jwt.PyJWTError as error:
        raise UnfitToken(type(error).__name__) from error
    return claims


def _require_present(claims: Mapping[str, Any], now: datetime) -> None:
    seconds, leeway = now.timestamp(), LEEWAY.total_seconds()
    begins = claims.get("nbf", claims["iat"])
    if not all(isinstance(time, int | float) for time in (claims["exp"], claims["iat"], begins)):
        raise UnfitToken("times")
    if claims["exp"] + leeway < seconds:
        raise UnfitToken("expired")
    if max(claims["iat"], begins) - leeway > seconds:
        raise UnfitToken("not_yet")
