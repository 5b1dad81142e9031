"""Accounts to documents and back, and the roll of those who can manage them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from services.admin.domain.accounts import Account, Binding, Factor, Invitation, Reach
from shared.store import Doc, Store, Verdict
from shared.store.old_paging import page
from shared.store.plain import Plain

COLLECTION: Final = "accounts"
ROLL: Final = "administrators"


class Accounts:
    """The collection `accounts`, in values of the domain; `rolls` keeps the last administrator."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts = Plain(store, COLLECTION)
        self._rolls = Plain(store, "rolls")

    async def get(self, id: str) -> Account | None:
        """One account, as it is now."""
        doc = await self._accounts.get(id)
        return _from_doc(doc) if doc else None

    async def bound_to(self, binding: Binding) -> Account | None:
        """The account of somebody at an identity provider."""
        doc = await self._accounts.first(
            {"binding.issuer": binding.issuer, "binding.subject": binding.subject}
        )
        return _from_doc(doc) if doc else None

    async def insert(self, account: Account) -> Verdict:
        """Write a new account; LOST when its id or its binding is there already."""
        doc = {"_id": account.id, **_to_doc(account)}
        return Verdict.WON if await self._accounts.make(doc) else Verdict.LOST

    async def save(self, account: Account) -> Verdict:
        """Write what was made of the account as it was read; LOST when it changed meanwhile.

        Raises Taken for a binding that another account has.
        """
        read = {"_id": account.id, "version": account.version}
        fields = _to_doc(replace(account, version=account.version + 1))
        kept = {name: value for name, value in fields.items() if value is not None}
        gone = {name: "" for name, value in fields.items() if value is None}
        update = {"$set": kept} | ({"$unset": gone} if gone else {})
        won = await self._accounts.change(read, update)
        return Verdict.WON if won else Verdict.LOST

    async def use_step(self, id: str, step: int) -> bool:
        """Mark a code's time step as used; False when it, or a later one, was used before."""
        unused = {"_id": id, "factor.last_step": {"$lt": step}}
        # A new version, so that nobody who read the account before writes the old step back.
        used = {"$set": {"factor.last_step": step}, "$inc": {"version": 1}}
        return await self._accounts.change(unused, used) is not None

    async def use_recovery(self, id: str, digest: str) -> bool:
        """Strike a recovery code off; False when it is not there, or no more."""
        struck = {"$pull": {"factor.recovery": digest}, "$inc": {"version": 1}}
        return (
            await self._accounts.change({"_id": id, "factor.recovery": digest}, struck) is not None
        )

    async def listed(self, *, after: str | None, limit: int) -> tuple[list[Account], str | None]:
        """Accounts by id, and the cursor of the next page."""
        found = await page(self._store, COLLECTION, {}, after=after, limit=limit)
        return [_from_doc(doc) for doc in found.docs], found.next

    async def join_roll(self, id: str) -> None:
        """Somebody can manage accounts; the roll never names more than there are."""
        await self._rolls.change({"_id": ROLL}, {"$addToSet": {"ids": id}}, make=True)

    async def strike_off_roll(self, id: str) -> None:
        """Somebody can manage accounts no more."""
        await self._rolls.change({"_id": ROLL}, {"$pull": {"ids": id}})

    async def leave_roll(self, id: str) -> bool:
        """Take somebody off the roll; False when nobody else is on it. Two who take each other off
        at once cannot both succeed.
        """
        others = {"_id": ROLL, "ids": {"$elemMatch": {"$ne": id}}}
        return await self._rolls.change(others, {"$pull": {"ids": id}}) is not None


def _to_doc(account: Account) -> Doc:
    reach, factor, invited, bound = (
        account.reach, account.factor, account.invitation, account.binding,
    )  # fmt: skip
    return {
        "version": account.version,
        "edition": account.edition,
        "name": account.name,
        "role": reach.role,
        "places": sorted(reach.places),
        "departments": sorted(reach.departments),
        "state": account.state,
        "password": account.password,
        "invitation": invited and {"digest": invited.digest, "expires_at": invited.expires_at},
        "factor": factor
        and {
            "sealed": factor.sealed,
            "last_step": factor.last_step,
            "recovery": list(factor.recovery),
        },
        "pending": account.pending,
        "binding": bound and {"issuer": bound.issuer, "subject": bound.subject},
        "made_at": account.made_at,
        "signed_out_at": account.signed_out_at,
    }


def _from_doc(doc: Mapping[str, Any]) -> Account:
    factor, invited, bound = doc.get("factor"), doc.get("invitation"), doc.get("binding")
    return Account(
        id=doc["_id"],
        version=doc["version"],
        edition=doc["edition"],
        name=doc.get("name"),
        reach=Reach(
            role=doc["role"],
            places=frozenset(doc["places"]),
            departments=frozenset(doc["departments"]),
        ),
        state=doc["state"],
        password=doc.get("password"),
        invitation=Invitation(**invited) if invited else None,
        factor=Factor(bytes(factor["sealed"]), factor["last_step"], tuple(factor["recovery"]))
        if factor
        else None,
        pending=bytes(doc["pending"]) if doc.get("pending") else None,
        binding=Binding(**bound) if bound else None,
        made_at=doc["made_at"],
        signed_out_at=doc.get("signed_out_at"),
    )
