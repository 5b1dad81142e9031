"""`/v1/session/browser`, `/continue` and `/check`: what the console alone asks, by its own key."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, IPvAnyAddress

from services.admin.browsers.continuing import Browsers, Over
from services.admin.sessions.api import SignInBody, Token
from services.admin.sessions.sign_in import Shown, Tokens
from shared.readers.credentials import SESSION_TOKEN_LIFETIME
from shared.runtime import Body, NoStore, Routes, may

MOST_CHECKED: Final = 1_000
SessionId = Annotated[str, Field(min_length=1, max_length=100)]


class BrowserSignInBody(SignInBody):
    """What somebody shows, and the address of their browser: tries are counted by it."""

    address: IPvAnyAddress


class ContinueBody(Body):
    """The secret of a browser's session, and where that browser is."""

    secret: Token
    address: IPvAnyAddress
    used: bool = Field(True, description="False: for what is pushed to a page that lies open.")


class SessionsBody(Body):
    """Sessions that are asked after, by id."""

    ids: Annotated[list[SessionId], Field(max_length=MOST_CHECKED)]


class AccessView(BaseModel):
    """A token for what is asked in the next minutes. While `factor_needed`, the session may set up
    a second factor and nothing else.
    """

    session: str
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of OAuth, no password
    expires_in: int
    factor_needed: bool


class BrowserView(AccessView):
    """The same, with the secret that the browser keeps."""

    secret: str


class EndedView(BaseModel):
    """A session that counts no more, and why."""

    id: str
    why: Over


class CheckView(BaseModel):
    """Those of the sessions asked after that count no more."""

    ended: list[EndedView]


def build_browsers_api(browsers: Browsers) -> Routes:
    """Sessions of browsers."""
    router = Routes("/v1/session", tags=["session"], route_class=NoStore)

    @router.post("/browser", status_code=201, dependencies=[may("session.continue")])
    async def begin(body: BrowserSignInBody) -> BrowserView:
        """Sign somebody in at a browser. Refused as at `/v1/session`, and counted by the address
        that the console names.
        """
        shown = Shown(
            id=body.id,
            password=body.password,
            code=body.code,
            address=str(body.address),
            browser=True,
        )
        return browser_view(await browsers.begin(shown))

    @router.post("/continue", dependencies=[may("session.continue")])
    async def go_on(body: ContinueBody) -> AccessView:
        """Another access token. The secret stays the same, so tabs and replicas may ask at once."""
        return AccessView(
            **_access(await browsers.go_on(body.secret, str(body.address), used=body.used))
        )

    @router.post("/check", dependencies=[may("session.check")])
    async def check(body: SessionsBody) -> CheckView:
        """Which sessions have ended: signed out, frozen, changed, too long, not used. To ask does
        not prolong them.
        """
        ended = await browsers.ended(body.ids)
        return CheckView(ended=[EndedView(id=each.id, why=each.why) for each in ended])

    return router


def browser_view(tokens: Tokens) -> BrowserView:
    """A session of a browser that begins."""
    return BrowserView(secret=tokens.refresh, **_access(tokens))


def _access(tokens: Tokens) -> dict[str, Any]:
    return {
        "session": tokens.session,
        "access_token": tokens.access,
        "expires_in": int(SESSION_TOKEN_LIFETIME.total_seconds()),
        "factor_needed": tokens.unfinished,
    }
