"""`/v1/session/oidc`: signing in at the identity provider, where one is set."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Cookie, Query
from fastapi.responses import RedirectResponse

from services.admin.provider.sign_in import FLOW_LIFETIME, CameBack, Provider
from services.admin.sessions.api import TokensView, tokens_view
from services.admin.sessions.sign_in import SigningIn
from shared.contracts.refusals import NotThere
from shared.runtime import NoStore, Routes, Source, open_to_all

Longest = Query(max_length=2_000)
COOKIE: Final = "hotline_oidc_state"


def build_provider_api(provider: Provider | None, signing_in: SigningIn, *, secure: bool) -> Routes:
    """Both ends of the way over the provider; 404 where none is set. `secure`: browsers send the
    cookie over https only.
    """
    router = Routes("/v1/session/oidc", tags=["session"], route_class=NoStore)

    def the_provider() -> Provider:
        if provider is None:
            raise NotThere
        return provider

    @router.get("", status_code=303, response_class=RedirectResponse, dependencies=[open_to_all()])
    async def begin() -> RedirectResponse:
        """Go to the provider; what is begun has ten minutes to come back, in the same browser."""
        begun = await the_provider().begin()
        answer = RedirectResponse(begun.address, status_code=303)
        answer.set_cookie(
            COOKIE,
            begun.state,
            max_age=int(FLOW_LIFETIME.total_seconds()),
            path=router.prefix,
            secure=secure,
            httponly=True,
            samesite="lax",  # it must come along when the provider sends the browser back
        )
        return answer

    @router.get("/callback", dependencies=[open_to_all()])
    async def finish(
        source: Source,
        state: Annotated[str, Longest],
        code: Annotated[str | None, Longest] = None,
        error: Annotated[str | None, Longest] = None,
        begun_here: Annotated[str | None, Cookie(alias=COOKIE, max_length=200)] = None,
    ) -> TokensView:
        """Come back from the provider. A refusal is 401 with its `reason`, and repeats nothing."""
        vouched = await the_provider().finish(CameBack(state, begun_here, code, error))
        return tokens_view(await signing_in.by_provider(vouched, source))

    return router
