"""Keys of systems: what may be asked of one, how it is exchanged and taken back. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotNow
from shared.identity import PERMISSIONS
from shared.identity.api_keys import KeyDigest, KeyRole

LONGEST_DAYS: Final = 365
LONGEST_OVERLAP_DAYS: Final = 30
OVERLAP_DAYS: Final = 7
"""Long enough for whoever runs the other system to come to work once."""
SYSTEM_ACTIONS: Final = frozenset(
    action for action, row in PERMISSIONS.items() if "system" in row.roles
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemKey:
    """One key: whose, what for, until when; its digests, the newest last.

    `owner` is the account that answers for it, if one does: while that is frozen the key is `held`.
    One of the role `console` is made on the machine that holds the key file, and nowhere else.
    """

    id: str
    version: int = 0
    publisher: str
    places: frozenset[str]
    actions: frozenset[str]
    owner: str | None
    held: bool = False
    digests: tuple[KeyDigest, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    role: KeyRole = "system"


def read_actions(actions: Collection[str]) -> frozenset[str]:
    """What a key may; raises MalformedMessage for what no system may."""
    words = ", ".join(sorted(SYSTEM_ACTIONS))
    if not actions:
        raise MalformedMessage("actions", "is empty", f"name some of {words}")
    if not set(actions) <= SYSTEM_ACTIONS:
        raise MalformedMessage("actions", "names one that no system may do", f"use {words}")
    return frozenset(actions)


def rotate(
    key: SystemKey, digest: bytes, *, now: datetime, overlap: timedelta, days: int
) -> SystemKey:
    """A new secret beside the present one, which counts for the overlap and no longer."""
    require_usable(key, now)
    present = key.digests[-1]
    leaving = KeyDigest(present.digest, now + overlap)
    return replace(
        key,
        digests=(leaving, KeyDigest(digest)),
        expires_at=now + timedelta(days=days),
    )


def require_usable(key: SystemKey, now: datetime) -> None:
    """Raise NotNow for a key that counts no more: it is not brought back, but made anew."""
    if key.revoked_at is not None or now >= key.expires_at:
        raise NotNow("key-over", "This key has been taken back or has expired", "make a new one")


def revoke(key: SystemKey, now: datetime) -> SystemKey:
    """From now on the key counts nowhere."""
    return key if key.revoked_at else replace(key, revoked_at=now)
