"""Sign-ins that were begun at an identity provider: kept here, used once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.store import Store
from shared.store.plain import Plain


@dataclass(frozen=True, slots=True)
class Flow:
    """What has to come back fitting; `state` is a digest."""

    state: str
    nonce: str
    verifier: str
    until: datetime


class Flows:
    """The collection `oidc_flows`."""

    def __init__(self, store: Store) -> None:
        self._flows = Plain(store, "oidc_flows")

    async def insert(self, flow: Flow) -> None:
        """Remember what was begun."""
        await self._flows.make(
            {
                "_id": flow.state,
                "nonce": flow.nonce,
                "verifier": flow.verifier,
                "until": flow.until,
            }
        )

    async def take(self, state: str, now: datetime) -> Flow | None:
        """What was begun under this state and is not too old; whoever comes second gets nothing."""
        doc = await self._flows.take({"_id": state})
        if doc is None or now >= doc["until"]:
            return None
        return Flow(doc["_id"], doc["nonce"], doc["verifier"], doc["until"])
