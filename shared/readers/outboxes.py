"""Whose outboxes there are, for those who look into all of them: the sweep and the auditor; and
whether a document has said what an event claims.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.store import Store
from shared.store.change import SAID

KIND_OF: Final[Mapping[str, str]] = {
    "tickets": "ticket",
    "emergencies": "emergency",
    "messages": "message",
    "surveys": "survey",
    "parked": "parked",
    "rosters": "roster",
    "shifts": "shift",
    "incidents": "incident",
    "follow_ups": "follow_up",
    "reading_alarms": "reading_alarm",
    "privacy_works": "privacy_work",
    "privacy_requests": "privacy_request",
}
"""The collections whose documents have events, and what begins the ids of these. A test compares it
with what the services keep."""
URGENT: Final = ("tickets", "emergencies", "messages", "surveys", "parked", "follow_ups")
"""Those among whose events some may be urgent."""
_COLLECTION_OF: Final = {kind: collection for collection, kind in KIND_OF.items()}


async def has_said(store: Store, event: str, digest: bytes) -> bool:
    """Whether the document that an event's id names (`<kind>/<document>/<version>/<n>`) has said
    just this: whoever can publish can claim anything, but only we write the store. An event is
    published after the write, so that what is true is never asked for too early. A document that
    a version of before wrote last has noted nothing, and is believed.
    """
    kind, _, rest = event.partition("/")
    collection = _COLLECTION_OF.get(kind)
    if collection is None:
        return False
    document = rest.rsplit("/", 2)[0]  # a duty list has a stroke in its own id
    found = await store.get(collection, document, fields=(SAID,))
    return found is not None and (SAID not in found or digest in found[SAID])
