"""The administration: the reader's own name, settings, password, and where they are signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from services.console.clients.service import Answered, Nothing, ServiceClient
from shared.policy.templates import Language

SETTINGS: Final = "/v1/session/settings"


class SavedView(Answered):
    """A list that somebody looks at again."""

    name: str
    query: str


class OwnSettings(Answered):
    """How somebody wants their pages; None is as the browser has it."""

    language: Language | None = None
    theme: str | None = None
    sound: bool = True
    single_keys: bool = True
    saved_views: tuple[SavedView, ...] = ()


USUAL: Final = OwnSettings()


class OwnSession(Answered):
    """Where somebody is signed in; `own` is the session that asks."""

    id: str
    how: Literal["password", "provider"]
    started_at: datetime
    used_at: datetime
    own: bool


class _Seen(Answered):
    settings: OwnSettings


class _Sessions(Answered):
    items: list[OwnSession]


class OwnClient:
    """What the console asks and changes for whoever bears a token."""

    def __init__(self, service: ServiceClient) -> None:
        self._service = service

    async def settings(self, bearer: str) -> OwnSettings:
        """The settings as they are now."""
        return (await self._service.get(_Seen, "/v1/session", bearer=bearer)).settings

    async def wish(self, bearer: str, settings: OwnSettings) -> None:
        """Other settings in place of all there were."""
        body = settings.model_dump(mode="json")
        await self._service.ask(Nothing, "PUT", SETTINGS, bearer=bearer, json=body)

    async def rename(self, bearer: str, name: str | None) -> None:
        """Another name, or none."""
        path, body = "/v1/session/name", {"name": name}
        await self._service.ask(Nothing, "PUT", path, bearer=bearer, json=body)

    async def change_password(self, bearer: str, present: str, password: str) -> None:
        """Another password; all other sessions end."""
        body = {"present": present, "password": password}
        await self._service.ask(Nothing, "PUT", "/v1/session/password", bearer=bearer, json=body)

    async def sessions(self, bearer: str) -> list[OwnSession]:
        """Where the reader is signed in, the newest first."""
        return (await self._service.get(_Sessions, "/v1/sessions", bearer=bearer)).items

    async def end(self, bearer: str, session: str) -> None:
        """End one of the own sessions."""
        await self._service.ask(Nothing, "DELETE", f"/v1/sessions/{session}", bearer=bearer)
