"""One conditional write: the new state and its events together, whether it won, and what can go
wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pymongo import errors

from shared.contracts import Envelope, Event, Lane
from shared.documents import Doc

STORE_DOWN: Final = (
    errors.ConnectionFailure,  # AutoReconnect, NotPrimaryError, NetworkTimeout and the rest
    errors.ExecutionTimeout,
    errors.WriteConcernError,  # written somewhere, but the majority has not confirmed it
    errors.WaitQueueTimeoutError,
)
"""The store cannot be reached now: no message is to blame, so none is parked or refused."""


class Taken(Exception):
    """Another document of the collection has what only one may have."""

    def __init__(self, collection: str) -> None:
        super().__init__(f"{collection}: another document has this already")


class Contested(Exception):
    """Too many writers in a row were faster; the document is there and well, try again later."""

    def __init__(self, collection: str, id: str, *, times: int = 5) -> None:
        super().__init__(f"{collection}/{id}: lost against other writers {times} times")


class Verdict(StrEnum):
    """What became of a write."""

    WON = "won"
    LOST = "lost"
    """Somebody else wrote this version first, or the document is there already (or not there)."""
    TAKEN = "taken"
    """Another document has what only one may have, such as a person in a quarter of an hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of one document from `version - 1` to `version`, with the events it causes.

    `lane` is the lane of the write, and of its events as far as they can be urgent.
    `insert` makes the document (version 1); else `set`, `push` and `unset` update it. Both carry
    the events in the same write, so that queue and store cannot disagree. `kind` begins their ids;
    without one there are none, and no outbox. `counted_by` is the field of the version.
    """

    collection: str
    id: str
    version: int
    lane: Lane
    at: datetime
    insert: Mapping[str, Any] | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    push: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    unset: Sequence[str] = ()
    events: Sequence[Event] = ()
    kind: str | None = None
    counted_by: str = "version"

    def envelopes(self, service: str) -> list[Envelope]:
        """The events as they will be published; ids derive from the document's new version."""
        return [
            Envelope.seal(
                event,
                id=f"{self.kind}/{self.id}/{self.version}/{n}",
                source=f"/hotline/{service}",
                subject=self.id,
                lane=self.lane if event.can_be_urgent else "routine",
                time=self.at,
            )
            for n, event in enumerate(self.events)
        ]


SAID: Final = "said"
"""The field of a document that keeps the digests of the events it has said: whoever gets such an
event asks there whether it is true."""
SAID_KEPT: Final = 500
"""So many of them: a duty list speaks for years, and an event is asked about within days."""


def pending(envelope: Envelope, service: str) -> Doc:
    """An event as it waits in its document's outbox, for `service` to publish and clear."""
    return {
        "id": envelope.id,
        "service": service,
        "lane": envelope.lane,
        "at": envelope.time,
        "key": envelope.routing_key,
        "body": envelope.to_body().decode(),
    }
