"""`/v1/session/browser/provider`: both ends of the way over the identity provider, as the console
asks for them by its own key. The browser comes back to the console, and never to us.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, IPvAnyAddress

from services.admin.browsers.api import BrowserView, browser_view
from services.admin.provider.sign_in import CameBack, Provider, no_provider
from services.admin.sessions.sign_in import SigningIn
from shared.runtime import Body, NoStore, Routes, may

Longest = Field(max_length=2_000)


class OfferView(BaseModel):
    """Whether people may sign in at the console by a provider."""

    offered: bool


class WayView(BaseModel):
    """Where to send the browser, and the state that it alone may come back with."""

    address: str
    state: str


class CameBackBody(Body):
    """What the browser came back with, the state that it was given, and where it is."""

    state: Annotated[str, Longest]
    begun_here: Annotated[str | None, Longest] = None
    code: Annotated[str | None, Longest] = None
    error: Annotated[str | None, Longest] = None
    address: IPvAnyAddress


def build_console_provider_api(provider: Provider | None, signing_in: SigningIn) -> Routes:
    """The way over the provider for the console; 409 where none is set for it."""
    router = Routes("/v1/session/browser/provider", tags=["session"], route_class=NoStore)

    def the_provider() -> Provider:
        if provider is None or not provider.serves_console:
            raise no_provider()
        return provider

    @router.get("", dependencies=[may("session.continue")])
    async def offer() -> OfferView:
        """Whether there is a way over a provider, for the page where people sign in."""
        return OfferView(offered=provider is not None and provider.serves_console)

    @router.post("", status_code=201, dependencies=[may("session.continue")])
    async def begin() -> WayView:
        """Begin: the way there. It has ten minutes to come back, once, in the same browser."""
        begun = await the_provider().begin(browser=True)
        return WayView(address=begun.address, state=begun.state)

    @router.post("/finish", status_code=201, dependencies=[may("session.continue")])
    async def finish(body: CameBackBody) -> BrowserView:
        """A session of the browser, for what it came back with. A refusal is 401 with its
        `reason`, and repeats nothing.
        """
        back = CameBack(body.state, body.begun_here, body.code, body.error)
        vouched = await the_provider().finish(back, browser=True)
        return browser_view(await signing_in.by_provider(vouched, str(body.address), browser=True))

    return router
