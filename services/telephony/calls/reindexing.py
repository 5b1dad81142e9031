"""The secret of look-ups is changed while all goes on: each call, and each caller to ring back,
gets the entries of the versions that count, in small batches, from where it left off.

Who rang is opened for it, and nothing of them leaves. A call that is forgotten meanwhile stays so.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from services.telephony.callbacks.domain import CallBack, key_of
from services.telephony.callbacks.storage import CALLBACKS
from services.telephony.calls.domain import CALLER
from services.telephony.calls.storage import CALLS
from shared.bus import run_every
from shared.bus.walks import Walk
from shared.contracts import Step
from shared.privacy import BlindIndex, CannotOpen
from shared.privacy.index import FIRST_VERSION, entries_in, version_of
from shared.privacy.open import Opener
from shared.store import Collection, Doc, Store
from shared.telemetry import logger

LOOK_SECONDS: Final = 30.0


class CallReindex:
    """Keeps the entries of callers to the versions that count."""

    def __init__(self, store: Store, opener: Opener, index: BlindIndex) -> None:
        self._store = store
        self._opener = opener
        self._index = index
        self._backs = Collection(store, CALLBACKS)
        way = "-".join(str(version) for version in index.versions)
        self._calls = Walk(store, CALLS.name, f"calls/{way}", fields=("persons", "index"))
        self._to_ring_back = Walk(
            store, CALLBACKS.name, f"callbacks/{way}", fields=("calls", "phones")
        )

    async def run(self) -> None:
        """Look until cancelled; where the secret was never changed there is nothing to look for."""
        if self._index.versions != (FIRST_VERSION,):
            await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Go on to the end, unless it was reached before: calls first, from which the entries of
        those to ring back come.
        """
        await self._calls.go(self._fit_call)
        await self._to_ring_back.go(self._fit_back)

    async def _fit_call(self, doc: Doc) -> None:
        before = entries_in((doc.get("index") or {}).get("phone"))
        if not before or self._fits(before):
            return
        after = await self._made(doc) or self._counting(before)
        # Whoever forgot or erased the caller meanwhile has written another index.
        await self._store.documents(CALLS.name).update_one(
            {"_id": doc["_id"], "index.phone": doc["index"]["phone"]},
            {"$set": {"index.phone": after}},
        )

    async def _fit_back(self, doc: Doc) -> None:
        if not doc["phones"] or self._fits(doc["phones"]):
            return
        call = await self._store.get(CALLS.name, doc["calls"][-1], fields=("index",))
        # Of a number that is forgotten nobody can be rung back, nor is found again.
        phones = tuple(entries_in((call or {}).get("index", {}).get("phone")))

        def decide(back: CallBack, _: datetime) -> Step[CallBack] | None:
            if set(back.phones) != set(doc["phones"]):
                return None
            key = key_of(phones, back.line) if back.key is not None and phones else back.key
            return Step(replace(back, phones=phones, key=key))

        await self._backs.change(doc["_id"], decide)

    def _fits(self, entries: list[str]) -> bool:
        return {version_of(entry) for entry in entries} == set(self._index.versions)

    def _counting(self, entries: list[str]) -> list[str]:
        return [entry for entry in entries if version_of(entry) in self._index.versions]

    async def _made(self, doc: Doc) -> list[str]:
        """The entries of whoever can be opened; none of others."""
        sealed = (doc.get("persons") or {}).get(CALLER)
        if sealed is None:
            return []
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen:
            logger.warning("caller_cannot_be_indexed", call=doc["_id"])
            return []
        return self._index.phones(person.get("phone"))
