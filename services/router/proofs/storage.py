"""Documents of proofs: the facts in plain, what they show sealed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pymongo import ASCENDING, IndexModel

from services.router.proofs.domain import MOST, Proof
from shared.store import Doc, Store
from shared.store.plain import Plain

PROOFS: Final = "proofs"
PROOF_INDEXES: Final[Mapping[str, tuple[IndexModel, ...]]] = {
    PROOFS: (
        IndexModel([("order", ASCENDING), ("at", ASCENDING)], name="by_order"),
        IndexModel([("number", ASCENDING)], name="by_number"),
    ),
}
_FACTS: Final = (
    "number", "order", "estate", "kind", "size", "digest", "at", "by", "tagged", "differs",
    "erased_at",
)  # fmt: skip


class Proofs:
    """The proofs of work orders. Their ids count them, so that there are never more than may be,
    however many are sent at once.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._docs = Plain(store, PROOFS)

    async def of_order(self, order: str) -> list[Proof]:
        """All of a work order, the earliest first, without what they show."""
        docs = await self._store.find(
            PROOFS, {"order": order}, sort=[("at", ASCENDING)], limit=MOST, fields=_FACTS
        )
        return [_from_doc(doc) for doc in docs]

    async def keep(self, proof: Proof) -> bool:
        """Keep a new one; False when its id is taken."""
        return await self._store.insert_once(PROOFS, _to_doc(proof))

    async def erase(self, number: str, now: datetime) -> int:
        """Drop what the proofs of a ticket show; how many. That there were some stays."""
        return await self._docs.change_all(
            {"number": number, "erased_at": None},
            {"$set": {"erased_at": now, "sealed": None, "digest": None}},
        )


def proof_id(order: str, n: int) -> str:
    """The nth proof of a work order."""
    return f"{order}-p{n}"


def _to_doc(proof: Proof) -> Doc:
    return {
        "_id": proof.id,
        "number": proof.number,
        "order": proof.order,
        "estate": proof.estate,
        "kind": proof.kind,
        "size": proof.size,
        "digest": proof.digest,
        "at": proof.at,
        "by": proof.by,
        "tagged": proof.tagged,
        "differs": list(proof.differs),
        "erased_at": proof.erased_at,
        "sealed": proof.sealed,
    }


def _from_doc(doc: Mapping[str, Any]) -> Proof:
    facts = {field: doc[field] for field in _FACTS}
    return Proof(id=doc["_id"], **(facts | {"differs": tuple(doc["differs"])}))
