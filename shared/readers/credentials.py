"""What the admin service took back, and the keys that count: known in every process within seconds.

Each process reads both once a second from the database alone, so that it works without the broker,
and judges in memory. What is changed once is written once: a frozen account is its own notice, and
so are an ended session and a key. Nobody who cannot read them believes anybody for longer than
three seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from shared.documents import Doc
from shared.identity import EVERYWHERE, InvalidToken, Principal
from shared.identity.api_keys import ApiKey, KeyDigest, id_in, is_of, read_key
from shared.identity.tokens import Signed
from shared.store.store import Store
from shared.telemetry import logger

BELIEVED_SECONDS: Final = 3.0
"""Read each second, these are two failures; within five seconds is what was promised."""
SESSION_TOKEN_LIFETIME: Final = timedelta(minutes=10)
REMEMBERED: Final = SESSION_TOKEN_LIFETIME + timedelta(minutes=2)
"""Tokens of a session that ended before have ended too, also by clocks a minute apart."""
_EVERYWHERE: Final = frozenset({EVERYWHERE})
_KEY_FIELDS: Final = ("publisher", "places", "actions", "expires_at", "digests", "role")
_COUNTING_FIELDS: Final = (*_KEY_FIELDS, "revoked_at", "held")


class CredentialsAway(Exception):
    """Nobody knows at present what was taken back."""

    def __init__(self) -> None:
        super().__init__("what was taken back cannot be read; nobody is believed meanwhile")


class Credentials:
    """What one process knows; `secret` is what digests of keys are made with."""

    def __init__(
        self, store: Store, secret: bytes, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._secret = secret
        self._monotonic = monotonic
        self._editions: Mapping[str, int] = {}
        self._ended: frozenset[str] = frozenset()
        self._keys: Mapping[str, ApiKey] = {}
        self._key_holders: frozenset[str] = frozenset()
        self._asked = float("-inf")

    async def refresh(self) -> None:
        """Read all of it anew; what is known counts from the moment the question was asked."""
        asked = self._monotonic()
        try:
            async with asyncio.timeout(BELIEVED_SECONDS):
                accounts, sessions, keys = await asyncio.gather(
                    self._read("accounts", self._recent("signed_out_at"), "edition"),
                    self._read("sessions", self._recent("ended_at"), "ended_at"),
                    # Those that ended too: who had a key once is held to it for ever.
                    self._read("api_keys", {}, *_COUNTING_FIELDS),
                )
        except TimeoutError:
            logger.warning("credentials_not_read", after=BELIEVED_SECONDS)
            return
        if asked < self._asked:  # somebody asked later and was answered sooner
            return
        self._editions = {doc["_id"]: doc["edition"] for doc in accounts}
        self._ended = frozenset(doc["_id"] for doc in sessions)
        now = self._store.clock.now()
        self._keys = {doc["_id"]: key_from_doc(doc) for doc in keys if _counts(doc, now)}
        self._key_holders = frozenset(doc["publisher"] for doc in keys)
        self._asked = asked

    def judge(self, signed: Signed) -> None:
        """Raise InvalidToken for a token of a session that was taken back, CredentialsAway when
        nobody knows. A token without a session cannot be taken back.
        """
        session = signed.session
        if session is None:
            return
        self._require_fresh()
        edition = self._editions.get(signed.principal.id, session.edition)
        if session.id in self._ended or session.edition < edition:
            raise InvalidToken("the session has ended; sign in again")

    def bearer_of(self, key: str, *, now: datetime) -> Principal:
        """The system whose key this is; raises InvalidToken and CredentialsAway."""
        self._require_fresh()
        return read_key(key, self._keys, self._secret, now=now)

    async def was_given(self, shown: str) -> bool:
        """Whether it was ever a key: also one that is too new for this process to know, or that was
        taken back.
        """
        id = id_in(shown)
        doc = await self._store.get("api_keys", id) if id else None
        return doc is not None and is_of(shown, key_from_doc(doc), self._secret)

    def places_of(self, publisher: str | None) -> frozenset[str]:
        """The places of all keys of a publisher that count; none for whoever has no key."""
        keys = (key for key in self._keys.values() if key.publisher == publisher)
        return frozenset[str]().union(*(key.places for key in keys))

    def reach_of(self, publisher: str) -> frozenset[str]:
        """How far a publisher reaches on the queue, where it shows no key: to the places of its
        keys that count, so nowhere when all of them have ended; everywhere if it never had one.
        """
        return self.places_of(publisher) if publisher in self._key_holders else _EVERYWHERE

    def _require_fresh(self) -> None:
        if self._monotonic() - self._asked > BELIEVED_SECONDS:
            raise CredentialsAway

    def _recent(self, field: str) -> Doc:
        return {field: {"$gt": self._store.clock.now() - REMEMBERED}}

    async def _read(self, collection: str, query: Doc, *fields: str) -> list[Doc]:
        return await self._store.everything(collection, query, fields=fields)


def _counts(doc: Mapping[str, Any], now: datetime) -> bool:
    """Whether nobody took a key back, no frozen account answers for it, and it has not expired."""
    is_taken_back = doc.get("revoked_at") is not None or doc["held"]
    return not is_taken_back and now < doc["expires_at"]


def key_from_doc(doc: Mapping[str, Any]) -> ApiKey:
    """What of a key's document decides whether it counts."""
    return ApiKey(
        id=doc["_id"],
        publisher=doc["publisher"],
        places=frozenset(doc["places"]),
        actions=frozenset(doc["actions"]),
        expires_at=doc["expires_at"],
        digests=tuple(KeyDigest(bytes(d["digest"]), d["until"]) for d in doc["digests"]),
        role=doc.get("role", "system"),
    )
