"""A hundred messages, one kill and a mass message that is stopped: `faults.messages` in small."""

from __future__ import annotations

import pytest

from faults.messages import blow
from tests.support.servers import Servers

pytestmark = pytest.mark.long


@pytest.mark.timeout(300)
async def test_in_a_storm_everybody_is_told_once_and_a_stop_stops(servers: Servers) -> None:
    outcome = await blow(servers, messages=112, kills=1, seed=11, mass=60, say=print)

    told = outcome.verdict.by_status
    assert told.total() >= 100
    assert told["received"] > 0
    assert told["failed"] > 0
    assert outcome.killed == 1
    assert outcome.mass.standing["stopped"] > 0
    assert outcome.faults == (), str(outcome)
