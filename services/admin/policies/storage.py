"""Versions, drafts and the head as they are kept: documents of one collection."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Final

from cattrs import Converter
from pymongo import ASCENDING, DESCENDING, IndexModel

from services.admin.accounts.staff import step_to
from services.admin.policies.announcement import Announcement
from services.admin.policies.domain import Confirmation, FullVersion, Version
from services.admin.policies.readership import Staffer
from shared.contracts import Step
from shared.contracts.refusals import NotNow, NotThere
from shared.documents import Shape
from shared.identity import Role
from shared.policy.documents import Documents
from shared.policy.versions import Head, VersionInForce
from shared.readers.policies import HEAD, HEADS, POLICIES, NoPolicyError
from shared.store import Collection, CollectionSpec, Decide, Listing, Order, Page, Store


def _as_they_are(converter: Converter) -> None:
    """Documents are long, and lie as they are used."""
    converter.register_unstructure_hook_func(
        lambda kind: kind == Documents, lambda documents: documents
    )


VERSIONS: Final = CollectionSpec(
    name=POLICIES,
    version="edition",
    shape=Shape(value=Version),
    indexes=(IndexModel([("made_at", DESCENDING), ("_id", DESCENDING)], name="policies_newest"),),
)
FULL_VERSIONS: Final = CollectionSpec(
    name=POLICIES, version="edition", shape=Shape(value=FullVersion, hooks=_as_they_are)
)
"""The same with their documents."""
ANNOUNCEMENTS: Final = CollectionSpec(
    name="policy_announcements",
    kind="policy_announcement",
    shape=Shape(value=Announcement),
    indexes=(IndexModel([("next_at", ASCENDING)], name="by_next"),),
)
KEPT: Final = (VERSIONS, FULL_VERSIONS, HEADS, ANNOUNCEMENTS)
MOST_LATELY: Final = 100
"""More versions than this are not approved in a week."""
MOST_STAFF: Final = 5000
"""More people than this have no account in any group we know of."""
_NEWEST: Final = Listing(
    filters={"made_at": {"$type": "date"}}, order=Order("made_at", newest=True)
)

Choose = Callable[[list[VersionInForce], datetime], list[VersionInForce]]


class Policies:
    """What is asked of the versions, and how they and the head change."""

    def __init__(self, store: Store) -> None:
        self.full = Collection(store, FULL_VERSIONS)
        self._store = store
        self._versions = Collection(store, VERSIONS)
        self._heads = Collection(store, HEADS)

    async def get(self, id: str) -> Version:
        """A version, without its documents; raises NotThere."""
        # Not read by `get`, which would read the documents as well.
        found = await self._versions.find({"_id": id}, limit=1)
        if not found or id == HEAD:
            raise NotThere
        return found[0]

    async def documents(self, id: str) -> Documents:
        """Its documents; raises NotThere."""
        found = await self.full.get(id) if id != HEAD else None
        if found is None:
            raise NotThere
        return found.documents

    async def some_documents(self, id: str, kinds: Sequence[str]) -> Documents:
        """Those of its documents that are of these kinds, the others unread; raises NotThere."""
        fields = tuple(f"documents.{kind}" for kind in kinds)
        doc = await self._store.get(POLICIES, id, fields=fields) if id != HEAD else None
        if doc is None:
            raise NotThere
        found: Documents = doc.get("documents", {})
        return found

    async def newest(self, *, after: str | None, limit: int) -> Page[Version]:
        """Versions and drafts, the newest first."""
        return await self._versions.page(_NEWEST, after=after, limit=limit)

    async def save(self, version: Version) -> Version:
        """Write what was made of a version as it was read; raises NotNow when it changed since."""

        def decide(present: Version, _: datetime) -> Step[Version]:
            require_edition(present, version.edition)
            # Who has confirmed is only ever added to, and makes no new edition.
            return Step(replace(version, confirmed=present.confirmed))

        changed = await self._versions.change(version.id, decide)
        if changed is None:
            raise NotThere
        return changed.after

    async def rewrite(self, id: str, decide: Decide[FullVersion]) -> Version:
        """Change a version and its documents; raises NotThere and what `decide` raises."""
        changed = await self.full.change(id, decide) if id != HEAD else None
        if changed is None:
            raise NotThere
        return changed.after

    async def confirm(self, id: str, confirmation: Confirmation) -> None:
        """Note that somebody has read it; once, however many do so at the same time."""
        first = {"_id": id, "confirmed.by": {"$ne": confirmation.by}}
        noted = {"$push": {"confirmed": asdict(confirmation)}}
        await self._store.change_many(POLICIES, first, noted)

    async def entries(self) -> list[VersionInForce]:
        """What is in force when, as the majority has it; raises NoPolicyError."""
        head = await self._heads.get(HEAD)
        if head is None:
            raise NoPolicyError
        return list(head.in_force)

    async def change_head(self, choose: Choose) -> None:
        """Change what is in force when; raises what `choose` raises."""

        def decide(head: Head, now: datetime) -> Step[Head] | None:
            return step_to(head, replace(head, in_force=tuple(choose(list(head.in_force), now))))

        if await self._heads.change(HEAD, decide) is None:
            raise NoPolicyError

    async def to_confirm(self, *, since: datetime) -> list[Version]:
        """What was approved since then and has to be confirmed by somebody."""
        query = {
            "state": "approved",
            "decided.at": {"$gte": since},
            "must_confirm.0": {"$exists": True},
        }
        return await self._versions.find(query, limit=MOST_LATELY)

    async def staffers(self, roles: Iterable[Role], ids: Iterable[str]) -> list[Staffer]:
        """Who has an account in one of these roles, or is one of these people."""
        query = {"$or": [{"role": {"$in": sorted(roles)}}, {"_id": {"$in": sorted(ids)}}]}
        fields = ("role", "places", "state")
        found = await self._store.find("accounts", query, limit=MOST_STAFF, fields=fields)
        return [
            Staffer(doc["_id"], doc["role"], frozenset(doc["places"]), doc["state"] == "active")
            for doc in found
        ]


def require_edition(version: Version, edition: int) -> None:
    """Raise NotNow when it was changed since it had this edition."""
    if version.edition != edition:
        raise NotNow("changed-since", "Somebody changed it since you read it", "read it again")
