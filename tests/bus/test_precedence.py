"""Nothing routine begins while something urgent is in hand, and nothing stops for ever."""

import asyncio

import pytest

from shared.bus import precedence as subject
from shared.bus.precedence import Precedence


async def test_routine_work_begins_at_once_as_a_rule() -> None:
    await asyncio.wait_for(Precedence().give_way(), 0.1)


async def test_routine_work_waits_until_the_last_emergency_is_out_of_hand() -> None:
    precedence = Precedence()
    with precedence.urgent():
        with precedence.urgent():
            routine = asyncio.create_task(precedence.give_way())
        await asyncio.sleep(0)
        assert not routine.done()

    await asyncio.wait_for(routine, 1)


async def test_an_emergency_that_fails_is_out_of_hand() -> None:
    precedence = Precedence()
    with pytest.raises(ValueError, match="broken"), precedence.urgent():
        raise ValueError("broken")

    await asyncio.wait_for(precedence.give_way(), 0.1)


async def test_an_emergency_that_hangs_does_not_stop_the_house(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subject, "LONGEST_SECONDS", 0.05)
    precedence = Precedence()
    with precedence.urgent():
        await asyncio.wait_for(precedence.give_way(), 5)
