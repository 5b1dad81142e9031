"""Two days of eight tickets, played by moving the clock: `faults.week` in small."""

from __future__ import annotations

import pytest

from faults.week import play
from tests.support.servers import Servers

pytestmark = pytest.mark.whole


@pytest.mark.timeout(300)
async def test_two_days_of_eight_tickets_go_as_the_reference_says(servers: Servers) -> None:
    outcome = await play(servers, tickets=8, days=2, seed=11, say=print)

    assert outcome.tickets == 8
    assert outcome.acts.total() > 0
    assert outcome.warned > 0
    assert outcome.broken > 0
    assert outcome.differences == ()
