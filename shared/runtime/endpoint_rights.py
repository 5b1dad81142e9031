"""Rights at the endpoints: each says who may call it, or the service does not start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Depends
from fastapi.params import Depends as Dependency
from fastapi.routing import APIRoute

from shared.identity import PERMISSIONS, action_of, require
from shared.runtime.authentication import Actor
from shared.tickets import ROWS, TABLE, Transition

BEARER: Final = "bearer"
"""What signs a request, as the OpenAPI documents call it."""


@dataclass(frozen=True, slots=True)
class _Open:
    """What stands in an endpoint's list of dependencies; without `actions` all may enter."""

    actions: tuple[str, ...]

    async def __call__(self) -> None:
        """Let everybody in."""


@dataclass(frozen=True, slots=True)
class _Guarded:
    """Asks for the one right that its action needs."""

    actions: tuple[str, ...]

    async def __call__(self, actor: Actor) -> None:
        """Raise Forbidden (403) unless the role and scope of whoever asks allow the action."""
        require(actor, self.actions[0])


_Right = _Open | _Guarded


def may(action: str) -> Dependency:
    """Only for whom the table of rights allows `action`; place and department are asked for where
    the thing is known that it is done to.
    """
    return _at(_Guarded(_known((action,))))


def may_do(transition: Transition) -> Dependency:
    """Only for the roles that the lifecycle's table names for a transition."""
    return may(action_of(transition))


def right_of(transition: Transition) -> Dependency:
    """That of the endpoint which the lifecycle's table names for a transition. Where several rows
    share one, which of them it is depends on the request.
    """
    shared = [row.transition for row in TABLE if row.endpoint == ROWS[transition].endpoint]
    return may_do(transition) if len(shared) == 1 else decides(*map(action_of, shared))


def decides(*actions: str) -> Dependency:
    """Signed in, and the use case asks the table: which of `actions` it is depends on the request
    or on the present state.
    """
    return _at(_Open(_known(actions)))


def open_to_all() -> Dependency:
    """For everybody, signed in or not: health, and pages that a signed link opens."""
    return _at(_Open(()))


def _at(right: _Right) -> Dependency:
    made: Dependency = Depends(right)
    return made


def _known(actions: tuple[str, ...]) -> tuple[str, ...]:
    for action in actions:
        if action not in PERMISSIONS:
            raise ValueError(f"{action!r} is not in shared/identity/permissions.py")
    return actions


def name_rights(routers: Iterable[APIRouter]) -> None:
    """Write each endpoint's actions and roles into its OpenAPI operation (`x-actions`, `x-roles`),
    and whether a request has to be signed.

    Raises ValueError naming an endpoint without a right: it is a fault of ours, seen at the start.
    """
    for router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute):
                _name_right(route)


def is_open_to_all(route: APIRoute) -> bool:
    """Whether everybody may call it, so that links to it pass through many hands."""
    return not _right_of(route).actions


def _name_right(route: APIRoute) -> None:
    right = _right_of(route)
    roles = frozenset[str]().union(*(PERMISSIONS[action].roles for action in right.actions))
    named: dict[str, Any] = {"x-actions": list(right.actions), "x-roles": sorted(roles)}
    if right.actions:
        named["security"] = [{BEARER: []}]
    route.openapi_extra = (route.openapi_extra or {}) | named


def _right_of(route: APIRoute) -> _Right:
    found = [d.dependency for d in route.dependencies if isinstance(d.dependency, _Open | _Guarded)]
    if len(found) != 1:
        methods = "/".join(sorted(route.methods or ()))
        raise ValueError(
            f"{methods} {route.path} needs exactly one right: "
            "dependencies=[may(…)], [decides(…)] or [open_to_all()]"
        )
    return found[0]
