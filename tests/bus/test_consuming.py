"""What becomes of a message: handled once, tried again, or kept with its reason; never dropped."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from shared.bus import DEFAULT, Delivery, Inbound, Reject, RetryLater, Unroutable
from shared.bus.failures import ATTEMPTS_HEADER, MAX_ATTEMPTS
from shared.contracts.intake import TicketUrged
from shared.store import Contested
from tests.bus.bench import REPORTS, ROUTINE, URGENT, Bench, until


def fail_with(bench: Bench, error: Callable[[], Exception], *, times: int = 10_000) -> list[str]:
    """Handle events by failing so many times; the numbers of those tried."""
    tried: list[str] = []

    @bench.consumers.on_event(ROUTINE)
    async def handle(delivery: Delivery) -> None:
        assert isinstance(delivery.event, TicketUrged)
        tried.append(delivery.event.number)
        if len(tried) <= times:
            raise error()

    return tried


async def is_empty(bench: Bench, queue: str = ROUTINE.name) -> bool:
    """Nothing waits and nothing is held unacknowledged: a fresh look needs a stopped consumer."""
    return await bench.taken(queue) == 0


async def test_a_handled_event_is_acknowledged(bench: Bench) -> None:
    bench.subscribe(ROUTINE)
    await bench.start()

    await bench.publish(bench.envelope())

    await until(lambda: bench.handled == ["T1"])
    await bench.stop()
    assert await is_empty(bench)
    assert await bench.entries() == []


async def test_a_handler_gets_the_event_with_the_id_that_a_repeat_shares(bench: Bench) -> None:
    seen: list[Delivery] = []

    @bench.consumers.on_event(URGENT, ROUTINE)
    async def handle(delivery: Delivery) -> None:
        seen.append(delivery)

    await bench.start()
    for lane in ("urgent", "routine"):
        await bench.publish(bench.envelope(lane="urgent" if lane == "urgent" else "routine"))
    await until(lambda: len(seen) == 2)

    assert {(d.id, d.lane) for d in seen} == {
        ("ticket/T1/1/0", "urgent"), ("ticket/T1/1/0", "routine"),
    }  # fmt: skip
    assert {d.event for d in seen} == {TicketUrged(number="T1")}


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (lambda: ZeroDivisionError("13800138000"), "failed", "ZeroDivisionError"),
        (lambda: KeyError("王女士"), "failed", "KeyError"),
        (lambda: Reject("no_principal", "user_id: is missing"), "no_principal", "user_id: is"),
    ],
    ids=["bug", "key error", "reject"],
)
async def test_a_message_whose_handler_fails_is_kept_whole_with_its_reason(
    bench: Bench, error: Callable[[], Exception], reason: str, detail: str
) -> None:
    fail_with(bench, error)
    await bench.start()
    envelope = bench.envelope()

    await bench.publish(envelope, headers={"traceparent": "00-1"})

    entry = await bench.entry()
    assert (entry["reason"], entry["attempts"], entry["next_at"]) == (reason, 1, None)
    assert entry["detail"].startswith(detail)
    assert "13800138000" not in entry["detail"]
    assert "王女士" not in entry["detail"]
    assert (bytes(entry["body"]), entry["message_id"]) == (envelope.to_body(), envelope.id)
    assert entry["headers"] == {"traceparent": "00-1"}
    assert entry["queue"] == ROUTINE.name
    await bench.stop()
    assert await is_empty(bench)


async def test_a_temporary_failure_comes_back_after_its_time_with_its_attempts_counted(
    bench: Bench,
) -> None:
    tried = fail_with(
        bench, lambda: RetryLater("place_unknown", after=timedelta(minutes=5)), times=2
    )
    await bench.start()
    await bench.publish(bench.envelope())

    for attempts in (1, 2):
        await until(partial(attempts_are, bench, attempts))
        assert len(tried) == attempts
        entry = await bench.entry()
        assert entry["reason"] == "place_unknown"
        assert await bench.relay().replay_due() == 0
        await bench.forward(minutes=6)
        assert await bench.relay().replay_due() == 1

    await until(lambda: len(tried) == 3)
    assert await bench.entries() == []


async def attempts_are(bench: Bench, n: int) -> bool:
    return [entry["attempts"] for entry in await bench.entries()] == [n]


@pytest.mark.parametrize(
    "error",
    [
        lambda: RetryLater("place_unknown"),
        lambda: Contested("tickets", "T1"),
        lambda: Unroutable("no queue yet, or one without a leader"),
    ],
    ids=["retry later", "contested", "unroutable"],
)
async def test_after_its_last_attempt_a_message_waits_for_a_person(
    bench: Bench, error: Callable[[], Exception]
) -> None:
    tried = fail_with(bench, error)
    await bench.start()
    await bench.publish(bench.envelope())

    for attempts in range(1, MAX_ATTEMPTS):
        await until(partial(attempts_are, bench, attempts))
        await bench.forward(minutes=6)
        assert await bench.relay().replay_due() == 1

    await until(lambda: attempts_are(bench, MAX_ATTEMPTS))
    entry = await bench.entry()
    assert (entry["reason"], entry["next_at"]) == ("gave_up", None)
    await bench.forward(days=1)
    assert await bench.relay().replay_due() == 0
    assert len(tried) == MAX_ATTEMPTS


async def test_a_dead_letter_that_a_person_replays_starts_afresh_under_the_same_id(
    bench: Bench,
) -> None:
    tried = fail_with(bench, ZeroDivisionError, times=1)
    await bench.start()
    await bench.publish(bench.envelope())
    entry = await bench.entry()

    await bench.relay().replay(entry, fresh=True)

    await until(lambda: len(tried) == 2)
    await until(lambda: nothing_parked(bench))


async def nothing_parked(bench: Bench) -> bool:
    return not await bench.entries()


async def test_a_message_whose_queue_is_gone_stays_parked(bench: Bench) -> None:
    fail_with(bench, ZeroDivisionError)
    await bench.start()
    await bench.publish(bench.envelope())
    entry = await bench.entry() | {"queue": "router.gone.routine"}

    with pytest.raises(Unroutable):
        await bench.relay().replay(entry)

    assert len(await bench.entries()) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "malformed"),
        (b"{", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "malformed"),
        (b"[" * 5000, "malformed"),
        (b'{"id":"x"}', "malformed"),
        ("damaged data", "malformed"),
        ("unknown version", "unknown_event"),
    ],
)
async def test_an_event_that_cannot_be_read_is_kept_and_its_neighbours_are_handled(
    bench: Bench, body: bytes | str, reason: str
) -> None:
    bench.subscribe(ROUTINE)
    await bench.start()
    changes: dict[str, Any] = {"type": "hotline.ticket.urged.v2"}
    if body == "damaged data":
        changes = {"data": {"number": None}}
    if isinstance(body, str):
        body = bench.envelope("T0").model_copy(update=changes).to_body()

    await bench.publish(bench.envelope("T1"))
    await bench.publish(body, message_id="strange")
    await bench.publish(bench.envelope("T2"))

    await until(lambda: sorted(bench.handled) == ["T1", "T2"])
    entry = await bench.entry()
    assert (entry["reason"], entry["next_at"], entry["message_id"]) == (reason, None, "strange")
    assert bytes(entry["body"]) == body


@pytest.mark.parametrize(
    "headers",
    [
        {ATTEMPTS_HEADER: "many"},
        {ATTEMPTS_HEADER: ""},
        {ATTEMPTS_HEADER: -5},
        {ATTEMPTS_HEADER: [1]},
        {ATTEMPTS_HEADER: True},
        {"$set": "x", "a.b": "y"},
        {"n": 2**40, "x": 1.5, "nested": {"a": [1]}},
    ],
    ids=["word", "empty", "negative", "list", "flag", "operators", "nested"],
)
async def test_strange_headers_do_not_keep_a_failed_message_from_being_parked(
    bench: Bench, headers: dict[str, Any]
) -> None:
    """A stranger's report may carry any headers at all."""
    fail_with(bench, ZeroDivisionError)
    await bench.start()

    await bench.publish(bench.envelope(), headers=headers)

    entry = await bench.entry()
    assert entry["attempts"] == 1
    await bench.stop()
    assert await is_empty(bench)


