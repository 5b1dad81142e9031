"""What people report in the bench: seeded, invented, routine, and all of it for some department."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Sequence
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel

ESTATES: Final = ("jinyuan", "binjiang", "cuihu")
TEXTS: Final = (
    "{n}号楼{m}层楼道灯不亮了，好几天了，请来修",
    "厨房水龙头一直滴水，麻烦来个师傅看一下",
    "单元门禁刷卡没反应，进不去，请来修",
    "卫生间马桶堵了，请派人来通一下",
    "客厅的插座没电了，请派电工来修",
    "{n}号楼门口那棵树的枯枝快掉了，请修剪一下",
    "对讲机听不到声音，请来修",
    "{n}号楼东门里面的井盖松动，走过去咣当响，请修一下",
)
EMERGENCIES: Final = (
    "{n}号楼电梯困人了，里面有老人，快来人",
    "{n}号楼楼道里一股很浓的煤气味，头都有点晕",
    "{n}号楼十楼厨房着火了，烟从窗户往外冒",
)
NAMES: Final = ("常丽", "万国强", "康敏", "段平", "钱红", "汤健", "黎娟", "邵兵", "武斌", "孟云")
PHONE: Final = "13800138000"
AT_ONCE: Final = 200


class Traffic:
    """Reports without end; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def routine(self) -> dict[str, Any]:
        """One routine request with a caller and a flat."""
        return self._report(self._random.choice(TEXTS))

    def emergency(self) -> dict[str, Any]:
        """One cry for help."""
        return self._report(self._random.choice(EMERGENCIES))

    def _report(self, text: str) -> dict[str, Any]:
        chance = self._random
        n, m = chance.randint(1, 12), chance.randint(1, 28)
        room = f"{n}-{chance.randint(1, 4)}-{m}0{chance.randint(1, 4)}"
        # Thousands of callers: a number from which too many come is a switchboard, and nobody's.
        phone = f"{PHONE[:7]}{chance.randint(0, 9999):04}"
        caller = {"name": chance.choice(NAMES), "phone": phone, "role": "owner", "room": room}
        return {
            "estate": chance.choice(ESTATES),
            "text": text.format(n=n, m=m),
            "location": f"{n}号楼",
            "caller": caller,
        }


def as_body(report: Any) -> bytes:
    """A report as a publisher sends it."""
    return json.dumps(report, ensure_ascii=False).encode()


def as_message(body: bytes, **more: Any) -> aio_pika.Message:
    """Persistent and with an id of its own, so that it repeats no other."""
    return aio_pika.Message(
        body,
        message_id=uuid.uuid4().hex,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        **more,
    )


async def publish_all(
    channel: AbstractChannel, exchange: str, key: str, messages: Sequence[aio_pika.Message]
) -> None:
    """Publish with confirms, many at once; returns when all are confirmed."""
    named = exchange and await channel.get_exchange(exchange, ensure=False)
    target = named or channel.default_exchange
    for start in range(0, len(messages), AT_ONCE):
        batch = messages[start : start + AT_ONCE]
        await asyncio.gather(*(target.publish(message, key) for message in batch))
