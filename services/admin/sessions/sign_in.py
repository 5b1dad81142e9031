"""The use cases of sessions: signing in, staying, leaving, and the first password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from services.admin.accounts import domain as rules
from services.admin.accounts.domain import Account
from services.admin.accounts.secrets import new_token, read_token, same
from services.admin.accounts.staff import By, StaffAccounts, step_to
from services.admin.accounts.storage import ACCOUNTS, bound_to
from services.admin.sessions import domain as sessions
from services.admin.sessions.domain import (
    Ending,
    How,
    Refusal,
    Session,
    Vouched,
    not_signed_in,
    take_password,
)
from services.admin.sessions.factors import Factors
from services.admin.sessions.passwords import Passwords
from services.admin.sessions.storage import SESSIONS
from services.admin.sessions.tries import TryCounter
from shared.contracts import Step
from shared.contracts.refusals import NotThere, Refused
from shared.identity import issue_token
from shared.readers.credentials import SESSION_TOKEN_LIFETIME
from shared.store import Collection, Store
from shared.store.tries import Misses
from shared.telemetry import logger, metrics


@dataclass(frozen=True, slots=True)
class Tokens:
    """What somebody who is signed in is given; the refresh token counts once. In a browser it is
    the session's secret, which stays the same.
    """

    session: str
    access: str
    refresh: str
    ends_at: datetime
    unfinished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What somebody shows who wants to sign in, and from where; in a `browser` by the console."""

    id: str
    password: str
    code: str | None
    address: str
    browser: bool = False


