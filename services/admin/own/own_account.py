"""The use cases of one's own account: the name that is shown, how one wants the pages, another
password, one's sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.admin.accounts import domain as rules
from services.admin.accounts.domain import Account
from services.admin.accounts.own_settings import USUAL, Settings
from services.admin.accounts.staff import By, StaffAccounts, step_to
from services.admin.accounts.storage import ACCOUNTS
from services.admin.sessions.domain import Session, as_hashed, take_password
from services.admin.sessions.passwords import Passwords
from services.admin.sessions.sign_in import SigningIn
from services.admin.sessions.storage import SESSIONS
from services.admin.sessions.tries import TryCounter
from shared.contracts import MalformedMessage
from shared.contracts.refusals import NotNow, NotThere
from shared.store import Collection, Order, Store

MOST_SESSIONS: Final = 100
_NEWEST: Final = Order("started_at", newest=True)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The present password, and the one that is to be in its place."""

    present: str
    password: str


class OwnAccount:
    """Reads and changes what is somebody's own; of nobody else's anything is there."""

    def __init__(
        self,
        store: Store,
        staff_accounts: StaffAccounts,
        signing_in: SigningIn,
        passwords: Passwords,
        try_counter: TryCounter,
    ) -> None:
        self._accounts = Collection(store, ACCOUNTS)
        self._sessions = Collection(store, SESSIONS)
        self._staff_accounts = staff_accounts
        self._signing_in = signing_in
        self._passwords = passwords
        self._try_counter = try_counter
        self._clock = store.clock

    async def seen(self, id: str) -> tuple[str | None, Settings]:
        """Name and settings; the usual ones for who has no account, as the operator's tokens."""
        account = await self._accounts.get(id)
        return (account.name, account.settings) if account is not None else (None, USUAL)

    async def wish(self, by: By, settings: Settings) -> Settings:
        """Other settings in place of all there were; raises NotThere without an account."""

        def decide(account: Account, _: datetime) -> Account:
            return replace(account, settings=settings)

        act = "account.change_settings"
        return (await self._staff_accounts.change(by.id, decide, act, by)).settings

    async def rename(self, by: By, name: str | None) -> None:
        """Another name in place of the present one, or none; raises NotThere without an account."""

        def decide(account: Account, _: datetime) -> Account:
            return replace(account, name=name)

        await self._staff_accounts.change(by.id, decide, "account.change_name", by)

    async def change_password(self, by: By, session: str, wanted: NewPassword) -> None:
        """Another password, for who knows the present one. All other sessions end; this one goes on
        with another access token.

        Raises MalformedMessage, NotNow for who signs in elsewhere, TooOften, and Away while too
        many passwords are being looked at.
        """
        present = await self._known(by, wanted.present)
        new = take_password(wanted.password, by.id)
        if new == as_hashed(wanted.present):
            raise MalformedMessage("password", "is the present one", "choose another")
        kept = await self._passwords.hash(new)

        def decide(account: Account, now: datetime) -> Account:
            if account.password != present:  # of two at once, one has changed it
                raise NotNow("changed-since", "The password was changed meanwhile", "sign in again")
            return rules.set_password(account, kept, now)

        account = await self._staff_accounts.change(by.id, decide, "account.change_password", by)
        await self._sessions.change(session, lambda own, _: step_to(own, _carried(own, account)))

    async def _known(self, by: By, password: str) -> str:
        """What is kept of the present password; counted as signing in is, which guesses it too."""
        async with self._try_counter.once(by.id, by.source or "") as one:
            account = await self._staff_accounts.get(by.id)
            one.account = account.id
            one.succeeded = await self._passwords.fits(password, account.password)
        if account.password is None:
            raise NotNow(
                "no-password",
                "This account has no password here",
                "change it where you sign in, or ask the administrator for an invitation",
            )
        if not one.succeeded:
            raise MalformedMessage("present", "does not fit", "send the password of now")
        return account.password

    async def sessions(self, id: str) -> Sequence[Session]:
        """Where somebody is signed in now, the newest first."""
        account, now = await self._accounts.get(id), self._clock.now()
        if account is None:
            return ()
        query = {"account": id, "edition": account.edition, "ended_at": None}
        found = await self._sessions.find(query, order=_NEWEST, limit=MOST_SESSIONS)
        return [session for session in found if not session.is_over(now)]

    async def end(self, id: str, session: str) -> None:
        """End one of somebody's own sessions; raises NotThere for every other, also one that is
        over.
        """
        found = await self._sessions.get(session)
        if found is None or found.account != id or found.is_over(self._clock.now()):
            raise NotThere
        await self._signing_in.sign_out(session)


def _carried(session: Session, account: Account) -> Session:
    """The session under the edition of the account as it is now; one that is over stays so."""
    is_over = session.ended_at is not None or session.account != account.id
    return session if is_over else replace(session, edition=account.edition)
