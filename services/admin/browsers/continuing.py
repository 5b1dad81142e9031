"""The use cases of browsers' sessions: begun by the console, continued, asked after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from services.admin.accounts.domain import Account
from services.admin.accounts.secrets import read_token, same
from services.admin.accounts.staff import step_to
from services.admin.accounts.storage import ACCOUNTS
from services.admin.sessions import domain as rules
from services.admin.sessions.domain import Ending, Session, not_signed_in
from services.admin.sessions.sign_in import Shown, SigningIn, Tokens
from services.admin.sessions.storage import SESSIONS
from shared.store import Collection, Store
from shared.store.tries import Misses

T = TypeVar("T")
Over = Ending | Literal["over", "unknown", "frozen"]
"""Why a session counts no more; `over` is one that lasted too long, or was not used for too long.
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that counts no more, and why."""

    id: str
    why: Over


class Browsers:
    """What the console asks for the browsers it serves. Nothing of it rotates: nine tabs, two
    replicas or one lost answer sign nobody out.
    """

    def __init__(self, store: Store, signing_in: SigningIn, misses: Misses) -> None:
        self._accounts = Collection(store, ACCOUNTS)
        self._sessions = Collection(store, SESSIONS)
        self._signing_in = signing_in
        self._misses = misses
        self._clock = store.clock

    async def begin(self, shown: Shown) -> Tokens:
        """Sign somebody in at a browser; refused as by `SigningIn.by_password`."""
        return await self._signing_in.by_password(shown)

    async def go_on(self, secret: str, address: str, *, used: bool) -> Tokens:
        """Another access token for the secret of a session that lasts. It lasts longer by being
        `used`, not by a page that lies open. Raises NotSignedIn, and TooOften where somebody
        guesses.
        """
        id, digest = read_token(secret)
        session = await self._sessions.get(id)
        if session is None or not session.browser or not same(digest, session.refresh):
            await self._misses.count("session", address)
            raise not_signed_in("session")
        now = self._clock.now()
        account = await self._accounts.get(session.account)
        why = _why_over(session, account, now)
        if account is None or why is not None:
            if why in {"account_changed", "frozen"}:
                await self._signing_in.end(session, "account_changed")
            raise not_signed_in("session")
        if not used:
            return self._signing_in.tokens_of(account, session, secret, now)
        changed = await self._sessions.change(
            id, lambda present, now: step_to(present, rules.touch(present, now))
        )
        if changed is None or changed.after.is_over(now):
            raise not_signed_in("session")
        return self._signing_in.tokens_of(account, session, secret, now)

    async def ended(self, ids: Sequence[str]) -> list[Ended]:
        """Which of these sessions count no more; to ask does not prolong them."""
        sessions = await self._found(self._sessions, ids)
        of = {session.account for session in sessions.values()}
        accounts = await self._found(self._accounts, sorted(of))
        now = self._clock.now()
        looked = ((id, sessions.get(id)) for id in dict.fromkeys(ids))
        judged = (
            (id, _why_over(session, accounts.get(session.account), now) if session else "unknown")
            for id, session in looked
        )
        return [Ended(id, why) for id, why in judged if why is not None]

    async def _found(self, collection: Collection[T], ids: Sequence[str]) -> dict[str, T]:
        found = await collection.find({"_id": {"$in": list(ids)}}, limit=max(len(ids), 1))
        return {collection.spec.id_of(each): each for each in found}


def _why_over(session: Session, account: Account | None, now: datetime) -> Over | None:
    """Why a session counts no more, or None while it does."""
    if session.is_over(now):
        return session.why or "over"
    if account is not None and account.state == "frozen":
        return "frozen"  # it raised the edition, too
    return None if account and account.edition == session.edition else "account_changed"
