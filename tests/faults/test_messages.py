"""A hundred messages, one kill and a mass message that is stopped: `faults.messages` in small."""

from __future__ import annotations

import gc

import pytest

from faults.messages import blow
from tests.support.servers import Servers

pytestmark = pytest.mark.whole


@pytest.mark.timeout(400)
# aio-pika leaves coroutines of its own behind when a connection is torn away.
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::RuntimeWarning"
)
async def test_in_a_storm_everybody_is_told_once_and_a_stop_stops(servers: Servers) -> None:
    try:
        outcome = await blow(servers, messages=112, kills=1, seed=11, mass=60, say=print)
    finally:
        gc.collect()  # what the storm left behind is not for the next test to answer for

    told = outcome.verdict.by_status
    assert told.total() >= 100
    assert told["received"] > 0
    assert told["failed"] > 0
    assert outcome.killed == 1
    assert outcome.mass.standing["stopped"] > 0
    assert outcome.faults == (), str(outcome)
