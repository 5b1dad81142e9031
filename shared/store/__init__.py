"""The store, and the only place that knows its driver."""

from shared.store.change import Change, Doc, Verdict
from shared.store.errors import STORE_DOWN, Contested
from shared.store.gathering import Asked
from shared.store.store import Outbox, Store, connect, outbox_index

__all__ = [
    "STORE_DOWN", "Asked", "Change", "Contested", "Doc", "Outbox", "Store", "Verdict", "connect",
    "outbox_index",
]  # fmt: skip
