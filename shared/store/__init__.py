"""The store, and the only place that knows its driver."""

from shared.documents import Doc
from shared.store.batched_reads import Asked
from shared.store.change import STORE_DOWN, Change, Contested, Taken, Verdict
from shared.store.collection import (
    Changed,
    Collection,
    CollectionSpec,
    Decide,
    insert_at_next_free,
)
from shared.store.paging import Listing, Order, Page
from shared.store.store import KeptAsItIs, Outbox, Store, connect, forget_at, outbox_index

__all__ = [
    "STORE_DOWN",
    "Asked",
    "Change",
    "Changed",
    "Collection",
    "CollectionSpec",
    "Contested",
    "Decide",
    "Doc",
    "KeptAsItIs",
    "Listing",
    "Order",
    "Outbox",
    "Page",
    "Store",
    "Taken",
    "Verdict",
    "connect",
    "forget_at",
    "insert_at_next_free",
    "outbox_index",
]