class Sealed:
    """Stands in for the sealer: what it sealed is in `kept`, and reads as one byte."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []

    async def seal_parked(self, content: Any) -> bytes:
        self.kept.append(dict(content))
        return b"s"

    def fingerprint(self, body: bytes) -> str:
        return f"{len(body)}"


async def test_a_failed_message_from_outside_is_kept_sealed(bench: Bench) -> None:
    sealed = bench.seal_with(Sealed())

    @bench.consumers.on_message(REPORTS)
    async def refuse(_inbound: Inbound) -> None:
        raise Reject("malformed", "text: is missing")

    await bench.start()
    await bench.publish(
        b'{"phone":"13800138000"}', REPORTS.name, exchange=DEFAULT, message_id="13800138000",
        headers={"x-caller": "13800138000"}, reply_to="reply.pbx.1",
    )  # fmt: skip

    entry = await bench.entry()
    assert "13800138000" not in repr({**entry, "body": bytes(entry["body"])})
    assert (entry["sealed"], bytes(entry["body"])) == (True, b"s")
    (content,) = sealed.kept
    assert content["body"] == b'{"phone":"13800138000"}'
    assert content["headers"] == {"x-caller": "13800138000"}
    assert (content["message_id"], content["reply_to"]) == ("13800138000", "reply.pbx.1")


async def test_a_message_from_outside_comes_as_it_was_sent(bench: Bench) -> None:
    seen: list[Inbound] = []

    @bench.consumers.on_message(REPORTS)
    async def handle(inbound: Inbound) -> None:
        seen.append(inbound)

    await bench.start()
    await bench.publish(
        b"\x00\xff", "ticket.report", exchange="hotline.inbound", message_id="m1",
        correlation_id="c1", reply_to="reply.pbx.1", headers={"k": "v"}, content_type="text/plain",
    )  # fmt: skip
    await until(lambda: seen)

    assert seen == [
        Inbound(
            queue=REPORTS.name, body=b"\x00\xff", headers={"k": "v"}, message_id="m1",
            correlation_id="c1", content_type="text/plain", reply_to="reply.pbx.1", user_id=None,
            routing_key="ticket.report",
        )
    ]  # fmt: skip


async def test_a_blocked_routine_handler_delays_no_urgent_event(bench: Bench) -> None:
    free = asyncio.Event()
    urgent: list[str] = []

    @bench.consumers.on_event(ROUTINE)
    async def block(_delivery: Delivery) -> None:
        await free.wait()

    @bench.consumers.on_event(URGENT)
    async def handle(delivery: Delivery) -> None:
        urgent.append(delivery.id)

    await bench.start()
    for n in range(ROUTINE.prefetch + 20):
        await bench.publish(bench.envelope(f"T{n}"))

    await bench.publish(bench.envelope("U1", lane="urgent"))

    await until(lambda: urgent == ["ticket/U1/1/0"])
    assert not free.is_set()
    free.set()


async def test_handlers_of_one_queue_work_side_by_side(bench: Bench) -> None:
    meeting = asyncio.Barrier(5)

    @bench.consumers.on_event(ROUTINE)
    async def meet(_delivery: Delivery) -> None:
        await meeting.wait()
        bench.handled.append("met")

    await bench.start()
    for n in range(5):
        await bench.publish(bench.envelope(f"T{n}"))

    await until(lambda: len(bench.handled) == 5)
