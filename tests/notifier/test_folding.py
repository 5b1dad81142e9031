"""Digests on the real store and broker: one a person, however many work and whatever dies."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from typing import Any

import pytest

from services.notifier.digests import await_digest, fold, new_digest, release
from services.notifier.domain import recipients
from services.notifier.messages import Message, new_message
from services.notifier.storage import MESSAGES
from shared.contracts import Step
from shared.contracts.notifier import MessageReceived
from shared.contracts.router import ClockBreached
from shared.store import Collection
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.test_crash import consumes, running_process
from tests.support.bench import until

SOON = {"digest_after": timedelta(seconds=1)}
LEAD = "jy-engineering-3"
BOTH = (samples.ASSIGNEE, LEAD)


def late(bench: Bench, n: int = 1, **more: Any) -> ClockBreached:
    """A deadline that fell due an hour ago, while nothing ran."""
    an_hour_ago = bench.now() - timedelta(hours=1)
    facts = {"number": f"26-{n}", "due": an_hour_ago, "fell_due": an_hour_ago, "recipients": BOTH}
    return samples.breached(**facts | more)


async def digests(bench: Bench, **query: Any) -> list[dict[str, Any]]:
    return await bench.docs(purpose="digest", **query)


async def delivered(bench: Bench, count: int) -> list[dict[str, Any]]:
    """All digests, once so many went out."""

    async def out() -> bool:
        return len(await digests(bench, status="received")) >= count

    await until(out)
    return await digests(bench)


async def test_each_person_gets_one_whatever_is_repeated_and_however_many_work(
    empty_bench: Bench,
) -> None:
    bench = empty_bench
    await asyncio.gather(bench.add_replica(**SOON), bench.add_replica(**SOON))
    events = [late(bench, n) for n in range(60)]

    for round_ in range(3):
        await asyncio.gather(
            *(bench.publish(event, id=f"{n}/{round_}") for n, event in enumerate(events))
        )
    made = await delivered(bench, 2)

    assert sorted(digest["recipient"] for digest in made) == sorted(BOTH)
    assert [digest["facts"]["count"] for digest in made] == [60, 60]
    folded = await bench.docs(status="folded")
    assert len(folded) == 120
    assert {doc["digest"] for doc in folded} == {digest["_id"] for digest in made}
    assert len(bench.postbox.mails) == 2
    assert len(await bench.said(MessageReceived, 2)) == 2


async def test_what_comes_later_opens_the_next_and_a_repeat_opens_none(bench: Bench) -> None:
    await bench.add_replica(**SOON)
    event = late(bench, 1, recipients=(LEAD,))
    await bench.handle(event, id="first")
    await delivered(bench, 1)

    await bench.handle(event, id="months-later")
    await bench.handle(late(bench, 2, recipients=(LEAD,)), id="second")
    made = await delivered(bench, 2)

    told = sorted([line["number"] for line in digest["facts"]["lines"]] for digest in made)
    assert told == [["26-1"], ["26-2"]]
    assert sorted(str(mail["X-Hotline-Cause"]) for mail in bench.postbox.mails) == [
        "report/overdue/000001", "report/overdue/000002",
    ]  # fmt: skip


async def test_an_emergency_and_what_is_told_in_time_go_out_by_themselves(bench: Bench) -> None:
    danger = late(bench, 1, urgency="emergency", recipients=(LEAD,))
    in_time = late(bench, 2, fell_due=bench.now(), recipients=(LEAD,))

    await bench.handle(danger, lane="urgent", id="danger")
    await bench.handle(in_time, id="in-time")
    docs = await bench.ended(2)

    assert [doc["purpose"] for doc in docs] == ["breach", "breach"]
    assert {doc["status"] for doc in docs} == {"received"}


async def test_a_digest_is_shown_to_whoever_may_see_all_it_names(bench: Bench) -> None:
    await bench.add_replica(**SOON)
    about = {"people": ["chief"], "departments": []}
    await bench.add_ticket("26-1", about=about)
    await bench.handle(late(bench, 1, recipients=(LEAD,)), id="one")
    (digest,) = await delivered(bench, 1)

    path = f"/v1/messages/{digest['_id']}"
    seen = await bench.http.get(path, headers=bench.signed_in("supervisor", id="another"))
    hidden = await bench.http.get(path, headers=bench.signed_in("supervisor", id="chief"))
    listed = await bench.http.get("/v1/messages", headers=bench.signed_in("supervisor", id="chief"))

    assert "26-1 锦园" in seen.json()["body"]
    assert hidden.status_code == 404
    assert listed.json()["items"] == []


async def _left(bench: Bench, count: int) -> list[Message]:
    """What a notifier wrote down before it died: messages that wait for a digest."""
    messages, kept = Collection(bench.store, MESSAGES), []
    for n in range(count):
        (notice,) = recipients(late(bench, n, recipients=(LEAD,)))
        made = new_message(notice, lane="routine", language="zh", now=bench.now())
        kept.append(await_digest(made))
        assert await messages.insert(Step(kept[-1]), made.at)
    return kept


@pytest.mark.parametrize("died_after", ["waiting", "made", "half_folded", "folded", "released"])
async def test_whoever_comes_after_a_crash_goes_on_where_it_happened(
    empty_bench: Bench, died_after: str
) -> None:
    bench, messages = empty_bench, Collection(empty_bench.store, MESSAGES)
    entries = await _left(bench, 6)
    digest = new_digest(entries, None, language="zh", now=bench.now())
    if died_after != "waiting":
        assert await messages.insert(Step(digest), digest.at)
    folded = {"half_folded": entries[:3], "folded": entries, "released": entries}
    for entry in folded.get(died_after, ()):
        await messages.write_over(entry, fold(entry, digest, bench.now()))
    if died_after == "released":
        await messages.write_over(digest, release(digest, bench.now()))

    await asyncio.gather(bench.add_replica(**SOON), bench.add_replica(**SOON))
    (found,) = await delivered(bench, 1)

    assert found["_id"] == digest.id
    assert set(found["entries"]) == {entry.id for entry in entries}
    assert {doc["digest"] for doc in await bench.docs(status="folded")} == {digest.id}
    assert len(bench.postbox.mails) == 1


@pytest.mark.whole
async def test_killed_while_it_folds_it_tells_everything_once(empty_bench: Bench) -> None:
    """The process is a real one, and dies at its first digest."""
    bench = empty_bench
    events = [late(bench, n) for n in range(200)]
    async with running_process(bench, HOTLINE_NOTIFIER_DIGEST_AFTER="PT1S") as process:
        await until(lambda: consumes(bench))
        await asyncio.gather(*(bench.publish(e, id=str(n)) for n, e in enumerate(events)))
        await until(lambda: digests(bench))
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL

    await bench.add_replica(**SOON)
    await until(lambda: _all_told(bench, 400))

    made = await digests(bench)
    named = [id for digest in made for id in digest["entries"]]
    folded = await bench.docs(status="folded")
    assert len(named) == len(set(named)) == len(folded) == 400
    assert {doc["_id"]: doc["digest"] for doc in folded} == {
        id: digest["_id"] for digest in made for id in digest["entries"]
    }
    causes = [(str(mail["To"]), str(mail["X-Hotline-Cause"])) for mail in bench.postbox.mails]
    assert len(causes) == len(set(causes))


async def _all_told(bench: Bench, count: int) -> bool:
    folded = await bench.docs(status="folded")
    open_ = await bench.docs(ended_at=None)
    return len(folded) == count and not open_
