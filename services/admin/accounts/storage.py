"""Accounts, and the roll of those who can manage them."""

from __future__ import annotations

from typing import Final

from pymongo import ASCENDING, IndexModel

from services.admin.accounts.domain import Account, Binding, Roll
from shared.documents import Shape
from shared.store import Collection, CollectionSpec

ACCOUNTS: Final = CollectionSpec(
    name="accounts",
    shape=Shape(
        value=Account,
        flat=("reach",),
        lean={
            Account: (
                "name",
                "password",
                "invitation",
                "factor",
                "pending",
                "binding",
                "signed_out_at",
                "settings",
            )
        },
    ),
    indexes=(
        IndexModel([("signed_out_at", ASCENDING)], name="accounts_signed_out", sparse=True),
        IndexModel([("role", ASCENDING), ("state", ASCENDING)], name="accounts_of_role"),
        # Every service asks each second who is frozen, and gets nobody on duty who is.
        IndexModel(
            [("state", ASCENDING)],
            name="accounts_frozen",
            partialFilterExpression={"state": "frozen"},
        ),
        IndexModel(
            [("binding.issuer", ASCENDING), ("binding.subject", ASCENDING)],
            name="accounts_bound",
            unique=True,
            partialFilterExpression={"binding.subject": {"$exists": True}},
        ),
    ),
)
ROLLS: Final = CollectionSpec(name="rolls", shape=Shape(value=Roll))


async def bound_to(accounts: Collection[Account], binding: Binding) -> Account | None:
    """The account of somebody at an identity provider."""
    query = {"binding.issuer": binding.issuer, "binding.subject": binding.subject}
    return next(iter(await accounts.find(query, limit=1)), None)
