"""Whose turn it is: alerts first, others not long after, and nobody keeps a hand while waiting."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from services.notifier.domain import recipients
from services.notifier.loops import GIVE_WAY_SECONDS, PLACES, SendQueue
from services.notifier.messages import Message, new_message
from shared.contracts.notifier import Purpose
from tests.notifier import samples

SOON: Final = GIVE_WAY_SECONDS / 3
"""Well before anybody's patience ends."""


def letter(name: str, purpose: Purpose = "assignment") -> Message:
    notice = recipients(samples.dispatched())[0]
    message = new_message(notice, lane="urgent", language="zh", now=samples.DUE)
    return replace(message, id=name, purpose=purpose)


RECEIPT, WORK, ALERT = letter("receipt", "receipt"), letter("work"), letter("alert", "alert")
OTHER_ALERT = letter("other alert", "alert")


async def test_letters_go_in_the_order_they_came_in() -> None:
    line = SendQueue()
    for message in (WORK, RECEIPT):
        line.take_up(message)
    assert [await line.next(), await line.next()] == [WORK, RECEIPT]


async def test_an_alert_goes_before_what_came_earlier() -> None:
    line = SendQueue()
    for message in (RECEIPT, WORK, ALERT):
        line.take_up(message)
    assert await line.next() == ALERT


async def test_that_nobody_comes_goes_first_too() -> None:
    line, nobody_comes = SendQueue(), letter("nobody comes", "slowed")
    for message in (RECEIPT, WORK, nobody_comes):
        line.take_up(message)
    assert await line.next() == nobody_comes


async def test_others_go_as_soon_as_the_last_alert_is_handed_over() -> None:
    line = SendQueue()
    for message in (RECEIPT, ALERT, OTHER_ALERT):
        line.take_up(message)
    for alert in (await line.next(), await line.next()):
        line.put_down(alert)
    async with asyncio.timeout(SOON):
        assert await line.next() == RECEIPT


async def test_an_alert_that_hangs_keeps_all_the_others_once_and_not_one_after_the_other() -> None:
    line, clock = SendQueue(), asyncio.get_running_loop()
    receipts = [letter(f"receipt {n}", "receipt") for n in range(20)]
    for message in (ALERT, *receipts):
        line.take_up(message)
    assert await line.next() == ALERT
    began = clock.time()
    assert [await line.next() for _ in receipts] == receipts
    assert GIVE_WAY_SECONDS / 2 < clock.time() - began < 2 * GIVE_WAY_SECONDS


async def test_an_alert_goes_at_once_while_others_wait_for_one_that_hangs() -> None:
    line = SendQueue()
    for message in (ALERT, RECEIPT):
        line.take_up(message)
    assert await line.next() == ALERT
    waiting = asyncio.create_task(line.next())
    await asyncio.sleep(0)  # it waits for the receipt's turn
    line.take_up(OTHER_ALERT)
    async with asyncio.timeout(SOON):
        assert await waiting == OTHER_ALERT


@pytest.mark.parametrize("message", [ALERT, RECEIPT])
async def test_a_message_is_taken_up_once_until_it_is_put_down(message: Message) -> None:
    line = SendQueue()
    line.take_up(message)
    line.take_up(message)
    assert await line.next() == message
    line.take_up(message)
    assert message in line
    line.put_down(message)
    assert message not in line
    line.take_up(OTHER_ALERT)
    assert await line.next() == OTHER_ALERT


async def test_a_full_line_takes_up_nobody_but_alerts() -> None:
    line = SendQueue()
    for n in range(PLACES):
        line.take_up(letter(str(n)))
    line.take_up(RECEIPT)
    line.take_up(ALERT)
    assert RECEIPT not in line
    assert await line.next() == ALERT
