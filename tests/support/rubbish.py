"""Bodies that cannot be read, of every kind that is known: nothing in them is an emergency."""

from __future__ import annotations

import json
from typing import Any, Final

GOOD: Final = {
    "estate": "jinyuan",
    "text": "楼道灯不亮，请来修",
    "caller": {"name": "王桂兰", "phone": "13800138000", "role": "owner", "room": "3-1-502"},
}


def report(**changes: Any) -> bytes:
    """A good report but for these fields."""
    return json.dumps({**GOOD, **changes}, ensure_ascii=False).encode()


def nested(depth: int) -> bytes:
    """A field that holds lists within lists."""
    return b'{"text": "x", "estate": ' + b"[" * depth + b"]" * depth + b"}"


MALFORMED: Final[list[bytes]] = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"true",
    b"12",
    b'"text"',
    b"{",
    b'{"text": "lamp"',
    b'{"text": "lamp", "estate": "jinyuan"} {"text": "two"}',
    report()[:-1],
    report()[: len(report()) // 2],
    b"{'text': 'single quotes'}",
    b"\xff\xfe\x00{",
    "楼道灯不亮".encode("gbk"),
    json.dumps(GOOD, ensure_ascii=False).encode("gbk"),
    json.dumps(GOOD, ensure_ascii=False).encode("utf-16"),
    b"\x00" * 64,
    b'{"text": NaN, "estate": "jinyuan"}',
    nested(13),
    nested(5_000),
    nested(90_000),
    b'{"text": "' + b"a" * 300_000 + b'", "estate": "jinyuan"}',
    b"{" + b" " * 300_000 + b"}",
    b"{}",
    report(text=None),
    report(text=5),
    report(text=["lamp"]),
    report(text={"zh": "灯"}),
    report(text=""),
    report(text="  \n "),
    json.dumps({"text": "路灯不亮，请来修"}).encode(),
    report(estate=7),
    report(estate=["jinyuan"]),
    report(estate="x" * 500),
    report(caller="王女士"),
    report(caller={"name": {"first": "x"}}),
    report(caller={"phone": 13800138000}),
    report(caller={"role": "king"}),
    report(caller={"13800138000": "phone"}),
    report(type="prayer"),
    report(channel="pigeon"),
    report(reported_at="2026-11-23T08:00:00"),
    report(reported_at="yesterday"),
    report(reported_at="2026-13-45T00:00:00Z"),
    report(attachments="a.png"),
    report(attachments=[1, 2]),
    report(test="maybe"),
    report(unknown_field=1),
    json.dumps({"specversion": "1.0", "id": "1", "source": "/x", "data": GOOD,
                "type": "hotline.ticket.report.v9"}).encode(),
]  # fmt: skip
