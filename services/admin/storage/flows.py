"""Sign-ins that were begun at an identity provider: kept here, used once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.admin.storage.indexes import forget_at
from shared.documents import Shape
from shared.store import CollectionSpec, Store


@dataclass(frozen=True, slots=True)
class Flow:
    """What has to come back fitting; `state` is a digest."""

    state: str
    nonce: str
    verifier: str
    until: datetime
    version: int = 0


FLOWS: Final = CollectionSpec(
    name="oidc_flows",
    shape=Shape(value=Flow, key="state"),
    indexes=(forget_at("until", name="flows_forgotten"),),
)


async def take_flow(store: Store, state: str) -> Flow | None:
    """What was begun under this state and is not too old; whoever comes second gets nothing."""
    doc = await store.take(FLOWS.name, {"_id": state})
    flow = FLOWS.from_doc(doc) if doc else None
    return flow if flow and store.clock.now() < flow.until else None
