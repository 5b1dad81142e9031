"""What several endpoints of the administration take, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from shared.runtime import source_of

Why = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""A reason is a code, so that it names nobody."""
Source = Annotated[str, Depends(source_of)]
"""The address of whoever asks: that which a proxy on this machine names, where there is one."""


class Body(BaseModel):
    """What is sent; unknown fields are faults, and values are never repeated."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NoStore(APIRoute):
    """Nothing it answers is kept on the way: it is about persons, or opens something."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def unkept(request: Request) -> Response:
            answer = await handle(request)
            answer.headers["Cache-Control"] = "no-store"
            return answer

        return unkept
