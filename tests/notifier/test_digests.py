"""Rules of digests: who is told at once what a downtime left, and that nothing is told in two."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.digests import (
    AT_MOST,
    LISTED,
    await_digest,
    fold,
    is_complete,
    is_quiet,
    new_digest,
    release,
)
from services.notifier.domain import recipients
from services.notifier.messages import Message, Status, new_message
from services.notifier.rendering import render
from shared.contracts import Event
from shared.policy.policy import build_policy, load_documents
from tests.notifier import samples

NOW = samples.DUE + timedelta(hours=8)
AFTER = timedelta(seconds=20)


def waiting(event: Event | None = None) -> Message:
    first, *_ = recipients(event or samples.breached())
    return await_digest(new_message(first, lane="routine", language="zh", now=NOW))


def digest(*entries: Message, last: Message | None = None, language: Any = "zh") -> Message:
    return new_digest(entries or (waiting(),), last, language=language, now=NOW)


@pytest.mark.parametrize(
    ("first", "last", "complete"),
    [
        (timedelta(seconds=19), timedelta(seconds=19), False),
        (timedelta(seconds=20), timedelta(seconds=20), True),
        (timedelta(minutes=4), timedelta(seconds=1), False),
        (AT_MOST, timedelta(0), True),
    ],
)
def test_a_digest_waits_for_what_still_comes_but_not_for_ever(
    first: timedelta, last: timedelta, *, complete: bool
) -> None:
    assert is_complete(NOW - first, NOW - last, NOW, after=AFTER) is complete


def test_what_waits_keeps_its_own_cause_and_is_due_when_its_digest_is_at_the_latest() -> None:
    message = waiting()

    assert message.id == recipients(samples.breached())[0].id
    assert (message.status, message.next_at) == (Status.WAITING, NOW + AT_MOST)


def test_two_that_make_the_same_digest_make_one_and_the_next_is_another() -> None:
    mine, others = digest(waiting()), digest(waiting(), waiting(samples.warned()))
    following = digest(waiting(), last=mine)

    assert mine.id == others.id
    assert following.id != mine.id
    assert (str(mine.cause), str(following.cause)) == (
        "report/overdue/000001", "report/overdue/000002",
    )  # fmt: skip


def test_a_digest_goes_out_when_all_it_tells_is_folded() -> None:
    entry = waiting()
    made = digest(entry)

    folded = fold(entry, made, NOW).value
    out = release(made, NOW).value

    assert (made.status, made.entries) == (Status.GATHERING, (entry.id,))
    assert (folded.status, folded.digest, folded.ended_at) == (Status.FOLDED, made.id, NOW)
    assert (out.status, out.next_at) == (Status.PENDING, NOW)


def test_it_is_of_an_estate_only_where_all_of_it_is() -> None:
    here, there = waiting(), waiting(samples.breached(estate="cuihu"))

    assert digest(here).estate == "jinyuan"
    assert digest(here, there).estate is None


def test_it_can_wait_for_the_morning_only_where_all_of_it_can() -> None:
    higher = waiting(samples.breached(level=2))

    assert is_quiet([higher])
    assert not is_quiet([higher, waiting()])


def test_what_is_furthest_up_stands_first_and_what_is_too_much_is_counted() -> None:
    many = [waiting(samples.breached(number=f"26-{n}", level=1 + n % 3)) for n in range(150)]

    made = digest(*many)
    _, body = render(made, build_policy("v1", load_documents()), name="", link="")

    levels = [line["level"] for line in made.facts["lines"]]
    assert levels == sorted(levels, reverse=True)
    assert (len(levels), made.facts["count"], len(made.entries)) == (LISTED, 150, 150)
    assert "……另有 50 项" in body
    assert len(made.numbers) == 1 + LISTED


def test_each_line_names_number_place_clock_and_time_in_the_readers_language() -> None:
    entries = (
        waiting(), waiting(samples.warned(number="26-2", estate=None, test=True)),
    )  # fmt: skip
    policy = build_policy("v1", load_documents())

    subject, zh = render(digest(*entries), policy, name="李主管", link="")
    _, en = render(digest(*entries, language="en"), policy, name="", link="")

    assert "2 项" in subject
    assert "26-1 锦园 办结 11月23日 16:30 已超时（督办第 1 级）" in zh
    assert "26-2 办结 11月23日 16:30 即将到期 【演练】" in zh
    assert "26-1 Jinyuan Gardens done 23 Nov 16:30 overdue (level 1)" in en
    assert "26-2 done 23 Nov 16:30 due soon [Drill]" in en
