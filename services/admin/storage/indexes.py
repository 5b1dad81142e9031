"""The indexes of this service's questions, and of what the store forgets by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pymongo import ASCENDING, IndexModel

_FORGET: Final = {"expireAfterSeconds": 0}
"""At the time in the field itself. The server's clock decides, so a trial's day lasts longer."""

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    "accounts": (
        IndexModel([("signed_out_at", ASCENDING)], name="accounts_signed_out", sparse=True),
        IndexModel([("role", ASCENDING), ("state", ASCENDING)], name="accounts_of_role"),
        IndexModel(
            [("binding.issuer", ASCENDING), ("binding.subject", ASCENDING)],
            name="accounts_bound",
            unique=True,
            partialFilterExpression={"binding.subject": {"$exists": True}},
        ),
    ),
    "sessions": (
        IndexModel([("ended_at", ASCENDING)], name="sessions_ended", sparse=True),
        IndexModel([("forget_at", ASCENDING)], name="sessions_forgotten", **_FORGET),
    ),
    "tries": (IndexModel([("until", ASCENDING)], name="tries_forgotten", **_FORGET),),
    "api_keys": (
        IndexModel([("expires_at", ASCENDING)], name="api_keys_counting"),
        IndexModel([("owner", ASCENDING)], name="api_keys_of_account"),
    ),
    "oidc_flows": (IndexModel([("until", ASCENDING)], name="flows_forgotten", **_FORGET),),
    "profiles": (IndexModel([("certificates.until", ASCENDING)], name="profiles_ending"),),
}
