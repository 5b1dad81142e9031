"""`/v1/session/settings`, `/name`, `/password` and `/v1/sessions`: one's own account."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.admin.accounts.domain import LONGEST_NAME
from services.admin.accounts.own_settings import (
    LONGEST_QUERY,
    LONGEST_VIEW_NAME,
    MOST_VIEWS,
    SavedView,
    Settings,
    Theme,
    take_views,
)
from services.admin.accounts.staff import By
from services.admin.own.own_account import NewPassword, OwnAccount
from services.admin.sessions.api import Password, SettingsView, own_session, settings_view
from services.admin.sessions.domain import LONGEST_PASSWORD, How
from shared.contracts import MalformedMessage
from shared.policy.templates import Language
from shared.runtime import Bearing, Body, NoStore, Routes, Source, may


class SavedViewBody(Body):
    """A list that somebody looks at again: its name, and what stands in its address."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_VIEW_NAME)]
    query: Annotated[str, Field(max_length=LONGEST_QUERY)]


class SettingsBody(Body):
    """All settings: what is left out is as it usually is."""

    language: Language | None = None
    theme: Theme | None = None
    sound: bool = True
    single_keys: bool = True
    saved_views: Annotated[tuple[SavedViewBody, ...], Field(max_length=MOST_VIEWS)] = ()

    def to_settings(self) -> Settings:
        """The same as a value; raises MalformedMessage for a view that cannot be kept."""
        views = (SavedView(view.name.strip(), view.query) for view in self.saved_views)
        return Settings(
            language=self.language,
            theme=self.theme,
            sound=self.sound,
            single_keys=self.single_keys,
            saved_views=take_views(views),
        )


class NameBody(Body):
    """How colleagues see whoever asks; none: by their id."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)] | None

    def to_name(self) -> str | None:
        """As it is kept; raises MalformedMessage for signs that nobody can read."""
        name = (self.name or "").strip()
        if not name.isprintable():
            raise MalformedMessage(
                "name", "holds signs that cannot be read", "leave out what cannot be seen"
            )
        return name or None


class NameView(BaseModel):
    """The name that is shown now."""

    name: str | None


class PasswordBody(Body):
    """The present password and another one."""

    present: Password
    password: Annotated[str, Field(max_length=LONGEST_PASSWORD * 2)]


class OwnSessionView(BaseModel):
    """Where somebody is signed in; `used_at` is when it was last prolonged, `own` the session that
    asks.
    """

    id: str
    how: How
    started_at: datetime
    used_at: datetime
    own: bool


class OwnSessionsView(BaseModel):
    """All of them, the newest first."""

    items: list[OwnSessionView]


def build_own_api(own_account: OwnAccount) -> Routes:
    """What somebody does to their own account, once they are signed in whole."""
    router = Routes("/v1", tags=["session"], route_class=NoStore)

    @router.put("/session/settings", dependencies=[may("session.own")])
    async def wish(body: SettingsBody, bearing: Bearing, source: Source) -> SettingsView:
        """Other settings in place of all there were."""
        own_session(bearing)
        by = By(bearing.principal, source)
        return settings_view(await own_account.wish(by, body.to_settings()))

    @router.put("/session/name", dependencies=[may("session.own")])
    async def rename(body: NameBody, bearing: Bearing, source: Source) -> NameView:
        """Another name, as colleagues see it; it is on record that there is another, not which."""
        own_session(bearing)
        name = body.to_name()
        await own_account.rename(By(bearing.principal, source), name)
        return NameView(name=name)

    @router.put("/session/password", status_code=204, dependencies=[may("session.own")])
    async def change_password(body: PasswordBody, bearing: Bearing, source: Source) -> None:
        """Another password. All other sessions end; this one goes on with its next access token."""
        wanted = NewPassword(body.present, body.password)
        by = By(bearing.principal, source)
        await own_account.change_password(by, own_session(bearing), wanted)

    @router.get("/sessions", dependencies=[may("session.own")])
    async def listed(bearing: Bearing) -> OwnSessionsView:
        """Where whoever asks is signed in."""
        asks = bearing.session.id if bearing.session else None
        found = await own_account.sessions(bearing.principal.id)
        return OwnSessionsView(
            items=[
                OwnSessionView(
                    id=session.id,
                    how=session.how,
                    started_at=session.started_at,
                    used_at=session.refreshed_at,
                    own=session.id == asks,
                )
                for session in found
            ]
        )

    @router.delete("/sessions/{id}", status_code=204, dependencies=[may("session.own")])
    async def end(id: str, bearing: Bearing) -> None:
        """End one of the own sessions; its tokens count nowhere within seconds."""
        await own_account.end(bearing.principal.id, id)

    return router
