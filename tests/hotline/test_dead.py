"""A parked message as a person reads it: what it is, from whom, why, and what can be done."""

from __future__ import annotations

from typing import Any

from hotline.dead import TOO_MANY, listed, shown

ITEM: dict[str, Any] = {
    "id": "e1", "queue": "hotline.unrouted", "reason": "unrouted", "attempts": 1,
    "detail": "No queue is bound to the routing key ticket.reports", "principal": "alarm-host",
    "key": "ticket.reports", "parked_at": "2026-11-23T01:00:00Z", "next_at": None,
    "answered": True, "more": 0, "ends_at": "2026-11-30T01:00:00Z", "sealed": True, "bytes": 312,
}  # fmt: skip


def test_the_list_names_key_and_sender() -> None:
    text = "\n".join(listed(ITEM))

    assert "under the key ticket.reports, from alarm-host" in text
    assert "tried once" in text


def test_one_without_a_sender_says_so() -> None:
    assert "from nobody that the broker knows" in listed({**ITEM, "principal": None})[1]


def test_one_is_laid_out_with_the_commands_that_help() -> None:
    text = "\n".join(shown(ITEM))

    for part in (
        "发送方 from: alarm-host",
        "路由键 key: ticket.reports",
        "路由键有误，没有队列接收 / its routing key leads to no queue",
        "its sender was answered",
        "hotline dead replay e1",
        "hotline dead discard e1 --reason",
    ):
        assert part in text
    assert "{'" not in text


def test_what_stands_for_others_is_not_sent_again() -> None:
    text = "\n".join(shown({**ITEM, "reason": TOO_MANY, "more": 9, "answered": False}))

    assert "replay" not in text
    assert "hotline dead discard e1" in text


def test_what_is_not_kept_whole_is_not_sent_again() -> None:
    text = "\n".join(shown({**ITEM, "cut": True}))

    assert "replay" not in text
    assert "内容过大" in text
    assert "hotline dead discard e1" in text
