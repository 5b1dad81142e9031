"""Versions, drafts and the head to documents and back; races are settled by conditional writes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pymongo import DESCENDING, IndexModel

from services.admin.errors import NoSuchThing
from services.admin.policies.domain import Confirmation, Mark, Version
from shared.identity import Role
from shared.policy.documents import Documents
from shared.policy.head import Entry, entries_of
from shared.store import Contested, Doc, Store, Verdict
from shared.store.old_paging import page
from shared.store.plain import Plain
from shared.store.policies import HEAD, POLICIES, NoPolicyError
from shared.store.tickets import ATTEMPTS

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    POLICIES: (IndexModel([("made_at", DESCENDING), ("_id", DESCENDING)], name="policies_newest"),)
}
MOST_STAFF: Final = 5000
"""More people than this have no account in any group we know of."""
_ABOUT: Final = (
    "edition", "state", "base", "title", "authors", "made_at", "submitted", "decided", "reason",
    "must_confirm", "confirmed",
)  # fmt: skip
"""Everything but the documents, which are long."""

Decide = Callable[[list[Entry], datetime], list[Entry]]


class Policies:
    """The collection `policies`, in values of the domain."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._policies = Plain(store, POLICIES)

    async def get(self, id: str) -> Version:
        """A version, without its documents; raises NoSuchThing."""
        found = await self._store.find(POLICIES, {"_id": id}, limit=1, fields=_ABOUT)
        if not found or id == HEAD:
            raise NoSuchThing(id)
        return _from_doc(found[0])

    async def documents(self, id: str) -> Documents:
        """Its documents; raises NoSuchThing."""
        doc = await self._policies.get(id)
        if doc is None or id == HEAD:
            raise NoSuchThing(id)
        documents: Documents = doc["documents"]
        return documents

    async def insert(self, version: Version, documents: Documents) -> Verdict:
        """Write a new one; LOST when its id is taken."""
        kept = {"confirmed": [], "documents": documents}
        made = await self._policies.make({"_id": version.id, **_to_doc(version), **kept})
        return Verdict.WON if made else Verdict.LOST

    async def save(self, version: Version, documents: Documents | None = None) -> Version:
        """Write what was made of a version as it was read, with other documents where there are
        some; raises Contested when it changed meanwhile.
        """
        fields = _to_doc(version) | {"edition": version.edition + 1}
        if documents is not None:
            fields["documents"] = documents
        read = {"_id": version.id, "edition": version.edition}
        if version.edition == 0:  # seeded, and nobody has touched it yet
            read["edition"] = {"$exists": False}
        changed = await self._policies.change(read, {"$set": fields})
        if changed is None:
            raise Contested(POLICIES, version.id)
        return _from_doc(changed)

    async def confirm(self, id: str, confirmation: Confirmation) -> None:
        """Note that somebody has read it; once, however many do so at the same time."""
        first = {"_id": id, "confirmed.by": {"$ne": confirmation.by}}
        await self._policies.change(first, {"$push": {"confirmed": asdict(confirmation)}})

    async def newest(self, *, after: str | None, limit: int) -> tuple[list[Version], str | None]:
        """Versions and drafts, the newest first, and the cursor of the next page."""
        found = await page(
            self._store, POLICIES, {"made_at": {"$type": "date"}}, after=after, limit=limit,
            newest_by="made_at", fields=_ABOUT,
        )  # fmt: skip
        return [_from_doc(doc) for doc in found.docs], found.next

    async def entries(self) -> list[Entry]:
        """What is in force when, as the majority has it; raises NoPolicyError."""
        return entries_of(await self._head())

    async def change_head(self, decide: Decide) -> list[Entry]:
        """Change what is in force when, in one conditional write; as it is then.

        `decide` is asked again with each newer state. Raises what it raises, and Contested.
        """
        for _ in range(ATTEMPTS):
            head = await self._head()
            entries = decide(entries_of(head), self._store.clock.now())
            docs = [entry.to_doc() for entry in entries]
            if docs == head["in_force"]:
                return entries
            read = {"_id": HEAD, "in_force": head["in_force"]}
            if await self._policies.change(read, {"$set": {"in_force": docs}}):
                return entries
        raise Contested(POLICIES, HEAD)

    async def _head(self) -> Doc:
        head = await self._policies.get(HEAD)
        if head is None:
            raise NoPolicyError
        return head

    async def staff(self, roles: Collection[Role]) -> list[str]:
        """Who has an account in one of these roles, by id."""
        query = {"role": {"$in": sorted(roles)}, "state": "active"}
        found = await self._store.find("accounts", query, limit=MOST_STAFF, fields=("_id",))
        return [doc["_id"] for doc in found]


def _to_doc(version: Version) -> Doc:
    """All that is saved; who has confirmed is only ever added to."""
    fields = {name: getattr(version, name) for name in _ABOUT if name != "confirmed"}
    return fields | {
        "authors": list(version.authors),
        "submitted": asdict(version.submitted) if version.submitted else None,
        "decided": asdict(version.decided) if version.decided else None,
        "must_confirm": list(version.must_confirm),
    }


def _from_doc(doc: Mapping[str, Any]) -> Version:
    """A version; one that was seeded is approved by having been put there."""
    submitted, decided = doc.get("submitted"), doc.get("decided")
    return Version(
        id=doc["_id"],
        edition=doc.get("edition", 0),
        state=doc.get("state", "approved"),
        base=doc.get("base"),
        title=doc.get("title", ""),
        authors=tuple(doc.get("authors", ())),
        made_at=doc.get("made_at"),
        submitted=Mark(**submitted) if submitted else None,
        decided=Mark(**decided) if decided else None,
        reason=doc.get("reason"),
        must_confirm=tuple(doc.get("must_confirm", ())),
        confirmed=tuple(Confirmation(**found) for found in doc.get("confirmed", ())),
    )
