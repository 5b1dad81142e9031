"""The use cases on accounts: made, invited, changed, frozen, thawed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from services.admin.domain import accounts as rules
from services.admin.domain.accounts import Account, Binding, Reach
from services.admin.errors import NoSuchThing, Refused
from services.admin.recording import change_on_record
from services.admin.secrets import new_token
from services.admin.storage import Accounts, Keyring
from shared.audit import Trail
from shared.identity import Principal
from shared.store import Taken, Verdict
from shared.store.clock import DatabaseClock
from shared.telemetry import logger

Decide = Callable[[Account, datetime], Account]


@dataclass(frozen=True, slots=True)
class By:
    """Who does something here, from where and why: what the record needs."""

    principal: Principal
    source: str | None = None
    why: str | None = None

    @property
    def id(self) -> str:
        """Who."""
        return self.principal.id


@dataclass(frozen=True, slots=True)
class Invited:
    """An account and the token that sets its password, shown this once."""

    account: Account
    token: str
    expires_at: datetime


class Staffing:
    """Changes accounts; what takes something away counts everywhere within seconds."""

    def __init__(
        self, accounts: Accounts, keyring: Keyring, records: Trail, clock: DatabaseClock
    ) -> None:
        self._accounts = accounts
        self._keyring = keyring
        self._records = records
        self._clock = clock

    async def get(self, id: str) -> Account:
        """The account as it is now; raises NoSuchThing."""
        account = await self._accounts.get(id)
        if account is None:
            raise NoSuchThing(id)
        return account

    async def create(
        self, id: str, reach: Reach, by: By, *, name: str | None, binding: Binding | None
    ) -> Invited:
        """A new account and its invitation; raises Refused for an id that is taken."""
        now = self._clock.now()
        token, digest = new_token(id)
        account = Account(id=id, name=name, reach=reach, binding=binding, made_at=now)
        account = rules.invite(account, digest, now)
        await self._record(by, "account.create", id, {"for_role": reach.role})
        if await self._accounts.insert(account) is Verdict.LOST:
            raise _id_taken() if await self._accounts.get(id) else _binding_taken()
        await self._keep_roll(account)
        logger.info("account_created", account=id, account_role=reach.role)
        return _invited(account, token)

    async def invite(self, id: str, by: By) -> Invited:
        """A new invitation in place of an older one."""
        token, digest = new_token(id)
        account = await self.change(
            id, lambda account, now: rules.invite(account, digest, now), "account.invite", by
        )
        return _invited(account, token)

    async def change_facts(
        self,
        id: str,
        by: By,
        *,
        reach: Reach | None = None,
        name: str | None = None,
        binding: Binding | None = None,
    ) -> Account:
        """Another reach, name or binding; what is None stays."""

        def decide(account: Account, now: datetime) -> Account:
            new = rules.change_reach(account, reach or account.reach, by=by.id, now=now)
            if binding not in {None, account.binding}:
                new = rules.sign_out(replace(new, binding=binding), now)
            return replace(new, name=name or account.name)

        return await self.change(id, decide, "account.change", by)

    async def freeze(self, id: str, by: By) -> Account:
        """End all that the account may and is signed in to, and the keys it answers for."""

        def decide(account: Account, now: datetime) -> Account:
            return rules.freeze(account, by=by.id, now=now)

        account = await self.change(id, decide, "account.freeze", by)
        # After the account, and again when freezing is repeated: nothing is left half done.
        held = await self._keyring.hold(id, held=True)
        logger.info("account_frozen", account=id, keys=held)
        return account

    async def thaw(self, id: str, by: By) -> Account:
        """Let the account count again, and its keys."""
        account = await self.change(id, lambda account, _: rules.thaw(account), "account.thaw", by)
        await self._keyring.hold(id, held=False)
        return account

    async def drop_factor(self, id: str, by: By) -> Account:
        """Forget a second factor whose device is lost."""

        def decide(account: Account, now: datetime) -> Account:
            return rules.drop_factor(account, by=by.id, now=now)

        return await self.change(id, decide, "account.drop_factor", by)

    async def change(self, id: str, decide: Decide, act: str, by: By) -> Account:
        """Load, decide, put on record, save; again when somebody else was faster.

        Raises NoSuchThing, what `decide` raises, Refused for the last administrator, Contested.
        """
        return await change_on_record(
            lambda: self.get(id),
            lambda account: decide(account, self._clock.now()),
            lambda: self._record(by, act, id),
            self._save,
            of=("accounts", id),
        )

    async def _save(self, account: Account, new: Account) -> Account | None:
        leaves = account.governs and not new.governs
        if leaves and not await self._accounts.leave_roll(account.id):
            raise Refused(
                "last-administrator",
                "Nobody else could manage accounts then",
                "make another administrator of the whole group first",
            )
        try:
            won = await self._accounts.save(new) is Verdict.WON
        except Taken as error:
            raise _binding_taken() from error
        if not won:
            return None
        await self._keep_roll(new)
        return replace(new, version=new.version + 1)

    async def _keep_roll(self, account: Account) -> None:
        """Told after it is true, and looked at again: somebody may have frozen the account in
        between and struck it off before it was written down.
        """
        if account.governs:
            await self._accounts.join_roll(account.id)
            account = await self.get(account.id)
        if not account.governs:
            await self._accounts.strike_off_roll(account.id)

    async def _record(
        self, by: By, act: str, id: str, details: dict[str, str | int] | None = None
    ) -> None:
        await self._records.record(
            by.principal, act, ("account", id), why=by.why, source=by.source, details=details
        )


def _invited(account: Account, token: str) -> Invited:
    assert account.invitation is not None
    return Invited(account, token, account.invitation.expires_at)


def _id_taken() -> Refused:
    return Refused("there-already", "There is an account of that id", "choose another id")


def _binding_taken() -> Refused:
    return Refused("bound-already", "Another account is bound to that person", "unbind it first")
