"""What all of this service's endpoints share: how errors are told, and where a wish came from."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from services.admin.errors import Locked, NoSuchThing, NotSignedIn, Refused
from shared.runtime import Problem, not_found, source_of

_OURS: Final = (NoSuchThing, Refused, NotSignedIn, Locked)

Why = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
"""A reason is a code, so that it names nobody."""


class Body(BaseModel):
    """What is sent; unknown fields are faults, and values are never repeated."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Telling(APIRoute):
    """Turns this service's errors into problem documents. Nothing it answers is kept on the way:
    it is about persons, or opens something.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                answer = await handle(request)
            except _OURS as error:
                raise _problem_of(error) from error
            answer.headers["Cache-Control"] = "no-store"
            return answer

        return told


def _problem_of(error: Exception) -> Problem:
    match error:
        case Refused():
            return Problem(409, error.kind, str(error), detail=error.remedy)
        case NotSignedIn(reason="provider-away"):
            return Problem(503, "provider-away", "The identity provider does not answer")
        case NotSignedIn():
            return Problem(
                401, "not-signed-in", "What was shown does not sign anybody in", reason=error.reason
            )
        case Locked():
            return Problem(
                429, "locked", "Too many tries; come back later", retry_after=error.seconds
            )
        case _:
            return not_found()


Source = Annotated[str, Depends(source_of)]
"""The address of whoever asks: that which a proxy on this machine names, where there is one."""
