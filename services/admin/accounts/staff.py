"""The use cases on accounts: made, invited, changed, frozen, thawed. Nothing that the
administration keeps is changed before it is on record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from services.admin.accounts import domain as rules
from services.admin.accounts.domain import Account, Binding, Reach, Roll
from services.admin.accounts.secrets import new_token
from services.admin.accounts.storage import ACCOUNTS, ROLLS
from services.admin.keys.storage import hold_keys
from shared.audit import Trail
from shared.contracts import Step
from shared.contracts.refusals import NotNow, NotThere
from shared.identity import Principal
from shared.store import Collection, Store, Taken
from shared.telemetry import logger

T = TypeVar("T")
Record = Callable[[], Awaitable[None]]
Decide = Callable[[Account, datetime], Account]


def once(record: Record) -> Record:
    """Put something on record the first time alone: a decision that is asked again is one act."""
    recorded = False

    async def record_once() -> None:
        nonlocal recorded
        if not recorded:
            await record()
            recorded = True

    return record_once


def step_to(old: T, new: T) -> Step[T] | None:
    """To what was decided; none where it is as it was."""
    return None if new == old else Step(new)


def on_record(
    decide: Callable[[T, datetime], T], record: Record
) -> Callable[[T, datetime], Awaitable[Step[T] | None]]:
    """A decision that is on record before it is written. What stays as it was is neither."""
    record = once(record)

    async def decided(old: T, now: datetime) -> Step[T] | None:
        step = step_to(old, decide(old, now))
        if step is not None:
            await record()
        return step

    return decided


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


class StaffAccounts:
    """Changes accounts; what takes something away counts everywhere within seconds."""

    def __init__(self, store: Store, records: Trail) -> None:
        self._store = store
        self._accounts = Collection(store, ACCOUNTS)
        self._rolls = Collection(store, ROLLS)
        self._records = records

    async def get(self, id: str) -> Account:
        """The account as it is now; raises NotThere."""
        account = await self._accounts.get(id)
        if account is None:
            raise NotThere
        return account

    async def create(
        self, id: str, reach: Reach, by: By, *, name: str | None, binding: Binding | None
    ) -> Invited:
        """A new account and its invitation; raises NotNow for an id that is taken."""
        now = self._store.clock.now()
        token, digest = new_token(id)
        account = Account(id=id, name=name, reach=reach, binding=binding, made_at=now)
        account = rules.invite(account, digest, now)
        await self._record(by, "account.create", id, {"for_role": reach.role})
        if not await self._accounts.insert(Step(account), now):
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
        held = await hold_keys(self._store, id, held=True)
        logger.info("account_frozen", account=id, keys=held)
        return account

    async def thaw(self, id: str, by: By) -> Account:
        """Let the account count again, and its keys."""
        account = await self.change(id, lambda account, _: rules.thaw(account), "account.thaw", by)
        await hold_keys(self._store, id, held=False)
        return account

    async def drop_factor(self, id: str, by: By) -> Account:
        """Forget a second factor whose device is lost."""

        def decide(account: Account, now: datetime) -> Account:
            return rules.drop_factor(account, by=by.id, now=now)

        return await self.change(id, decide, "account.drop_factor", by)

    async def change(self, id: str, decide: Decide, act: str, by: By) -> Account:
        """Decide, put on record, write.

        Raises NotThere, what `decide` raises, NotNow for the last administrator, Contested.
        """
        recorded = on_record(decide, lambda: self._record(by, act, id))

        async def step(account: Account, now: datetime) -> Step[Account] | None:
            decided = await recorded(account, now)
            if decided is not None and account.governs and not decided.value.governs:
                await self._change_roll(lambda roll: _leave(roll, id))
            return decided

        try:
            changed = await self._accounts.change(id, step)
        except Taken as error:
            raise _binding_taken() from error
        if changed is None:
            raise NotThere
        if changed.is_change:
            await self._keep_roll(changed.after)
        return changed.after

    async def _keep_roll(self, account: Account) -> None:
        """Told after it is true, and looked at again: somebody may have frozen the account in
        between and struck it off before it was written down.
        """
        if account.governs:
            await self._change_roll(lambda roll: roll.having(account.id))
            account = await self.get(account.id)
        if not account.governs:
            await self._change_roll(lambda roll: roll.without(account.id))

    async def _change_roll(self, decide: Callable[[Roll], Roll]) -> None:
        roll = Roll()
        await self._rolls.change(roll.id, lambda old, _: step_to(old, decide(old)), new=roll)

    async def _record(
        self, by: By, act: str, id: str, details: dict[str, str | int] | None = None
    ) -> None:
        await self._records.record(
            by.principal, act, ("account", id), why=by.why, source=by.source, details=details
        )


def _invited(account: Account, token: str) -> Invited:
    assert account.invitation is not None
    return Invited(account, token, account.invitation.expires_at)


def _leave(roll: Roll, id: str) -> Roll:
    """Of two who take each other off at once, one finds nobody else on it."""
    left = roll.without(id)
    if not left.ids:
        raise NotNow(
            "last-administrator",
            "Nobody else could manage accounts then",
            "make another administrator of the whole group first",
        )
    return left


def _id_taken() -> NotNow:
    return NotNow("there-already", "There is an account of that id", "choose another id")


def _binding_taken() -> NotNow:
    return NotNow("bound-already", "Another account is bound to that person", "unbind it first")
