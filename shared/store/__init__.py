"""The store, and the only place that knows its driver."""

from shared.documents import Doc
from shared.store.change import Change, Verdict
from shared.store.collection import (
    Changed,
    Collection,
    CollectionSpec,
    Decide,
    insert_at_next_free,
)
from shared.store.errors import STORE_DOWN, Contested, Taken
from shared.store.gathering import Asked
from shared.store.paging import Listing, Order, Page
from shared.store.store import KeptAsItIs, Outbox, Store, connect, outbox_index

__all__ = [
    "STORE_DOWN", "Asked", "Change", "Changed", "Collection", "CollectionSpec", "Contested",
    "Decide", "Doc", "KeptAsItIs", "Listing", "Order", "Outbox", "Page", "Store", "Taken",
    "Verdict", "connect", "insert_at_next_free", "outbox_index",
]  # fmt: skip
