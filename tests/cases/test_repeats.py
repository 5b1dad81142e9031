"""Who comes back is known before their words are judged."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from hotline.demo.clients import Json
from tests.support.floor import Floor, caller

CALM: Final = "厨房水管漏水，麻烦派人来修"
ANGRY: Final = "我昨天报的漏水怎么还没人来"
Report = Callable[[Floor, dict[str, Any]], Awaitable[Json]]


async def by_desk(floor: Floor, report: dict[str, Any]) -> Json:
    return await floor.clients.post_ticket(report)


async def by_queue(floor: Floor, report: dict[str, Any]) -> Json:
    answer = await floor.clients.publish(json.dumps(report, ensure_ascii=False).encode())
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    ("way", "phone"), [(by_desk, "13800138601"), (by_queue, "13800138602")], ids=["desk", "queue"]
)
async def test_b25_the_same_caller_calm_and_then_angry_comes_about_one_matter(
    floor: Floor, way: Report, phone: str
) -> None:
    from_home = {"estate": "jinyuan", "caller": caller("赵秀英", phone, "6-2-301")}
    first = await way(floor, from_home | {"text": CALM})

    again = await way(floor, from_home | {"text": ANGRY})

    assert (again["area"], again.get("held")) == ("plumbing", None)
    ticket = await floor.clients.ticket(again["number"])
    assert ticket["duplicate_of"] == first["number"]


async def test_b25_without_an_earlier_report_a_person_looks_at_it(floor: Floor) -> None:
    report = {"estate": "jinyuan", "caller": caller("钱一", "13800138603", "6-2-302")}

    answer = await floor.clients.post_ticket(report | {"text": ANGRY})

    assert answer["held"] == "category"
