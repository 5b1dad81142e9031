"""What the table says of paths and doors is what the services answer to."""

from typing import Any

import pytest
from fastapi.routing import APIRoute

from services.intake.desk.api import build_actions_api, build_registering_api
from services.router.emergencies.api import build_emergencies_api
from services.router.work_orders.api import (
    build_boards_api,
    build_costs_api,
    build_times_api,
    build_work_orders_api,
)
from shared.identity import action_of
from shared.runtime import Routes
from shared.runtime.endpoint_rights import name_rights
from shared.tickets import ROWS, TABLE, Transition

NOBODY: Any = None
"""Stands for what is asked only when a request comes in."""


def endpoints() -> dict[str, list[str]]:
    """The actions that the doors of intake and router ask for, by path."""
    routers = [
        build_registering_api(NOBODY),
        build_actions_api(NOBODY, NOBODY, NOBODY, NOBODY, NOBODY),
        build_work_orders_api(NOBODY, NOBODY),
        build_times_api(NOBODY),
        build_costs_api(NOBODY),
        build_boards_api(NOBODY, NOBODY),
        build_emergencies_api(NOBODY, NOBODY, NOBODY),
    ]
    name_rights(routers)
    return {
        route.path: (route.openapi_extra or {})["x-actions"]
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.methods == {"POST"}
    }


def test_each_row_with_a_path_is_answered_there_behind_its_own_door() -> None:
    found = endpoints()

    asked = [row for row in TABLE if row.endpoint]
    assert asked
    for row in asked:
        assert action_of(row.transition) in found[row.endpoint or ""]
    for path, actions in found.items():
        told = [action_of(row.transition) for row in TABLE if row.endpoint == path]
        assert told in ([], actions), path


def test_no_endpoint_is_made_of_a_row_that_has_none_or_lies_elsewhere() -> None:
    assert ROWS[Transition.FLAG].endpoint is None
    for transition in (Transition.FLAG, Transition.HOLD, Transition.ACCEPT):
        with pytest.raises(ValueError, match="no endpoint below"):
            Routes("/v1/tickets/{number}", tags=["actions"]).does(transition)
