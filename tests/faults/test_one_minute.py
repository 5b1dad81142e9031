"""`make faults` in a minute: each service and each server killed once, under load, and nothing
is lost.
"""

from __future__ import annotations

import gc
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from rich.console import Console

from faults.house import running_house
from faults.plan import SERVICES, Size, make_plan
from faults.report import print_verdict
from faults.run import Run
from faults.verdict import checks

SEED: Final = 7
# Node is left to `make faults`: on a bare machine its npm is hundreds of packages.
SMALL: Final = Size(
    tickets=100,
    malformed=50,
    faults={
        "service": 2,
        "database": 1,
        "step_down": 1,
        "wire": 2,
        "no_broker": 1,
    },
    gone_seconds=5.0,
    senders=("desk", "python"),
    two_share=1.0,
)
SEND_SECONDS: Final = 180.0
SETTLE_SECONDS: Final = 150.0
"""What waits to be told together waits a minute, and a chain goes on meanwhile."""


@pytest.mark.alone
@pytest.mark.whole
@pytest.mark.timeout(400)
# aio-pika leaves coroutines of its own behind when a connection is torn away.
@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::RuntimeWarning"
)
async def test_a_storm_loses_nothing_and_doubles_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = make_plan(SEED, SMALL)

    async with running_house(tmp_path) as house:
        say = partial(print, file=sys.stderr)  # shown where the test fails
        async with Run(plan, house, say) as run:
            await run.send(seconds=SEND_SECONDS)
            facts = await run.settle(seconds=SETTLE_SECONDS)

    gc.collect()  # what the storm left behind is not for the next test to answer for
    found = checks(facts)
    broken = [check.what for check in found if not check.holds]
    # Where it fails the particulars are needed beside the failure, whoever prints what.
    with capsys.disabled() if not broken else nullcontext():
        print_verdict(facts, found, Console(width=120, stderr=bool(broken)))
    assert facts.findings.checked["tickets"] >= SMALL.tickets
    assert {name for d in facts.done for name in d.fault.targets} >= set(SERVICES)
    assert any("notifier" in d.fault.targets and d.sending for d in facts.done)
    assert broken == []
