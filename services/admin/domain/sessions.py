"""How long somebody stays signed in, and how often somebody may try to. Pure."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.identity.tokens import SessionMark

WHOLE: Final = timedelta(hours=12)
"""No shift is longer."""
IDLE: Final = timedelta(hours=1)
REFRESHES_REMEMBERED: Final = 100
"""A used refresh token that is shown again is known as such so far back: all of a session that is
refreshed every ten minutes, and some more."""

How = Literal["password", "provider"]
Ending = Literal["signed_out", "stolen", "account_changed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who is signed in; of refresh tokens only digests are kept."""

    id: str
    version: int = 0
    account: str
    edition: int
    how: How
    unfinished: bool
    started_at: datetime
    refreshed_at: datetime
    refresh: str
    used: tuple[str, ...] = ()
    ended_at: datetime | None = None
    why: Ending | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it was ended, or ended by itself."""
        too_long = now >= self.started_at + WHOLE or now >= self.refreshed_at + IDLE
        return self.ended_at is not None or too_long

    def mark(self) -> SessionMark:
        """What its tokens carry."""
        return SessionMark(self.id, self.edition, self.unfinished)


def rotate(session: Session, refresh: str, now: datetime) -> Session:
    """Another refresh token in place of the present one, which is remembered as used."""
    used = (*session.used, session.refresh)[-REFRESHES_REMEMBERED:]
    return replace(session, refresh=refresh, refreshed_at=now, used=used)


def end(session: Session, why: Ending, now: datetime) -> Session:
    """Over for good; the same when it had ended before."""
    return session if session.ended_at else replace(session, ended_at=now, why=why)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within a time lock for as long."""

    most: int
    within: timedelta


BY_ADDRESS: Final = Limit(10, timedelta(minutes=15))
BY_ACCOUNT: Final = Limit(30, timedelta(minutes=15))


@dataclass(frozen=True, slots=True)
class Tally:
    """Tries so far, this one included, and until when they count."""

    id: str
    count: int
    until: datetime
    version: int = 0

    def is_over(self, limit: Limit) -> bool:
        """Whether this try is one too many."""
        return self.count > limit.most

    def fills(self, limit: Limit) -> bool:
        """Whether this try, if it fails, is the last before the lock."""
        return self.count == limit.most

    def seconds_left(self, now: datetime) -> int:
        """After how many seconds it is worth while to come again."""
        return max(1, math.ceil((self.until - now).total_seconds()))


def neighbourhood(address: str) -> str:
    """Whose tries are counted together: one address, or the network that one customer has of the
    newer kind, where everybody owns more addresses than could be counted.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
