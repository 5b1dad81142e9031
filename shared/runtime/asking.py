"""Who asks over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from shared.identity import InvalidToken, Principal, read_token
from shared.runtime.platform import Platform


async def principal(request: Request) -> Principal:
    """Who asks, by the bearer token; 401 without a valid one."""
    platform: Platform = request.app.state.platform
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidToken("send the header `Authorization: Bearer <token>`")
    return read_token(token, platform.keys.token, now=platform.store.clock.now())


Asking = Annotated[Principal, Depends(principal)]
