"""What several rooms need of an index."""

from __future__ import annotations

from pymongo import ASCENDING, IndexModel


def forget_at(field: str, *, name: str) -> IndexModel:
    """The store forgets a document by itself at the time in this field. The server's clock decides,
    so a trial's day lasts longer.
    """
    return IndexModel([(field, ASCENDING)], name=name, expireAfterSeconds=0)
