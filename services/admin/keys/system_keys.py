"""The use cases of systems' keys: made, exchanged, taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.admin.accounts.staff import By, on_record
from services.admin.accounts.storage import ACCOUNTS
from services.admin.keys import domain as rules
from services.admin.keys.domain import SystemKey
from services.admin.keys.storage import KEYS
from shared.audit import Trail
from shared.contracts import MalformedMessage, Step
from shared.contracts.refusals import NotThere
from shared.identity.api_keys import KeyDigest, digest_of, new_key
from shared.store import Collection, Store

Decide = Callable[[SystemKey, datetime], SystemKey]


@dataclass(frozen=True, slots=True)
class Shown:
    """A key with the secret that is shown this once."""

    key: SystemKey
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new key shall be."""

    publisher: str
    places: frozenset[str]
    actions: frozenset[str]
    owner: str | None
    days: int


class SystemKeys:
    """Changes keys; every process knows them within seconds. `secret` makes their digests."""

    def __init__(self, store: Store, records: Trail, *, secret: bytes) -> None:
        self._keys = Collection(store, KEYS)
        self._accounts = Collection(store, ACCOUNTS)
        self._records = records
        self._clock = store.clock
        self._secret = secret

    async def get(self, id: str) -> SystemKey:
        """The key as it is now; raises NotThere."""
        key = await self._keys.get(id)
        if key is None:
            raise NotThere
        return key

    async def create(self, wanted: Wanted, by: By) -> Shown:
        """A new key; raises MalformedMessage."""
        await self._require_owner(wanted.owner)
        id, shown = new_key()
        now = self._clock.now()
        key = SystemKey(
            id=id,
            publisher=wanted.publisher,
            places=wanted.places,
            actions=wanted.actions,
            owner=wanted.owner,
            digests=(KeyDigest(digest_of(shown, self._secret)),),
            made_by=by.id,
            made_at=now,
            expires_at=now + timedelta(days=wanted.days),
        )
        await self._record(by, "key.create", id)
        await self._keys.insert(Step(key), now)  # its id is random
        return Shown(key, shown)

    async def rotate(self, id: str, by: By, *, overlap: timedelta, days: int) -> Shown:
        """A new secret of the same key; the present one counts for the overlap."""
        _, shown = new_key(id)
        digest = digest_of(shown, self._secret)

        def decide(key: SystemKey, now: datetime) -> SystemKey:
            return rules.rotate(key, digest, now=now, overlap=overlap, days=days)

        return Shown(await self._change(id, decide, "key.rotate", by), shown)

    async def revoke(self, id: str, by: By) -> SystemKey:
        """Take a key back for good."""
        return await self._change(id, rules.revoke, "key.revoke", by)

    async def _change(self, id: str, decide: Decide, act: str, by: By) -> SystemKey:
        recorded = on_record(decide, lambda: self._record(by, act, id))
        changed = await self._keys.change(id, recorded)
        if changed is None:
            raise NotThere
        return changed.after

    async def _require_owner(self, owner: str | None) -> None:
        account = await self._accounts.get(owner) if owner is not None else None
        if owner is not None and (account is None or account.state == "frozen"):
            raise MalformedMessage(
                "owner", "is no active account", "name one that is, or leave it out"
            )

    async def _record(self, by: By, act: str, id: str) -> None:
        await self._records.record(by.principal, act, ("key", id), why=by.why, source=by.source)
