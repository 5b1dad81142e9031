"""`/v1/cases`: what somebody at the desk sees through."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from services.intake.cases import Cases
from services.intake.views import listed_view
from shared.runtime import Asking, Routes, may

Who = Annotated[str, Field(min_length=1, max_length=60)]


class HandOverBody(BaseModel):
    """To whom; `owner` is whose cases they are, one's own when nobody is named."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    to: Who
    owner: Who | None = None


def build_cases_api(cases: Cases) -> Routes:
    """`/v1/cases`."""
    router = Routes("/v1/cases", tags=["cases"])

    @router.get("", dependencies=[may("case.see")])
    async def listed(
        asking: Asking,
        owner: Annotated[str | None, Query(max_length=60)] = None,
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """The open tickets that somebody sees through, one's own when nobody is named."""
        found = await cases.of(asking, owner or asking.id, after=after, limit=limit)
        return {"items": [listed_view(doc, asking) for doc in found.items], "next": found.next}

    @router.post("/hand-over", dependencies=[may("case.see")])
    async def hand_over(asking: Asking, body: HandOverBody) -> dict[str, Any]:
        """Let somebody else see them through, 200 at once; sent again, the rest."""
        handed = await cases.hand_over(asking, body.owner or asking.id, body.to)
        return {"handed_over": handed}

    return router
