"""`/outbox`: a trial's messages, for who sits at the machine that the trial runs on."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from services.notifier.trial_messages import TrialMessages
from shared.policy.policy import Policy
from shared.runtime import open_to_all
from shared.runtime.web import Chosen, Paper

ROOT: Final = "/outbox"
"""Where the page is."""
PAGE: Final = 20
OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""What somebody at this machine calls it. A page of the internet that leads its own name here is
none of these."""
PASSED_ON: Final = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host"})
"""A proxy on this machine says one of these for whoever sits somewhere else."""


def build_trial_page(trial_messages: TrialMessages, policy: Callable[[], Policy]) -> APIRouter:
    """The one page; as if it were not there outside a trial and from any other machine."""
    router = APIRouter(dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper("services.notifier", ROOT, policy)

    @router.get(ROOT)
    async def listed(
        request: Request,
        language: Chosen,
        after: Annotated[str | None, Query(max_length=200)] = None,
    ) -> HTMLResponse:
        """Every message as its receiver reads it, the newest first."""
        if not (trial_messages.is_open and is_at_this_machine(request)):
            raise HTTPException(404)
        page = await trial_messages.page(after=after, limit=PAGE)
        return paper.page(
            "trial_messages.html", language, sent=page.items, next=page.next, root=ROOT
        )

    return router


def is_at_this_machine(request: Request) -> bool:
    """Whether whoever asks sits where this runs, as far as a request can tell."""
    if request.client is None or PASSED_ON & set(request.headers.keys()):
        return False
    try:
        is_loopback = ip_address(request.client.host).is_loopback
    except ValueError:
        return False
    return is_loopback and request.url.hostname in OWN_NAMES
