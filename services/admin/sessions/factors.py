"""The use cases of second factors: begun, confirmed, and codes that count once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.admin.accounts import domain as rules
from services.admin.accounts.domain import Account, Factor
from services.admin.accounts.staff import By, StaffAccounts, step_to
from services.admin.accounts.storage import ACCOUNTS
from services.admin.sessions import domain as codes
from services.admin.sessions.tries import TryCounter
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotNow
from shared.identity.factor_safe import FactorSafe
from shared.store import Collection, Store


@dataclass(frozen=True, slots=True)
class Code:
    """A code that fits, not yet used: a time step, or the digest of one for a lost device. Neither
    where the account has no second factor.
    """

    step: int | None = None
    recovery: str | None = None

    def used(self, account: Account) -> Account:
        """The account when it is used up; the same when it was."""
        if self.step is not None:
            return rules.use_step(account, self.step)
        return rules.use_recovery(account, self.recovery or "")


@dataclass(frozen=True, slots=True)
class Begun:
    """What the person's device is told, shown this once."""

    secret: str
    address: str


class Factors:
    """Sets second factors up and reads their codes. Codes go by the time outside, as phones do."""

    def __init__(
        self, store: Store, staff_accounts: StaffAccounts, safe: FactorSafe, try_counter: TryCounter
    ) -> None:
        self._accounts = Collection(store, ACCOUNTS)
        self._staff_accounts = staff_accounts
        self._safe = safe
        self._try_counter = try_counter
        self._clock = store.clock

    def read(self, account: Account, typed: str | None) -> Code | None:
        """The code that was typed, or None when the account has a factor that it does not fit."""
        factor = account.factor
        if factor is None:
            return Code()
        plain = codes.plain_code(typed or "")
        secret = self._safe.open(factor.sealed, account.id)
        step = codes.step_of(secret, plain, at=self._now(), after=factor.last_step)
        digest = self._safe.digest(plain, account.id)
        if step is not None:
            return Code(step=step)
        return Code(recovery=digest) if digest in factor.recovery else None

    async def use(self, account: Account, code: Code) -> bool:
        """Use a code up; False when somebody else just did."""
        if code == Code():
            return True

        def decide(present: Account, _: datetime) -> Step[Account] | None:
            return step_to(present, code.used(present))

        changed = await self._accounts.change(account.id, decide)
        return changed is not None and changed.is_change

    async def begin(self, by: By, typed: str | None, address: str) -> Begun:
        """A new secret, which counts once it is confirmed. Whoever has a factor shows its code:
        a stolen token alone must not exchange it. Raises NotNow, TooOften.
        """
        account = await self._staff_accounts.get(by.id)
        async with self._try_counter.once(account.id, address, of="factor") as one:
            one.account = account.id
            code = self.read(account, typed)
            one.succeeded = code is not None and await self.use(account, code)
        if not one.succeeded:
            raise NotNow(
                "code-needed", "The present second factor's code does not fit", "send it as `code`"
            )
        secret = codes.new_secret()
        sealed = self._safe.seal(secret, account.id)

        def decide(account: Account, _: datetime) -> Account:
            return rules.begin_factor(account, sealed)

        await self._staff_accounts.change(account.id, decide, "account.begin_factor", by)
        return Begun(secret, codes.address_of(secret, account.id))

    async def confirm(self, by: By, typed: str, address: str) -> list[str]:
        """Take the new factor into use, once its device has shown a code; the recovery codes.

        Everybody signed in as this account is signed out. Raises NotNow, MalformedMessage,
        TooOften.
        """
        recovery = codes.new_recovery_codes()

        def decide(account: Account, now: datetime) -> Account:
            return rules.confirm_factor(account, self._confirmed(account, typed, recovery), now)

        async with self._try_counter.once(by.id, address, of="factor") as one:
            one.account = by.id
            await self._staff_accounts.change(by.id, decide, "account.set_factor", by)
            one.succeeded = True
        return recovery

    def _confirmed(self, account: Account, typed: str, recovery: list[str]) -> Factor:
        if account.pending is None:
            raise NotNow(
                "not-begun", "No second factor is being set up", "begin with POST …/factor"
            )
        secret = self._safe.open(account.pending, account.id)
        step = codes.step_of(secret, codes.plain_code(typed), at=self._now())
        if step is None:
            raise MalformedMessage("code", "does not fit", "send the one that is shown now")
        digests = [self._safe.digest(codes.plain_code(code), account.id) for code in recovery]
        return Factor(account.pending, step, tuple(digests))

    def _now(self) -> float:
        return self._clock.outside().timestamp()
