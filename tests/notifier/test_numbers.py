"""Who is told of a ticket under which others went on reads all of its numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import pytest

from services.notifier.quotations import with_taken_in
from shared.contracts import Event
from shared.tickets.model import merge_key, merged_number
from tests.notifier import samples
from tests.notifier.bench import Bench

TO_CALLERS: Final[tuple[Event, ...]] = (
    samples.appointed(), samples.extended(), samples.resolved(), samples.reopened(),
    samples.asked(), samples.noted(tell_at=samples.DUE - timedelta(days=900)),
    samples.incident_announced(numbers=("26-1",)), samples.merged(into="26-9"),
)  # fmt: skip
YESTERDAY: Final = timedelta(days=1)


def takes(bench: Bench, *numbers: str) -> list[dict[str, Any]]:
    """The lines with which a ticket takes these in."""
    at = bench.now() - YESTERDAY
    line = {"transition": "supplement", "at": at, "by": "service:intake", "order": None, "note": ""}
    return [line | {"form_key": merge_key(number)} for number in numbers]


def numbers_in(text: str) -> set[str]:
    return set(re.findall(r"26-\d", text))


def test_a_form_key_names_what_was_taken_in_and_no_other_does() -> None:
    assert merged_number(merge_key("26-2")) == "26-2"
    assert [merged_number(key) for key in (None, "", "form-7", "wish/merge/26-2")] == [None] * 4


def test_both_languages_name_all() -> None:
    assert with_taken_in("26-1", ["26-2", "26-3"], "zh") == "26-1（含已并入的 26-2、26-3）"
    assert with_taken_in("26-1", ["26-2", "26-3"], "en") == "26-1 (with 26-2, 26-3)"
    assert with_taken_in("26-1", [], "zh") == "26-1"


@pytest.mark.parametrize("event", TO_CALLERS, ids=lambda event: event.name)
async def test_every_message_to_the_caller_names_both_numbers(bench: Bench, event: Event) -> None:
    await bench.add_ticket(timeline=takes(bench, "26-2"))
    await bench.add_ticket("26-2", merged_into="26-1", timeline=[])

    await bench.handle(event)

    await bench.ended()
    [letter] = bench.tray.letters
    for words in (letter.subject, letter.body):
        assert "26-1（含已并入的 26-2）" in words


async def test_numbers_are_named_through_several_merges_and_only_of_what_was_merged(
    bench: Bench,
) -> None:
    await bench.add_ticket(timeline=takes(bench, "26-2", "26-4", "26-5"))
    await bench.add_ticket("26-2", merged_into="26-1", timeline=takes(bench, "26-3"))
    await bench.add_ticket("26-3", merged_into="26-2", timeline=[])
    await bench.add_ticket("26-4", merged_into=None, timeline=[])

    await bench.handle(samples.resolved())

    [doc] = await bench.ended()
    [letter] = bench.tray.letters
    assert numbers_in(letter.body) == {"26-1", "26-2", "26-3"}
    shown = await bench.replicas[0].http.get(f"/v1/messages/{doc['_id']}", headers=bench.token())
    assert numbers_in(shown.json()["body"]) == {"26-1", "26-2", "26-3"}


async def test_what_goes_on_under_it_later_was_not_in_what_was_told(bench: Bench) -> None:
    await bench.add_ticket(timeline=[])
    await bench.handle(samples.resolved())
    [doc] = await bench.ended()
    await bench.add_ticket("26-2", merged_into="26-1", timeline=[])
    late = [takes(bench, "26-2")[0] | {"at": bench.now() + timedelta(minutes=1)}]
    tickets = bench.store.documents("tickets")
    await tickets.update_one({"_id": "26-1"}, {"$set": {"timeline": late}})

    shown = await bench.replicas[0].http.get(f"/v1/messages/{doc['_id']}", headers=bench.token())

    assert numbers_in(shown.json()["body"]) == {"26-1"}


async def test_staff_read_the_number_of_the_work_alone(bench: Bench) -> None:
    await bench.add_ticket(timeline=takes(bench, "26-2"))
    await bench.add_ticket("26-2", merged_into="26-1", timeline=[])

    await bench.handle(samples.dispatched())

    await bench.ended()
    [body] = bench.postbox.bodies()
    assert "26-2" not in body
