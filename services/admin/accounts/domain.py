"""Who has an account, in which role and how far it reaches. Pure.

Each change that takes something away raises the account's edition: what was given out under an
earlier one counts no more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from services.admin.accounts.own_settings import USUAL, Settings
from shared.contracts import MalformedMessage
from shared.contracts.errors import both
from shared.contracts.refusals import NotNow
from shared.identity import EVERYWHERE, ROLES, STAFF_ROLES, Principal, Role

INVITED_FOR: Final = timedelta(hours=48)
NEED_FACTOR: Final = frozenset(
    {"supervisor", "manager", "privacy_officer", "auditor", "administrator"}
)
"""Roles that reveal or approve."""
LONGEST_NAME: Final = 60

State = Literal["active", "frozen"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that sets a password once; of its token a digest is kept."""

    digest: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Binding:
    """Who this is at an identity provider."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor: the sealed secret, the last step that was used, codes for a lost device."""

    sealed: bytes
    last_step: int
    recovery: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an account may and where."""

    role: Role
    places: frozenset[str]
    departments: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who signs in. `pending` is the sealed secret of a factor not yet confirmed."""

    id: str
    version: int = 0
    edition: int = 1
    name: str | None = None
    reach: Reach
    state: State = "active"
    password: str | None = None
    invitation: Invitation | None = None
    factor: Factor | None = None
    pending: bytes | None = None
    binding: Binding | None = None
    made_at: datetime
    signed_out_at: datetime | None = None
    settings: Settings = USUAL

    @property
    def governs(self) -> bool:
        """Whether this account can manage accounts: an active administrator of the whole group."""
        reach = self.reach
        everywhere = EVERYWHERE in reach.places
        return self.state == "active" and reach.role == "administrator" and everywhere

    @property
    def lacks_factor(self) -> bool:
        """Whether the role asks for a second factor that is not set up."""
        return self.factor is None and self.reach.role in NEED_FACTOR

    def to_principal(self) -> Principal:
        """Who acts when this person does."""
        return Principal(self.id, self.reach.role, self.reach.places, self.reach.departments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Those who can manage accounts: never more than there are, so that the last one stays."""

    id: str = "administrators"
    version: int = 0
    ids: tuple[str, ...] = ()

    def having(self, id: str) -> Roll:
        """The same with somebody on it."""
        return self if id in self.ids else replace(self, ids=(*self.ids, id))

    def without(self, id: str) -> Roll:
        """The same without somebody."""
        return replace(self, ids=tuple(other for other in self.ids if other != id))


def read_reach(
    role: str,
    places: Collection[str],
    departments: Collection[str],
    *,
    known_places: Collection[str],
    known_departments: Collection[str],
) -> Reach:
    """A reach that exists; raises MalformedMessage naming what does not."""
    person, (at, of) = both(
        lambda: _read_role(role),
        lambda: both(
            lambda: read_known("places", places, known_places),
            lambda: read_known("departments", departments, known_departments),
        ),
    )
    return Reach(role=person, places=at, departments=of)


def _read_role(role: str) -> Role:
    person = next((r for r in ROLES if r == role and r in STAFF_ROLES), None)
    if person is None:
        raise MalformedMessage(
            "role", "is not a role of persons", f"use one of {', '.join(STAFF_ROLES)}"
        )
    return person


def read_known(field: str, given: Collection[str], known: Collection[str]) -> frozenset[str]:
    """Ids that exist, or `*`; raises MalformedMessage."""
    if not given:
        raise MalformedMessage(field, "is empty", f"name some, or {EVERYWHERE} for all")
    if not set(given) <= {EVERYWHERE, *known}:
        words = ", ".join(sorted(known))
        raise MalformedMessage(
            field, "names one that does not exist", f"use {words} or {EVERYWHERE}"
        )
    return frozenset(given)


def change_reach(account: Account, reach: Reach, *, by: str, now: datetime) -> Account:
    """Another role or reach; everybody who is signed in as this account is signed out."""
    if reach == account.reach:
        return account
    _not_oneself(account, by, "change your own role or reach")
    return sign_out(replace(account, reach=reach), now)


def freeze(account: Account, *, by: str, now: datetime) -> Account:
    """Nobody signs in as this account any more, and nobody stays."""
    _not_oneself(account, by, "freeze yourself")
    if account.state == "frozen":
        return account
    return sign_out(replace(account, state="frozen", invitation=None), now)


def thaw(account: Account) -> Account:
    """The account counts again, with the password it had."""
    return replace(account, state="active")


def invite(account: Account, digest: str, now: datetime) -> Account:
    """A new invitation; an older one counts no more."""
    if account.state == "frozen":
        raise NotNow("frozen", "The account is frozen", "thaw it first")
    return replace(account, invitation=Invitation(digest, now + INVITED_FOR))


def set_password(account: Account, hashed: str, now: datetime) -> Account:
    """Another password; the invitation is used up and whoever is signed in is signed out."""
    return sign_out(replace(account, password=hashed, invitation=None), now)


def begin_factor(account: Account, sealed: bytes) -> Account:
    """A second factor that still has to be confirmed; the present one counts meanwhile."""
    return replace(account, pending=sealed)


def confirm_factor(account: Account, factor: Factor, now: datetime) -> Account:
    """From now on nobody signs in without it, and nobody stays who did."""
    return sign_out(replace(account, factor=factor, pending=None), now)


def use_step(account: Account, step: int) -> Account:
    """The same when a code's time step, or a later one, was used before."""
    factor = account.factor
    if factor is None or step <= factor.last_step:
        return account
    return replace(account, factor=replace(factor, last_step=step))


def use_recovery(account: Account, digest: str) -> Account:
    """Without a code for a lost device; the same when it is not there, or no more."""
    factor = account.factor
    if factor is None or digest not in factor.recovery:
        return account
    left = tuple(other for other in factor.recovery if other != digest)
    return replace(account, factor=replace(factor, recovery=left))


def drop_factor(account: Account, *, by: str, now: datetime) -> Account:
    """Its device and codes are lost: another one is set up at the next sign-in."""
    _not_oneself(account, by, "drop your own second factor")
    return sign_out(replace(account, factor=None, pending=None), now)


def sign_out(account: Account, now: datetime) -> Account:
    """All that was given out so far counts no more."""
    return replace(account, edition=account.edition + 1, signed_out_at=now)


def _not_oneself(account: Account, by: str, act: str) -> None:
    if account.id == by:
        raise NotNow("yourself", f"You cannot {act}", "ask another administrator")
