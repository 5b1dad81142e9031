"""The caller hears how it goes: the public words as they are when the message is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.support.bench import until

INTERNAL, FIRST, LAST = "业主很难缠", "师傅在路上", "明早9点上门"


def entry(note: str | None, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return {"transition": "note", "at": at, "by": "li", "order": "26-1-1", "note": note, **more}


async def test_a_public_note_is_told_in_its_own_words_and_no_internal_one(bench: Bench) -> None:
    public = {"public": True}
    notes = [entry(FIRST, **public), entry(LAST, **public), entry(INTERNAL), entry(None)]
    await bench.add_ticket(timeline=notes)

    await bench.handle(samples.noted())

    (doc,) = await bench.ended()
    (letter,) = bench.tray.letters
    assert (doc["status"], doc["purpose"]) == ("received", "progress")
    assert LAST in letter.body
    assert FIRST not in letter.body
    assert INTERNAL not in letter.body
    assert LAST not in str(doc)
    shown = await bench.replicas[0].http.get(f"/v1/messages/{doc['_id']}", headers=bench.token())
    assert LAST in shown.json()["body"]


async def test_an_internal_note_makes_no_message(bench: Bench) -> None:
    await bench.add_ticket(timeline=[entry(INTERNAL)])

    await bench.handle(samples.noted(public=False, tell_at=None))

    assert await bench.docs() == []


async def test_what_is_to_be_told_later_waits_and_is_one_message(bench: Bench) -> None:
    await bench.add_ticket(timeline=[entry(FIRST, public=True)])
    later = bench.now() + timedelta(hours=2)

    await bench.handle(samples.noted(tell_at=later), id="t/1/2/0")
    await bench.handle(samples.noted(tell_at=later), id="t/1/3/0")

    (doc,) = await bench.docs()
    assert doc["status"] == "pending"
    assert abs(doc["next_at"] - later) < timedelta(seconds=1)
    await bench.forward(timedelta(hours=2, seconds=1))
    await until(lambda: bench.tray.letters)
    assert len(await bench.ended()) == 1


async def test_b21_a_later_note_does_not_change_what_was_told(bench: Bench) -> None:
    await bench.add_ticket(timeline=[entry(FIRST, public=True)])
    await bench.handle(samples.noted())
    (doc,) = await bench.ended()
    later = entry(LAST, public=True, at=bench.now() + timedelta(minutes=5))
    await bench.store.upsert("tickets", "26-1", {"$push": {"timeline": later}})

    shown = await bench.replicas[0].http.get(f"/v1/messages/{doc['_id']}", headers=bench.token())

    (letter,) = bench.tray.letters
    assert FIRST in letter.body
    assert FIRST in shown.json()["body"]
    assert LAST not in shown.text


@pytest.mark.parametrize(
    "since", [{"status": "resolved"}, {"status": "closed"}, {"round": 2}],
    ids=["done", "closed", "begins again"],
)  # fmt: skip
async def test_what_waited_is_dropped_when_the_work_was_done_meanwhile(
    bench: Bench, since: dict[str, Any]
) -> None:
    notes = [entry(FIRST, public=True)]
    await bench.add_ticket(timeline=notes, status="in_progress", round=1)
    await bench.handle(samples.noted(tell_at=bench.now() + timedelta(hours=2)))
    await bench.store.upsert("tickets", "26-1", {"$set": since})

    await bench.forward(timedelta(hours=2, seconds=1))

    (doc,) = await bench.ended()
    assert (doc["status"], doc["reason"]) == ("stopped", "past")
    assert bench.tray.letters == []
