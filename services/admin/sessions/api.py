"""`/v1/session`: signing in, staying, leaving, the own second factor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel, Field

from services.admin.accounts.own_settings import Settings, Theme
from services.admin.accounts.staff import By
from services.admin.sessions.domain import LONGEST_PASSWORD
from services.admin.sessions.factors import Factors
from services.admin.sessions.sign_in import Shown, SigningIn, Tokens
from shared.contracts.refusals import NotNow
from shared.identity import PERMISSIONS, Role, allows, require
from shared.identity.tokens import Signed
from shared.policy.templates import Language
from shared.readers.credentials import SESSION_TOKEN_LIFETIME
from shared.runtime import Bearing, Body, NoStore, Routes, Source, decides, open_to_all

Token = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[str, Field(min_length=1, max_length=LONGEST_PASSWORD)]
TypedCode = Annotated[str, Field(min_length=1, max_length=40)]


class SignInBody(Body):
    """What somebody shows who wants to sign in; `code` where a second factor is set up."""

    id: Annotated[str, Field(min_length=1, max_length=100)]
    password: Password
    code: TypedCode | None = None


class RefreshBody(Body):
    """The refresh token, which counts once."""

    refresh_token: Token


class AcceptBody(Body):
    """An invitation and the password it shall set."""

    invitation: Token
    password: Annotated[str, Field(max_length=LONGEST_PASSWORD * 2)]


class CodeBody(Body):
    """A code of the second factor."""

    code: TypedCode


class MaybeCodeBody(Body):
    """A code of the present second factor, where there is one."""

    code: TypedCode | None = None


class TokensView(BaseModel):
    """What somebody is given who is signed in. While `factor_needed`, the session may set up a
    second factor and nothing else.
    """

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of OAuth, no password
    expires_in: int
    refresh_token: str
    factor_needed: bool


class SavedViewView(BaseModel):
    """A list that somebody looks at again: its name, and what stands in its address."""

    name: str
    query: str


class SettingsView(BaseModel):
    """How somebody wants their pages; null is as the browser has it."""

    language: Language | None
    theme: Theme | None
    sound: bool
    single_keys: bool
    saved_views: list[SavedViewView]


class SessionView(BaseModel):
    """Who asks, how far they reach, what they may, and how they want their pages. The operator's
    tokens have no name.
    """

    id: str
    name: str | None
    role: Role
    places: list[str]
    departments: list[str]
    session: str | None
    issued_at: datetime
    ends_at: datetime
    factor_needed: bool
    may: list[str]
    settings: SettingsView


class FactorView(BaseModel):
    """What the person's device is told, shown this once."""

    secret: str
    otpauth: str


class RecoveryView(BaseModel):
    """Codes for a lost device, each good once, shown this once."""

    recovery_codes: list[str]


async def _owning(bearing: Bearing) -> Signed:
    """Who bears a token of the staff, also of a session that may only set up a second factor."""
    require(bearing.principal, "session.own")
    return bearing


Owning = Annotated[Signed, Depends(_owning)]


def build_session_api(
    signing_in: SigningIn,
    factors: Factors,
    seen: Callable[[str], Awaitable[tuple[str | None, Settings]]],
) -> Routes:
    """Sessions, and the own second factor; `seen` tells name and settings of an account."""
    router = Routes("/v1/session", tags=["session"], route_class=NoStore)

    @router.post("", status_code=201, dependencies=[open_to_all()])
    async def sign_in(body: SignInBody, source: Source) -> TokensView:
        """Sign in. Whatever does not fit, the answer is the same. Too many tries are 429, too many
        people at once 503: both say in `Retry-After` when to come again.
        """
        shown = Shown(id=body.id, password=body.password, code=body.code, address=source)
        return tokens_view(await signing_in.by_password(shown))

    @router.get("", dependencies=[decides("session.own")])
    async def who(bearing: Owning) -> SessionView:
        """Who asks, and what they may."""
        return _view(bearing, *await seen(bearing.principal.id))

    @router.delete("", status_code=204, dependencies=[decides("session.own")])
    async def sign_out(bearing: Owning) -> None:
        """End the session; its tokens count nowhere within seconds."""
        await signing_in.sign_out(own_session(bearing))

    @router.post("/refresh", dependencies=[open_to_all()])
    async def refresh(body: RefreshBody, source: Source) -> TokensView:
        """New tokens for a refresh token. One that is shown twice ends the session."""
        return tokens_view(await signing_in.refresh(body.refresh_token, source))

    @router.post("/password", status_code=204, dependencies=[open_to_all()])
    async def accept(body: AcceptBody, source: Source) -> None:
        """Set the password of whoever was invited; then sign in."""
        await signing_in.accept(body.invitation, body.password, source)

    @router.post("/factor", status_code=201, dependencies=[decides("session.own")])
    async def begin_factor(body: MaybeCodeBody, bearing: Owning, source: Source) -> FactorView:
        """Begin a second factor; it counts once it is confirmed."""
        begun = await factors.begin(_own(bearing, source), body.code, source)
        return FactorView(secret=begun.secret, otpauth=begun.address)

    @router.post("/factor/confirm", dependencies=[decides("session.own")])
    async def confirm_factor(body: CodeBody, bearing: Owning, source: Source) -> RecoveryView:
        """Take the second factor into use. All sessions end: sign in again, with a code."""
        codes = await factors.confirm(_own(bearing, source), body.code, source)
        return RecoveryView(recovery_codes=codes)

    return router


def tokens_view(tokens: Tokens) -> TokensView:
    """As OAuth names them."""
    return TokensView(
        access_token=tokens.access,
        expires_in=int(SESSION_TOKEN_LIFETIME.total_seconds()),
        refresh_token=tokens.refresh,
        factor_needed=tokens.unfinished,
    )


def own_session(bearing: Signed) -> str:
    """The session that is asked with; a token of the operator's has none."""
    if bearing.session is None:
        raise NotNow("no-session", "This token belongs to no session", "sign in")
    return bearing.session.id


def _own(bearing: Signed, source: str) -> By:
    own_session(bearing)
    return By(bearing.principal, source)


def settings_view(settings: Settings) -> SettingsView:
    """As they are shown."""
    return SettingsView(
        language=settings.language,
        theme=settings.theme,
        sound=settings.sound,
        single_keys=settings.single_keys,
        saved_views=[SavedViewView(name=v.name, query=v.query) for v in settings.saved_views],
    )


def _view(bearing: Signed, name: str | None, settings: Settings) -> SessionView:
    who = bearing.principal
    may = [] if bearing.is_unfinished else [a for a in PERMISSIONS if allows(who, a)]
    return SessionView(
        id=who.id,
        name=name,
        role=who.role,
        places=sorted(who.places),
        departments=sorted(who.departments),
        session=bearing.session.id if bearing.session else None,
        issued_at=bearing.issued_at,
        ends_at=bearing.ends_at,
        factor_needed=bearing.is_unfinished,
        may=sorted(may),
        settings=settings_view(settings),
    )
