"""Whoever was not alone a moment ago waits a moment for the others; alone, nobody waits."""

import asyncio

import pytest

from shared.store import company as subject
from shared.store.company import Company


@pytest.fixture
def long_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """So long that a test which waits for its end would fail by its own limit."""
    monkeypatch.setattr(subject, "MOMENT_SECONDS", 30.0)
    monkeypatch.setattr(subject, "REMEMBERED_SECONDS", 30.0)


@pytest.mark.usefixtures("long_moment")
async def test_the_first_and_whoever_went_alone_last_time_does_not_wait() -> None:
    company = Company()
    await asyncio.wait_for(company.wait(1), 1)
    company.went(1)

    await asyncio.wait_for(company.wait(1), 1)


@pytest.mark.usefixtures("long_moment")
async def test_as_many_as_last_time_go_at_once() -> None:
    company = Company()
    company.went(3)

    await asyncio.wait_for(company.wait(3), 1)


@pytest.mark.usefixtures("long_moment")
async def test_the_last_to_join_ends_the_waiting() -> None:
    company = Company()
    company.went(3)
    waiting = asyncio.create_task(company.wait(1))
    await asyncio.sleep(0)

    company.joins(2)
    await asyncio.sleep(0)
    assert not waiting.done()
    company.joins(3)

    await asyncio.wait_for(waiting, 1)


async def test_when_nobody_else_comes_a_moment_is_enough() -> None:
    company = Company()
    company.went(8)

    await asyncio.wait_for(company.wait(1), 5)


async def test_what_was_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOMENT_SECONDS", 30.0)
    monkeypatch.setattr(subject, "REMEMBERED_SECONDS", -1.0)  # as if a second had gone by
    company = Company()
    company.went(8)

    await asyncio.wait_for(company.wait(1), 1)
