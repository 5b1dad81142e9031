"""Photos of what was done: sent by whoever did it, listed for whoever may see the work."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from services.router.proofs.domain import Proof
from services.router.proofs.photos import ADD, SEE, WorkPhotos
from services.router.proofs.pictures import NoPicture
from services.router.proofs.uploads import FORM_OR_PICTURE, PHOTO, read_photo
from shared.contracts import MalformedMessage
from shared.runtime import Actor, Routes, may


def build_proofs_api(work_photos: WorkPhotos) -> Routes:
    """`/v1/work-orders/{id}/proofs`; what they show is opened at intake."""
    router = Routes("/v1/work-orders/{id}/proofs", tags=["work orders"])

    @router.post("", status_code=201, dependencies=[may(ADD)], openapi_extra=FORM_OR_PICTURE)
    async def add(id: str, actor: Actor, request: Request) -> dict[str, Any]:
        """Add a photo, alone or in a form with the tag of its place; the same one is kept once."""
        try:
            proof = await work_photos.add(id, actor, lambda: read_photo(request))
        except NoPicture as error:
            raise MalformedMessage(PHOTO, error.fault, error.remedy) from error
        return proof_view(proof)

    @router.get("", dependencies=[may(SEE)])
    async def listed(id: str, actor: Actor) -> dict[str, Any]:
        """The photos of a work order, the earliest first: facts, and nothing of what they show."""
        return {"items": [proof_view(proof) for proof in await work_photos.seen_by(id, actor)]}

    return router


def proof_view(proof: Proof) -> dict[str, Any]:
    """What may be told of a photo without opening it."""
    return {
        "id": proof.id,
        "work_order": proof.order,
        "at": proof.at,
        "by": proof.by,
        "size": proof.size,
        "tagged": proof.tagged,
        "place_differs": proof.place_differs,
        "differs": list(proof.differs),
        "erased": proof.erased_at is not None,
    }
