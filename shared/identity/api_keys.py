"""Keys of systems, `hk_<id>_<secret>`: made, read and compared. Pure.

Of a key only a keyed digest is kept. A slow hash, as for passwords, would protect nothing here,
since a secret of 256 random bits is not guessed, and would cost every request of every system.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from string import ascii_lowercase
from typing import Final, Literal

from shared.identity.principal import Principal, console_principal, publisher_principal
from shared.identity.tokens import InvalidToken, UnknownBearer

KEY_PREFIX: Final = "hk_"
KeyRole = Literal["system", "console"]
_ID_LENGTH: Final = 12
_FORM: Final = re.compile(r"hk_([a-z]{12})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """One secret of a key, as it is kept; the older one of a rotation has an end of its own."""

    digest: bytes
    until: datetime | None = None


_NOT_VALID: Final = "the key is not valid; ask the hotline's administrator for another"
_NOBODYS: Final = (KeyDigest(bytes(32)),)
"""What a key of an unknown id is compared with, so that both take as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that counts: whose it is, how far it reaches, what it may and until when."""

    id: str
    publisher: str
    places: frozenset[str]
    actions: frozenset[str]
    expires_at: datetime
    digests: tuple[KeyDigest, ...]
    role: KeyRole = "system"

    def to_principal(self) -> Principal:
        """The system, with the reach and the actions of this key."""
        of = console_principal if self.role == "console" else publisher_principal
        system = of(self.publisher)
        return Principal(system.id, system.role, self.places, actions=self.actions)


def new_key(id: str | None = None) -> tuple[str, str]:
    """A new key of an id, or of a new one: the id, and the key as it is shown once."""
    id = id or "".join(secrets.choice(ascii_lowercase) for _ in range(_ID_LENGTH))
    return id, f"{KEY_PREFIX}{id}_{secrets.token_urlsafe(32)}"


def digest_of(shown: str, secret: bytes) -> bytes:
    """What is kept of a key; `secret` is the installation's."""
    return hmac.new(secret, shown.encode(), hashlib.sha256).digest()


def read_key(shown: str, known: Mapping[str, ApiKey], secret: bytes, *, now: datetime) -> Principal:
    """Whose key this is at `now`; raises InvalidToken, in the same words whatever is wrong, as
    UnknownBearer for none of those that are known.
    """
    id = id_in(shown)
    key = known.get(id) if id else None
    fits = id is not None and _fits(shown, key.digests if key else _NOBODYS, secret, now)
    if key is None or not fits:
        raise UnknownBearer(_NOT_VALID)
    if now >= key.expires_at:
        raise InvalidToken(_NOT_VALID)
    return key.to_principal()


def id_in(shown: str) -> str | None:
    """Which key something that looks like one names."""
    form = _FORM.fullmatch(shown)
    return form.group(1) if form else None


def is_of(shown: str, key: ApiKey, secret: bytes) -> bool:
    """Whether this is a secret of that key, also one whose time is over."""
    digest = digest_of(shown, secret)
    return any(hmac.compare_digest(kept.digest, digest) for kept in key.digests)


def _fits(shown: str, digests: Sequence[KeyDigest], secret: bytes, now: datetime) -> bool:
    digest = digest_of(shown, secret)
    found = [kept for kept in digests if hmac.compare_digest(kept.digest, digest)]
    return any(kept.until is None or now < kept.until for kept in found)
