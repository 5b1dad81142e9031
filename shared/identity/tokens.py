"""What is signed: short-lived tokens (JWT, HS256 with the installation's own secret), and links for
people without an account.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal

import jwt

from shared.identity.principal import ROLES, Principal

ALGORITHM: Final = "HS256"
ISSUER: Final = "estateline"
LIFETIME: Final = timedelta(hours=8)
LEEWAY: Final = timedelta(seconds=30)
KEPT: Final = 4_096
"""Tokens whose signature is not checked anew at every request; what fails is never kept."""
_NOT_VALID: Final = "the token is not valid; ask for a new one"
Purpose = Literal["survey", "work", "alert", "task", "receipt", "policy", "form", "device", "alarm"]
"""What a link is for. The subject of a `task` is `<follow-up task>/<person>`: the router shows the
call, and intake opens whom to ring."""
_GENERATION: Final = "~"
"""Stands in no id of a person."""
_MOST_DIGITS: Final = 9
"""Of a generation; nobody loses so many telephones."""
_SIGNATURE_BYTES: Final = 12
"""96 bits: not to be guessed, and short enough for a text message."""


class InvalidToken(Exception):
    """The token is not ours, damaged or out of date; `reason` says which, never the token."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class UnknownBearer(InvalidToken):
    """Nothing like it was given out here: a guess, or what was damaged on the way."""


@dataclass(frozen=True, slots=True)
class SessionMark:
    """What makes a token one of a session, which can be taken back before the token ends.

    `edition` is the account's when the token was made; in an `unfinished` session nothing may be
    done but setting up a second factor.
    """

    id: str
    edition: int
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Signed:
    """What a token says, and that we signed it. Without a session it counts until it ends, the
    leeway included.
    """

    principal: Principal
    issued_at: datetime
    ends_at: datetime
    session: SessionMark | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether its bearer may set up a second factor and nothing else."""
        return self.session is not None and self.session.unfinished


def issue_token(
    principal: Principal,
    secret: bytes,
    *,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    session: SessionMark | None = None,
) -> str:
    """A token for `principal` that is valid for `lifetime` from `now` (aware)."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "sub": principal.id,
        "role": principal.role,
        "places": sorted(principal.places),
        "departments": sorted(principal.departments),
        "iat": int(now.timestamp()),
        "iat_ms": round(now.timestamp() * 1000),
        "exp": int((now + lifetime).timestamp()),
        "jti": secrets.token_hex(8),
    }
    if session is not None:
        claims |= {"sid": session.id, "edition": session.edition}
        claims |= {"unfinished": True} if session.unfinished else {}
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def read_token(token: str, secret: bytes, *, now: datetime) -> Signed:
    """What a token says at `now`; raises InvalidToken, UnknownBearer for what we did not sign."""
    signed = _verified(token, secret)
    if signed.ends_at < now:
        raise InvalidToken("the token has expired; ask for a new one")
    return signed


@lru_cache(maxsize=KEPT)
def _verified(token: str, secret: bytes) -> Signed:
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
        raise UnknownBearer(_NOT_VALID) from error
    try:
        ends_at = datetime.fromtimestamp(claims["exp"], UTC) + LEEWAY
        issued_at = datetime.fromtimestamp(claims.get("iat_ms", 0) / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise InvalidToken(_NOT_VALID) from error
    return Signed(_principal_in(claims), issued_at, ends_at, _session_in(claims))


def _principal_in(claims: Mapping[str, Any]) -> Principal:
    role = claims.get("role")
    if role not in ROLES:
        raise InvalidToken("the token names a role that does not exist")
    # Whoever has no place left reaches none.
    places, departments = claims.get("places", ()), claims.get("departments", ())
    return Principal(claims["sub"], role, frozenset(places), frozenset(departments))


def _session_in(claims: Mapping[str, Any]) -> SessionMark | None:
    if "sid" not in claims:
        return None
    id, edition = claims["sid"], claims.get("edition")
    if not isinstance(id, str) or not isinstance(edition, int):
        raise InvalidToken(_NOT_VALID)
    return SessionMark(id, edition, unfinished=claims.get("unfinished") is True)


def with_generation(text: str, generation: int) -> str:
    """What a link is made for, with the generation of its person's links, where a lost telephone
    has raised it. Links of before look as they did.
    """
    return f"{text}{_GENERATION}{generation}" if generation else text


def read_generation(text: str) -> tuple[str, int]:
    """The same without its generation, and that."""
    before, mark, number = text.rpartition(_GENERATION)
    is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    is_raised = bool(before and mark) and is_number
    return (before, int(number)) if is_raised else (text, 0)


def sign_link(purpose: Purpose, subject: str, secret: bytes) -> str:
    """The token of a link: the subject and its signature, fit for a path."""
    return f"{_encoded(subject.encode())}.{_signature(purpose, subject, secret)}"


def read_link(purpose: Purpose, token: str, secret: bytes) -> str | None:
    """The subject of a token, or None when it was not signed here for this purpose."""
    encoded = token.partition(".")[0]
    try:
        raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        subject, given = raw.decode(), token.encode()
    except ValueError:
        return None
    # The whole token, since base64 has several spellings of the same bytes: a link has one.
    good = hmac.compare_digest(given, sign_link(purpose, subject, secret).encode())
    return subject if good else None


def _signature(purpose: str, subject: str, secret: bytes) -> str:
    digest = hmac.new(secret, f"{purpose}:{subject}".encode(), hashlib.sha256).digest()
    return _encoded(digest[:_SIGNATURE_BYTES])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
