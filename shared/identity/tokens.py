"""Short-lived signed tokens (JWT, HS256 with the installation's own secret)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import jwt

from shared.identity.principal import ROLES, Principal

ALGORITHM: Final = "HS256"
ISSUER: Final = "estateline"
LIFETIME: Final = timedelta(hours=8)
LEEWAY_SECONDS: Final = 30
KEPT: Final = 4_096
"""Tokens whose signature is not checked anew at every request; what fails is never kept."""


class InvalidToken(Exception):
    """The token is not ours, damaged or out of date; `reason` says which, never the token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def issue_token(
    principal: Principal, secret: bytes, *, now: datetime, lifetime: timedelta = LIFETIME
) -> str:
    """A token for `principal` that is valid for `lifetime` from `now` (aware)."""
    claims = {
        "iss": ISSUER,
        "sub": principal.id,
        "role": principal.role,
        "places": sorted(principal.places),
        "departments": sorted(principal.departments),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "jti": secrets.token_hex(8),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def read_token(token: str, secret: bytes, *, now: datetime) -> Principal:
    """The principal of a token at `now`; raises InvalidToken."""
    principal, end = _verified(token, secret)
    if end < now:
        raise InvalidToken("the token has expired; ask for a new one")
    return principal


@lru_cache(maxsize=KEPT)
def _verified(token: str, secret: bytes) -> tuple[Principal, datetime]:
    """Whose token it is, and until when; the same token comes with every request of its bearer."""
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            # Expiry is judged by the database's clock, like every other deadline.
            options={"require": ["exp", "sub", "iss"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidIssuerError as error:
        raise InvalidToken("the token was issued by somebody else") from error
    except jwt.InvalidTokenError as error:
        raise InvalidToken("the token is not valid; ask for a new one") from error
    try:
        end = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=LEEWAY_SECONDS)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise InvalidToken("the token is not valid; ask for a new one") from error
    role = claims.get("role")
    if role not in ROLES:
        raise InvalidToken("the token names a role that does not exist")
    # Whoever has no place left reaches none.
    places, departments = claims.get("places", ()), claims.get("departments", ())
    return Principal(claims["sub"], role, frozenset(places), frozenset(departments)), end
