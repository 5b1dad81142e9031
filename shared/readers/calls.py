"""What whoever rang a caller noted of the call: the router keeps it with the task, intake does to
the ticket what follows. No event holds the words.
"""

from __future__ import annotations

from shared.store import Store


async def words_of_call(store: Store, follow_up: str, call: str) -> str | None:
    """The scrubbed words of a call; None where there are none, or they are erased, or a later call
    has taken its place.
    """
    found = await store.get("follow_ups", follow_up, fields=("call",))
    kept = (found or {}).get("call") or {}
    words = kept.get("words") if kept.get("key") == call else None
    return str(words) if words else None
