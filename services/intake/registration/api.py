"""HTTP in: what a report would become."""

from __future__ import annotations

from fastapi import Request

from services.intake.registration.preview import Previews
from services.intake.registration.views import PreviewShown, preview_shown
from shared.contracts.json_body import read_any_json_object
from shared.contracts.report import TicketReport
from shared.identity import action_of
from shared.runtime import Actor, Platform, Routes, may
from shared.tickets import Transition


def build_preview_api(platform: Platform, previews: Previews) -> Routes:
    """`/v1/tickets/preview`."""
    router = Routes("/v1/tickets", tags=["tickets"])

    @router.post(
        "/preview",
        dependencies=[may(action_of(Transition.REGISTER))],
        response_model=PreviewShown,
        openapi_extra=report_body(),
    )
    async def preview(request: Request, actor: Actor) -> PreviewShown:
        """What a report would become, as far as it is known yet: nothing has to be there, and
        nothing is kept. Five a second for each who asks; more is 429.
        """
        raw, _ = read_any_json_object(await request.body())
        return preview_shown(await previews.of(raw, actor), platform.store.clock.now())

    return router


def report_body() -> dict[str, object]:
    """The body is read by hand (what can be read of it counts), but documented as the report."""
    schema = TicketReport.model_json_schema()
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {"requestBody": body}
