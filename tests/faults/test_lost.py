"""Queues that are not there yet, or not any more: two orders and two queues of `faults.lost`."""

from __future__ import annotations

import pytest

from faults.lost import delete_queues, start_in_order
from tests.support.servers import Servers

pytestmark = pytest.mark.whole


@pytest.mark.parametrize("order", [("intake", "router"), ("router", "notifier")], ids="-".join)
async def test_services_that_start_one_after_the_other_lose_nothing(
    servers: Servers, order: tuple[str, str]
) -> None:
    found = await start_in_order(servers, "-".join(order), order)

    assert found.sent > 1
    assert found.is_kept, str(found)


async def test_queues_that_are_deleted_under_load_lose_nothing(servers: Servers) -> None:
    found = await delete_queues(servers, ["router.tickets.urgent", "router.tickets.routine"])

    assert found.sent > 1
    assert found.is_kept, str(found)
