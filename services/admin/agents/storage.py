"""Agents' profiles."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.admin.agents.domain import Profile
from shared.documents import Shape
from shared.store import CollectionSpec

PROFILES: Final = CollectionSpec(
    name="profiles",
    shape=Shape(value=Profile, key="account", lean={Profile: ("extensions",)}),
    indexes=(
        IndexModel([("certificates.until", ASCENDING)], name="profiles_ending"),
        # A telephone rings for one agent, whoever is put in at the same moment.
        IndexModel(
            [("extensions.exchange", ASCENDING), ("extensions.extension", ASCENDING)],
            name="profiles_of_telephone",
            unique=True,
            partialFilterExpression={"extensions.0": {"$exists": True}},
        ),
    ),
)
