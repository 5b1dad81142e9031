"""The endpoints of a service that belong together, as every service has them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from fastapi import APIRouter
from fastapi.params import Depends
from fastapi.routing import APIRoute

from shared.runtime.problems import PROBLEMS


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
            dependencies=list(dependencies),
            route_class=route_class,
            responses=PROBLEMS,
            strict_content_type=False,
        )
