"""The secret of look-ups is changed while all goes on: a loop gives each ticket the entries of the
versions that count, in small batches, from where it left off.

While two versions count, every ticket gets an entry of each; when the old one counts no more, its
entries are dropped. An index is derived from what is sealed: to change it is no change of the
ticket, and makes no version of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.bus import run_every
from shared.bus.walks import Walk
from shared.privacy import BlindIndex, CannotOpen
from shared.privacy.index import FIRST_VERSION, Kept, entries_in, kept, version_of
from shared.privacy.open import Opener
from shared.store import Doc, Store
from shared.telemetry import logger

LOOK_SECONDS: Final = 30.0
BATCH: Final = 100
"""Opening takes a tenth of a millisecond each; the routine goes on beside them."""


class Reindex:
    """Keeps every ticket's index to the versions that count."""

    def __init__(self, store: Store, opener: Opener, index: BlindIndex) -> None:
        self._store = store
        self._opener = opener
        self._index = index
        self._walk = Walk(
            store, "tickets", progress_id(index), fields=("estate", "persons", "index")
        )

    async def run(self) -> None:
        """Look until cancelled; where the secret was never changed there is nothing to look for."""
        if self._index.versions != (FIRST_VERSION,):
            await run_every(self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Go on to the end, unless it was reached before."""
        await self._walk.go(self._fit, batch=BATCH)

    async def _fit(self, doc: Doc) -> None:
        before: dict[str, Kept] = doc.get("index") or {}
        if not before or self._fits(before):
            return
        after = await self._made(doc) if self._lacks(before) else self._trimmed(before)
        # Whoever erased or corrected the person meanwhile has written another index.
        await self._store.documents("tickets").update_one(
            {"_id": doc["_id"], "index": before}, {"$set": {"index": after}}
        )

    def _fits(self, index: Mapping[str, Kept]) -> bool:
        wanted = set(self._index.versions)
        return all({version_of(e) for e in entries_in(v)} == wanted for v in index.values())

    def _lacks(self, index: Mapping[str, Kept]) -> bool:
        wanted = set(self._index.versions)
        return any(wanted - {version_of(e) for e in entries_in(v)} for v in index.values())

    def _trimmed(self, index: Mapping[str, Kept]) -> dict[str, Kept]:
        return kept(
            **{
                field: [e for e in entries_in(v) if version_of(e) in self._index.versions]
                for field, v in index.items()
            }
        )

    async def _made(self, doc: Doc) -> dict[str, Kept]:
        """The entries of whoever can be opened; of others what there was."""
        caller = await self._opened(doc, "caller")
        contact = await self._opened(doc, "on_site_contact")
        made: dict[str, Kept] = {}
        if caller is not None:
            devices = self._index.devices(caller.get("device"))
            made |= kept(**self._index.of_caller(doc["estate"], caller), device=devices)
        if contact is not None:
            made |= kept(contact=self._index.phones(contact.get("phone")))
        return {**doc["index"], **made}

    async def _opened(self, doc: Doc, person: str) -> Mapping[str, Any] | None:
        sealed = doc["persons"].get(person)
        if sealed is None:
            return None
        try:
            return await self._opener.open_person(sealed)
        except CannotOpen:
            logger.warning("person_cannot_be_indexed", ticket=doc["_id"])
            return None


def progress_id(index: BlindIndex) -> str:
    """What the way through all tickets is called: its versions."""
    return "-".join(str(version) for version in index.versions)
