"""Rubbish on the queue: answered, parked whole and sealed, and no harm to its neighbours."""

from __future__ import annotations

import asyncio
import json

from hotline.demo.clients import Json, until
from tests.support.floor import Floor
from tests.support.rubbish import GOOD, MALFORMED, report


async def test_fifty_malformed_messages_are_answered_parked_and_harm_nobody(floor: Floor) -> None:
    assert len(MALFORMED) == 50
    before = await parked(floor)

    sent = [floor.clients.publish(body) for body in MALFORMED]
    good = [floor.clients.report({**GOOD, "external_id": f"good-{n}"}) for n in range(25)]
    answers = await asyncio.gather(*sent, *good)

    refused, taken = answers[: len(sent)], answers[len(sent) :]
    for body, answer in zip(MALFORMED, refused, strict=True):
        assert answer is not None
        assert answer.get("status") == 422, (body[:60], answer)
        assert answer["faults"][0]["fault"], body[:60]
    assert all(answer is not None and "number" in answer for answer in taken)

    async def all_parked() -> list[Json] | None:
        found = [e for e in await parked(floor) if e["id"] not in {b["id"] for b in before}]
        return found if len(found) >= len(MALFORMED) else None

    entries = await until(all_parked, "fifty parked messages")
    assert len(entries) == len(MALFORMED)
    assert {entry["reason"] for entry in entries} == {"malformed"}
    assert all(entry["next_at"] is None for entry in entries)
    assert "王桂兰" not in json.dumps(entries, ensure_ascii=False)
    assert "13800138000" not in json.dumps(entries, ensure_ascii=False)


async def parked(floor: Floor) -> list[Json]:
    found: list[Json] = []
    after: str | None = None
    while True:
        params = {"limit": "200"} | ({"after": after} if after else {})
        page = await floor.clients.call(
            "GET", "intake", "/v1/parked", role="supervisor", params=params
        )
        found += page.json()["items"]
        after = page.json()["next"]
        if after is None:
            return found


async def test_an_emergency_among_the_rubbish_is_registered_all_the_same(floor: Floor) -> None:
    broken = {
        "text": "地下室着火了，浓烟滚滚", "estate": ["?"], "caller": {"phone": 1, "name": "李"},
        "reported_at": "now", "channel": "pigeon", "13800138000": True,
    }  # fmt: skip

    answer = await floor.clients.report(broken)

    assert answer["emergency_kind"] == "fire"
    assert {f["field"] for f in answer["faults"]} == {
        "estate", "caller.phone", "reported_at", "channel", "(unnamed)",
    }  # fmt: skip
    assert "13800138000" not in json.dumps(answer)
    await floor.clients.until_message(answer["number"], "alert")


async def test_a_parked_report_is_replayed_through_the_operators_hands(floor: Floor) -> None:
    """An event of an unknown version is parked; replayed, it is judged again."""
    others = {e["id"] for e in await parked(floor)}
    await floor.clients.publish(report(reported_at="soon", external_id="replay-me"))

    async def entry() -> Json | None:
        return next((e for e in await parked(floor) if e["id"] not in others), None)

    found = await until(entry, "the parked report")
    answer = await floor.clients.call(
        "POST", "intake", f"/v1/parked/{found['id']}/replay", role="supervisor"
    )
    assert answer.status_code == 202
    again = await until(entry, "parked again, for its fault is still there")
    assert again["id"] == found["id"]


async def test_a_body_over_the_limit_is_refused_while_it_arrives(floor: Floor) -> None:
    """Refused by its size, before anything of it is parsed."""
    huge = b'{"estate": "jinyuan", "text": "' + b"a" * 1_000_000 + b'"}'

    answer = await floor.clients.call("POST", "intake", "/v1/tickets", content=huge)

    assert answer.status_code == 413
    assert "262144" in answer.json()["title"]


async def test_an_emergency_is_taken_from_whoever_is_signed_in(floor: Floor) -> None:
    cry = {"estate": "jinyuan", "text": "地库起火了，全是烟"}

    answer = await floor.clients.call("POST", "intake", "/v1/tickets", json=cry, role="auditor")
    routine = await floor.clients.call("POST", "intake", "/v1/tickets", json=GOOD, role="auditor")

    assert answer.status_code == 201
    assert routine.status_code == 403
