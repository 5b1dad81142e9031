"""What strangers write into a message's properties ends no connection and blocks no lane."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import aio_pika
import pytest
from pamqp import encode

from shared.bus import Inbound, Reject
from shared.bus.topology import INBOUND
from tests.bus.bench import REPORTS, Bench, until


class Sealed:
    """Hides everything it is given."""

    async def seal_parked(self, content: Mapping[str, Any]) -> bytes:
        del content
        return b"sealed"

    def fingerprint(self, body: bytes) -> str:
        del body
        return "fingerprint"


NO_TEXT = b"\x03\xff\xfe\xfd"
LONG_NO_TEXT = b"\xff" + b"\xfe" * 255
NANOSECONDS = struct.pack(">Q", 1_790_000_000_000_000_000)
NAMELESS = NO_TEXT + b"S" + struct.pack(">I", 1) + b"v"
MARK = "strange"
STRANGE: list[tuple[str, bytes, dict[str, Any]]] = [
    ("shortstr", NO_TEXT, {"message_id": MARK}),
    ("shortstr", NO_TEXT, {"content_type": MARK}),
    ("timestamp", NANOSECONDS, {"timestamp": 1}),
    ("timestamp", b"\xff" * 8, {"timestamp": 1}),
    ("table", struct.pack(">I", len(NAMELESS)) + NAMELESS, {"headers": {MARK: "1"}}),
]


def plant(monkeypatch: pytest.MonkeyPatch, kind: str, raw: bytes) -> None:
    """Let the library write these bytes for the marked property."""
    as_before = encode.METHODS[kind]
    is_text = kind == "shortstr"
    monkeypatch.setitem(
        encode.METHODS, kind, lambda v: as_before(v) if is_text and v != MARK else raw
    )


async def test_an_id_that_is_no_text_can_be_sent_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As triage does; read with a longer sign for each byte it would not fit any more."""
    taken: list[str | None] = []

    @bench.consumers.on_message(REPORTS)
    async def take(message: Inbound) -> None:
        await bench.publishers["routine"].publish(
            "", "nowhere", message.body, message_id=message.message_id
        )
        taken.append(message.message_id)

    await bench.start()
    async with await aio_pika.connect(bench.corner.amqp_url) as connection:
        exchange = await (await connection.channel()).get_exchange(INBOUND, ensure=False)
        with monkeypatch.context() as patch:
            plant(patch, "shortstr", LONG_NO_TEXT)
            await exchange.publish(aio_pika.Message(b"strange", message_id=MARK), "ticket.report")

    await until(lambda: taken == ["?" * 255])


@pytest.mark.parametrize(("kind", "raw", "properties"), STRANGE)
async def test_a_property_that_cannot_be_read_does_not_stop_the_message(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str, raw: bytes, properties: dict[str, Any]
) -> None:
    taken: list[bytes] = []

    @bench.consumers.on_message(REPORTS)
    async def take(message: Inbound) -> None:
        taken.append(message.body)

    await bench.start()
    async with await aio_pika.connect(bench.corner.amqp_url) as connection:
        exchange = await (await connection.channel()).get_exchange(INBOUND, ensure=False)
        with monkeypatch.context() as patch:
            plant(patch, kind, raw)
            await exchange.publish(aio_pika.Message(b"strange", **properties), "ticket.report")
        await exchange.publish(aio_pika.Message(b"next"), "ticket.report")

    await until(lambda: taken == [b"strange", b"next"])
    assert not bench.consumers.missing()


async def test_a_content_type_is_as_private_as_the_message_it_came_with(bench: Bench) -> None:
    bench.seal_with(Sealed())

    @bench.consumers.on_message(REPORTS)
    async def refuse(message: Inbound) -> None:
        raise Reject("malformed", "not this one")

    await bench.start()
    await bench.publish(b"junk", "ticket.report", exchange=INBOUND, content_type="13800138000")

    assert "13800138000" not in repr(await bench.entry())


async def test_a_header_that_the_store_cannot_name_does_not_keep_a_message_from_being_parked(
    bench: Bench,
) -> None:
    @bench.consumers.on_message(REPORTS)
    async def refuse(message: Inbound) -> None:
        raise Reject("malformed", "not this one")

    await bench.start()
    await bench.publish(
        b"junk", "ticket.report", exchange=INBOUND, headers={"a\0b": "1", "kept": "2"}
    )

    entry = await bench.entry()
    assert entry["headers"] == {"kept": "2"}
    assert entry["body"] == b"junk"
