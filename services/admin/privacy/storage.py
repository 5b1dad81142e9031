"""Requests as they are kept. What a correction asks for lies sealed in its document, where intake
reads it, and nowhere else.
"""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.admin.privacy.domain import Request
from shared.documents import Shape
from shared.store import CollectionSpec

_NEWEST: Final = (("asked_at", DESCENDING), ("_id", DESCENDING))
REQUESTS: Final = CollectionSpec(
    name="privacy_requests",
    kind="privacy_request",
    shape=Shape(value=Request),
    indexes=(
        IndexModel([*_NEWEST], name="requests_newest"),
        IndexModel([("estate", ASCENDING), *_NEWEST], name="requests_of_estate"),
        IndexModel([("status", ASCENDING), *_NEWEST], name="requests_by_status"),
    ),
)
