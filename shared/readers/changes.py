"""Tickets by when something was last done to them: for whoever looks for what nobody took up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pymongo import DESCENDING, IndexModel

from shared.documents import Doc
from shared.store.store import Store
from shared.triage.taxonomy import EMERGENCY

_URGENT: Final = {"urgency": EMERGENCY}
CHANGE_INDEXES: Final = (
    IndexModel([("changed_at", DESCENDING)], name="changed"),
    IndexModel(
        [("changed_at", DESCENDING)], name="changed_emergencies", partialFilterExpression=_URGENT
    ),
)


async def changed_tickets(
    store: Store,
    since: datetime | None,
    until: datetime,
    *,
    only: Mapping[str, Any],
    fields: Sequence[str],
) -> AsyncIterator[Doc]:
    """Tickets of `only` that were last changed within a time, the fields named of each; without
    `since` also those kept before there was such a time.
    """
    within: dict[str, Any] = {"changed_at": {"$gt": since, "$lte": until}}
    if since is None:
        within = {"changed_at": {"$not": {"$gt": until}}}
    async for doc in store.walk("tickets", {**only, **within}, fields=fields):
        yield doc
