"""`/live`: the one stream of a browser, and what it follows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final, Literal, cast

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from services.console.frame.house import AtWork, House, Visit
from services.console.live.hub import Hub
from services.console.live.streams import Stream, Viewer
from services.console.live.topics import MOST
from shared.identity import Principal
from shared.identity.principal import Role
from shared.policy.templates import Language
from shared.runtime import open_to_all

Topic = Annotated[str, Field(max_length=40)]
StreamId = Annotated[str, Path(max_length=40)]
_HEADERS: Final = {
    "Cache-Control": "no-store",
    # A proxy that gathers an answer before it passes it on would pass on nothing.
    "X-Accel-Buffering": "no",
}


class Follow(BaseModel):
    """What a browser's tabs show now that they did not, and what none of them shows any more."""

    add: Annotated[list[Topic], Field(max_length=MOST)] = []
    drop: Annotated[list[Topic], Field(max_length=MOST)] = []


def build_live_pages(house: House, hub: Hub) -> APIRouter:
    """The stream of whoever is signed in."""
    router = APIRouter(prefix="/live", dependencies=[open_to_all()], include_in_schema=False)

    @router.get("")
    async def live(
        visit: AtWork, lang: Annotated[Literal["zh", "en"], Query()] = "zh"
    ) -> StreamingResponse:
        """Server-sent events until the session ends, the browser goes or this process stops."""
        stream = hub.open(viewer_of(house, visit, lang))
        return StreamingResponse(
            _until_gone(hub, stream), media_type="text/event-stream", headers=_HEADERS
        )

    @router.post("/{id}/topics", status_code=204)
    async def follow(id: StreamId, visit: AtWork, asked: Follow, _: Request) -> None:
        """Follow these as well, each whole at once, and those no more."""
        stream = hub.find(id, visit.known.session)
        if stream is None:
            raise HTTPException(404)
        await hub.follow(stream, asked.add, asked.drop)

    return router


async def _until_gone(hub: Hub, stream: Stream) -> AsyncIterator[bytes]:
    try:
        async for sent in stream.frames():
            yield sent
    finally:
        hub.close(stream)


def viewer_of(house: House, visit: Visit, language: Language) -> Viewer:
    """Who looks by this request, with a token for as long as their session lasts. What is pushed
    to an open page does not prolong it.
    """
    reader, secret = visit.known, visit.secret or ""

    async def token() -> str:
        return (await house.sessions.reader(secret, visit.address, used=False)).token

    who = Principal(reader.id, cast("Role", reader.role), reader.places, reader.departments)
    return Viewer(reader.session, who, language, token)
