"""What people ask for in a played week: seeded, invented, of every kind but emergencies."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

ESTATES: Final = (*("jinyuan", "binjiang", "cuihu") * 4, "幸福里")
"""The last is no estate of the group: what comes from there waits for a person."""
KINDS: Final[Mapping[str, Sequence[Mapping[str, str]]]] = {
    "normal": (
        {"text": "{n}号楼{m}层楼道灯不亮了，请来修"},
        {"text": "{n}号楼{m}层楼道很脏，请保洁来打扫"},
        {"text": "{n}号楼门口的草坪秃了一块，请补种"},
        {"text": "{n}号楼单元门禁刷卡没反应，请来修"},
    ),
    "urgent": (
        {"text": "{n}号楼{m}层洗菜池下面的水管接头漏水，接了一盆了，麻烦尽快来修"},
        {"text": "{n}号楼{m}层马桶堵死了，麻烦马上来通一下"},
    ),
    "inquiry": (
        {"text": "请问{n}号楼的物业费可以按季度交吗？怎么交？", "type": "inquiry"},
        {"text": "请问{n}号楼装修要办什么手续", "type": "inquiry"},
    ),
    "complaint": (
        {"text": "{n}号楼{m}层楼上每天半夜拖桌子，吵得睡不着，我要投诉"},
        {"text": "{n}号楼门口保安态度太差了，我要投诉他"},
    ),
    "suggestion": ({"text": "建议在{n}号楼旁边加几张长椅，老人走累了可以坐"},),
    "registration": ({"text": "{n}号楼{m}层下周一开始装修，先报备一下", "type": "registration"},),
    "undecided": ({"text": "麻烦回个电话，{n}号楼{m}层的"},),
}
WEIGHTS: Final[Mapping[str, int]] = {
    "normal": 8, "urgent": 5, "inquiry": 3, "complaint": 4, "suggestion": 1, "registration": 1,
    "undecided": 1,
}  # fmt: skip
WORKED: Final = 0.6
"""On the others nobody ever acts."""
LAST: Final = 0.9
"""The last comes while a tenth of the time is left."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for, so long after the beginning; whether anybody acts on it."""

    after: timedelta
    report: Mapping[str, Any]
    is_worked: bool


def requests(chance: random.Random, count: int, span: timedelta) -> list[Request]:
    """So many within a span, in their order; the first at its beginning."""
    moments = sorted([0.0, *(chance.uniform(0, LAST) for _ in range(count - 1))])
    return [_request(chance, n, moment * span) for n, moment in enumerate(moments)]


def _request(chance: random.Random, n: int, after: timedelta) -> Request:
    [kind] = chance.choices(list(WEIGHTS), list(WEIGHTS.values()))
    asked = dict(chance.choice(KINDS[kind]))
    # Everybody has a number and a flat of their own: who comes again about one matter is heard
    # further up, and many flats with the same one would be an outage.
    block, floor = n % 40 + 1, n // 40 + 1
    asked["text"] = asked["text"].format(n=block, m=floor)
    caller = {"name": "常丽", "phone": f"1380013{n:04}", "room": f"{block}-1-{floor}01"}
    report = {"estate": chance.choice(ESTATES), "caller": caller, **asked}
    return Request(after, report, chance.random() < WORKED)
