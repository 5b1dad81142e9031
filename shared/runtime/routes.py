"""The endpoints of a service that belong together and what they take, as every service has them."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Sequence
from enum import Enum
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from shared.contracts import MalformedMessage
from shared.contracts.json_body import read_any_json_object, without_halves
from shared.contracts.report import Note
from shared.privacy import scrub
from shared.runtime.endpoint_rights import right_of
from shared.runtime.problems import PROBLEMS
from shared.runtime.queries import only_known
from shared.tickets import ROWS, Transition
from shared.words import says_nothing

F = TypeVar("F", bound=Callable[..., Any])
_ONLY_KNOWN: Final = Depends(only_known)


class Body(BaseModel):
    """What is sent; unknown fields are faults, and values are never repeated."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class NoteBody(Body):
    """What a person adds in an act; it is scrubbed before it is kept."""

    note: Note | None = None

    def scrubbed(self) -> str | None:
        """The note as it may be kept; None where it says nothing."""
        return None if self.note is None or says_nothing(self.note) else scrub(self.note)


class _Readable(Request):
    """Its JSON is read as far as it can be: half a sign must not lose a cry for help."""

    @override
    async def json(self) -> Any:
        try:
            return without_halves(await super().json())
        except ValueError:
            try:
                return read_any_json_object(await self.body())[0]
            except MalformedMessage as error:
                raise json.JSONDecodeError(str(error), "", 0) from error


class WordsRoute(APIRoute):
    """Takes down what people say, so whatever can be read of a body; what it must hold is asked of
    its fields.
    """

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await handle(_Readable(request.scope, request.receive))

        return read


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


class Routes(APIRouter):
    """What `build_app` takes over as it is, without building each route a second time: so what all
    of them share is said here and not by the application.

    JSON is read without a content type, too; why not is a problem document.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        tags: Sequence[str | Enum],
        dependencies: Sequence[Depends] = (),
        route_class: type[APIRoute] = APIRoute,
    ) -> None:
        super().__init__(
            prefix=prefix,
            tags=list(tags),
            dependencies=[*dependencies, _ONLY_KNOWN],
            route_class=route_class,
            responses=PROBLEMS,
            strict_content_type=False,
        )

    def does(self, transition: Transition) -> Callable[[F], F]:
        """The endpoint that carries out a transition: its path and its door are the row's."""
        return self.post(self.path_of(transition), dependencies=[right_of(transition)])

    def path_of(self, transition: Transition) -> str:
        """Where a transition is asked for, below these endpoints' common prefix."""
        endpoint = ROWS[transition].endpoint
        if endpoint is None or not endpoint.startswith(self.prefix):
            raise ValueError(f"{transition} has no endpoint below {self.prefix}")
        return endpoint.removeprefix(self.prefix)
