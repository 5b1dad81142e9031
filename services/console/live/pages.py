"""`/live`: the one stream of a browser, and what it follows."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final, Literal, cast

import orjson
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from services.console.clients.answers import Declined, Unreached
from services.console.frame.house import AtWork, House, LookingOn, Visit
from services.console.live.hub import Hub
from services.console.live.lifetime import check_of
from services.console.live.streams import Stream, Viewer, greeting
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
    check = check_of(house)

    @router.get("")
    async def live(
        visit: AtWork, lang: Annotated[Literal["zh", "en"], Query()] = "zh"
    ) -> StreamingResponse:
        """Server-sent events until the session ends, the browser goes or this process stops."""
        stream = hub.open(viewer_of(house, visit, lang))
        return StreamingResponse(
            _until_gone(hub, stream), media_type="text/event-stream", headers=_HEADERS
        )

    @router.get("/poll")
    async def poll(
        visit: LookingOn,
        topics: Annotated[str, Query(max_length=40 * MOST)] = "",
        lang: Annotated[Literal["zh", "en"], Query()] = "zh",
        if_none_match: Annotated[str | None, Header(max_length=100)] = None,
    ) -> Response:
        """What a stream would say, as one answer: for a browser to which a proxy passes none on."""
        greeted = greeting(await house.clock.now(), "", is_paused=False) | {"polled": True}
        try:
            ended = await check([visit.known.session])
        except (Declined, Unreached):
            return _said([("hello", greeted | {"paused": True})])
        if why := ended.get(visit.known.session):
            return _said([("bye", {"why": why})])
        told = await hub.look(viewer_of(house, visit, lang), topics.split(",")[:MOST])
        tag = f'"{hashlib.sha256(orjson.dumps(told)).hexdigest()[:24]}"'
        if if_none_match == tag:
            return Response(status_code=304, headers={"ETag": tag})
        return _said([("hello", greeted), *told], tag)

    @router.post("/{id}/topics", status_code=204)
    async def follow(id: StreamId, visit: AtWork, asked: Follow, _: Request) -> None:
        """Follow these as well, each whole at once, and those no more."""
        stream = hub.find(id, visit.known.session)
        if stream is None:
            raise HTTPException(404)
        await hub.follow(stream, asked.add, asked.drop)

    return router


def _said(told: Sequence[tuple[str, Any]], tag: str = "") -> Response:
    headers = {"Cache-Control": "no-store"} | ({"ETag": tag} if tag else {})
    return Response(orjson.dumps(told), media_type="application/json", headers=headers)


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