class SigningIn:
    """Begins, prolongs and ends sessions. `secret` signs their tokens."""

    def __init__(
        self,
        store: Store,
        staff_accounts: StaffAccounts,
        factors: Factors,
        passwords: Passwords,
        try_counter: TryCounter,
        misses: Misses,
        *,
        secret: bytes,
    ) -> None:
        self._accounts = Collection(store, ACCOUNTS)
        self._sessions = Collection(store, SESSIONS)
        self._staff_accounts = staff_accounts
        self._factors = factors
        self._passwords = passwords
        self._try_counter = try_counter
        self._misses = misses
        self._clock = store.clock
        self._secret = secret

    async def by_password(self, shown: Shown) -> Tokens:
        """Sign somebody in; raises NotSignedIn, the same for whatever did not fit, TooOften, and
        Away while too many are being looked at.
        """
        async with self._try_counter.once(shown.id, shown.address) as one:
            account = await self._accounts.get(shown.id)
            one.account = account.id if account else None
            one.succeeded = await self._fits(shown, account)
        if account is None or not one.succeeded:
            raise _refused("sign-in")
        return await self._begin(account, "password", shown.address, browser=shown.browser)

    async def _fits(self, shown: Shown, account: Account | None) -> bool:
        """Whether all of it fits; saying no takes the same work, whatever it is for."""
        fits = await self._passwords.fits(shown.password, account.password if account else None)
        if account is None:
            return False
        code = self._factors.read(account, shown.code)
        if not fits or code is None or account.state == "frozen":
            return False
        return await self._factors.use(account, code)

    async def by_provider(self, vouched: Vouched, address: str, *, browser: bool = False) -> Tokens:
        """Sign in whom a provider vouches for, in a `browser` for the console; raises
        NotSignedIn.
        """
        account = await bound_to(self._accounts, vouched.binding)
        if account is None or account.state == "frozen":
            raise _refused("no-account")
        if account.reach.role in rules.NEED_FACTOR and not vouched.second_factor:
            raise _refused("no-second-factor")
        return await self._begin(account, "provider", address, browser=browser)

    async def _begin(
        self, account: Account, how: How, address: str, *, browser: bool = False
    ) -> Tokens:
        now = self._clock.now()
        id = secrets.token_hex(16)
        refresh, digest = new_token(id)
        session = Session(
            id=id,
            account=account.id,
            edition=account.edition,
            how=how,
            unfinished=how == "password" and account.lacks_factor,
            started_at=now,
            refreshed_at=now,
            refresh=digest,
            browser=browser,
        )
        await self._sessions.insert(Step(session), now)
        await self._try_counter.remember(account.id, address)
        metrics.SIGN_INS.labels(outcome="unfinished" if session.unfinished else "signed_in").inc()
        logger.info("signed_in", account=account.id, how=how, session=id)
        return self.tokens_of(account, session, refresh, now)

    async def refresh(self, token: str, address: str) -> Tokens:
        """New tokens for a refresh token that was not used yet; raises NotSignedIn, TooOften.

        One that was used before is in two hands: the session ends for both.
        """
        id, digest = read_token(token)
        session = await self._sessions.get(id)
        now = self._clock.now()
        if session is None or session.browser:
            await self._misses.count("refresh_token", address)
            raise not_signed_in("refresh")
        if not same(digest, session.refresh) or session.is_over(now):
            await self._refuse(session, digest, address)
        account = await self._accounts.get(session.account)
        if account is None or account.edition != session.edition or account.state == "frozen":
            await self.end(session, "account_changed")
            raise not_signed_in("refresh")
        refresh, new = new_token(id)

        def decide(present: Session, _: datetime) -> Step[Session] | None:
            is_current = present.refresh == session.refresh and present.ended_at is None
            return Step(sessions.rotate(present, new, now)) if is_current else None

        changed = await self._sessions.change(id, decide)
        if changed is None or not changed.is_change:
            await self._refuse(changed.after if changed else session, digest, address)
        return self.tokens_of(account, session, refresh, now)

    async def _refuse(self, session: Session, digest: str, address: str) -> NoReturn:
        if any(same(digest, used) for used in session.used):
            logger.warning("refresh_token_used_twice", account=session.account, session=session.id)
            await self.end(session, "stolen")
        elif not same(digest, session.refresh):
            await self._misses.count("refresh_token", address)
        raise not_signed_in("refresh")

    async def sign_out(self, id: str) -> None:
        """End a session; its tokens count nowhere within seconds."""
        session = await self._sessions.get(id)
        if session is not None:
            await self.end(session, "signed_out")

    async def end(self, session: Session, why: Ending) -> None:
        """End a session for this reason, unless it had ended before."""
        changed = await self._sessions.change(
            session.id, lambda present, now: step_to(present, sessions.end(present, why, now))
        )
        if changed is not None and changed.is_change:
            metrics.SESSIONS_ENDED.labels(why=why).inc()
            logger.info("session_ended", account=session.account, session=session.id, why=why)

    async def accept(self, token: str, password: str, source: str) -> None:
        """Set the password that an invitation is for; raises NotSignedIn, MalformedMessage,
        TooOften, and Away while too many passwords are being looked at.
        """
        id, digest = read_token(token)
        account = await self._accounts.get(id)
        if account is None or not self._is_invited(account, digest):
            await self._misses.count("invitation", source)
            raise not_signed_in("invitation")
        kept = await self._passwords.hash(take_password(password, id))

        def decide(account: Account, now: datetime) -> Account:
            if not self._is_invited(account, digest):  # used meanwhile, or replaced
                raise not_signed_in("invitation")
            return rules.set_password(account, kept, now)

        by = By(account.to_principal(), source)
        try:
            await self._staff_accounts.change(id, decide, "account.set_password", by)
        except NotThere as error:
            raise not_signed_in("invitation") from error

    def _is_invited(self, account: Account, digest: str) -> bool:
        invited, now = account.invitation, self._clock.now()
        return (
            invited is not None
            and account.state == "active"
            and same(invited.digest, digest)
            and now < invited.expires_at
        )

    def tokens_of(self, account: Account, session: Session, refresh: str, now: datetime) -> Tokens:
        """What is given out for a session now."""
        access = issue_token(
            account.to_principal(),
            self._secret,
            now=now,
            lifetime=SESSION_TOKEN_LIFETIME,
            session=session.mark(),
        )
        ends_at = now + SESSION_TOKEN_LIFETIME
        return Tokens(session.id, access, refresh, ends_at, session.unfinished)


def _refused(reason: Refusal) -> Refused:
    metrics.SIGN_INS.labels(outcome="refused").inc()
    return not_signed_in(reason)
