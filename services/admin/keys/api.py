"""`/v1/api-keys`: what systems sign their requests with, for administrators of the whole group."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field

from services.admin.accounts.api import Codes, WhyBody, known_places
from services.admin.accounts.domain import read_known
from services.admin.accounts.staff import By
from services.admin.keys.domain import (
    LONGEST_DAYS,
    LONGEST_OVERLAP_DAYS,
    OVERLAP_DAYS,
    SystemKey,
    read_actions,
)
from services.admin.keys.storage import KEYS
from services.admin.keys.system_keys import Shown, SystemKeys, Wanted
from shared.contracts.ids import Code, read_publisher
from shared.identity import EVERYWHERE
from shared.identity.api_keys import KEY_PREFIX
from shared.runtime import Actor, Body, NoStore, Platform, Routes, Source, may
from shared.store import Collection, Listing

Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)]


class NewKey(Body):
    """A new key. `owner` is an account that answers for it: frozen, it stops the key."""

    publisher: Annotated[str, Field(max_length=100)]
    places: Codes = (EVERYWHERE,)
    actions: Codes
    owner: Annotated[str, Field(max_length=100)] | None = None
    days: Days = LONGEST_DAYS
    why: Code | None = None


class RotateBody(Body):
    """For how many days the present secret still counts, and the new one will."""

    overlap_days: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP_DAYS)] = OVERLAP_DAYS
    days: Days = LONGEST_DAYS
    why: Code | None = None


class KeyView(BaseModel):
    """A key, without what opens anything. `older_until` is the end of the secret before."""

    id: str
    prefix: str
    publisher: str
    places: list[str]
    actions: list[str]
    owner: str | None
    held: bool
    made_by: str
    made_at: datetime
    expires_at: datetime
    older_until: datetime | None
    revoked_at: datetime | None


class KeyPage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[KeyView]
    next: str | None


class ShownKey(BaseModel):
    """A key with its secret, shown this once."""

    key: KeyView
    secret: str


def build_keys_api(platform: Platform, system_keys: SystemKeys) -> Routes:
    """Keys of systems."""
    router = Routes("/v1/api-keys", tags=["api keys"], route_class=NoStore)
    keys = Collection(platform.store, KEYS)

    @router.get("", dependencies=[may("key.see")])
    async def listed(
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> KeyPage:
        """Keys by id; `next` is the cursor of the next page."""
        found = await keys.page(Listing(), after=after, limit=limit)
        return KeyPage(items=[_view(key) for key in found.items], next=found.next)

    @router.post("", status_code=201, dependencies=[may("key.manage")])
    async def create(body: NewKey, actor: Actor, source: Source) -> ShownKey:
        """Make a key; its secret is shown this once."""
        wanted = Wanted(
            publisher=read_publisher(body.publisher),
            places=read_known("places", body.places, known_places(platform.policy.group)),
            actions=read_actions(body.actions),
            owner=body.owner,
            days=body.days,
        )
        return _shown(await system_keys.create(wanted, By(actor, source, body.why)))

    @router.get("/{id}", dependencies=[may("key.see")])
    async def one(id: str) -> KeyView:
        """One key."""
        return _view(await system_keys.get(id))

    @router.post("/{id}/rotate", dependencies=[may("key.manage")])
    async def rotate(id: str, body: RotateBody, actor: Actor, source: Source) -> ShownKey:
        """A new secret, shown this once; the present one counts for the overlap."""
        shown = await system_keys.rotate(
            id,
            By(actor, source, body.why),
            overlap=timedelta(days=body.overlap_days),
            days=body.days,
        )
        return _shown(shown)

    @router.post("/{id}/revoke", dependencies=[may("key.manage")])
    async def revoke(id: str, body: WhyBody, actor: Actor, source: Source) -> KeyView:
        """Take a key back for good; it counts nowhere within seconds."""
        return _view(await system_keys.revoke(id, By(actor, source, body.why)))

    return router


def _shown(shown: Shown) -> ShownKey:
    return ShownKey(key=_view(shown.key), secret=shown.shown)


def _view(key: SystemKey) -> KeyView:
    return KeyView(
        id=key.id,
        prefix=f"{KEY_PREFIX}{key.id}",
        publisher=key.publisher,
        places=sorted(key.places),
        actions=sorted(key.actions),
        owner=key.owner,
        held=key.held,
        made_by=key.made_by,
        made_at=key.made_at,
        expires_at=key.expires_at,
        older_until=key.digests[0].until,
        revoked_at=key.revoked_at,
    )
