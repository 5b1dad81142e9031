"""What a log says of an error: where it went, every one of a group, and none of its words."""

from __future__ import annotations

import asyncio

import pytest

from shared.telemetry import trace_of

SECRET = "13800138000"


async def fall_over() -> None:
    raise LookupError(SECRET)


async def stumble() -> None:
    raise ZeroDivisionError(SECRET)


async def walk() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(fall_over())
        group.create_task(stumble())


async def test_a_group_of_errors_is_traced_to_each_of_them() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await walk()

    trace = trace_of(caught.value)

    for place, name in (("fall_over", "LookupError"), ("stumble", "ZeroDivisionError")):
        assert f"in {place}\n" in trace
        assert name in trace
    assert "ExceptionGroup" in trace
    assert SECRET not in trace
