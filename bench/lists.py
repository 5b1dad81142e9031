"""The lists people look at, asked for over HTTP by those who look at them."""

from __future__ import annotations

import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from bench.hotline import Broken, Hotline
from bench.slices import percentile
from bench.wire import wire_to
from hotline.token import make_token

WARM_UP: Final = 3
DEEP: Final = 0.9
"""The share of tickets that lie before a deep page."""


@dataclass(frozen=True, slots=True)
class Look:
    """One list as somebody sees it."""

    service: str
    path: str
    role: str = "dispatcher"
    place: str | None = None
    department: str | None = None
    deep: bool = False

    @override
    def __str__(self) -> str:
        """As it is printed."""
        who = " ".join(word for word in (self.role, self.place, self.department) if word)
        return f"{self.path}{' deep' if self.deep else ''} ({who})"


LOOKS: Final = (
    Look("router", "/v1/board"),
    Look("router", "/v1/board", deep=True),
    Look("router", "/v1/board", place="jinyuan"),
    Look("router", "/v1/board?department=engineering"),
    Look("router", "/v1/board?department=engineering", deep=True),
    Look("router", "/v1/board?department=finance"),
    Look("router", "/v1/board", role="department", place="jinyuan", department="engineering"),
    Look("router", "/v1/board", role="department", place="jinyuan", department="greening"),
    Look("router", "/v1/manual-queue"),
    Look("router", "/v1/manual-queue", place="jinyuan"),
    Look("intake", "/v1/tickets"),
    Look("intake", "/v1/tickets", deep=True),
    Look("intake", "/v1/tickets?status=closed"),
    Look("intake", "/v1/tickets?status=closed", deep=True),
    Look("intake", "/v1/tickets?status=dispatched"),
    Look("intake", "/v1/tickets?status=suspended", place="jinyuan"),
    Look("intake", "/v1/tickets?estate=binjiang", deep=True),
    Look("intake", "/v1/tickets", role="department", place="jinyuan", department="engineering"),
    Look("intake", "/v1/tickets", role="department", place="jinyuan", department="greening"),
)


async def p95_of(hotline: Hotline, look: Look, numbers: Sequence[str], requests: int) -> float:
    """Milliseconds within which 95 of 100 such requests are answered."""
    headers = {"authorization": f"Bearer {_token(hotline, look)}"}
    path = look.path
    if look.deep:
        path += ("&" if "?" in path else "?") + f"after={await _cursor(hotline, look, numbers)}"
    taken = []
    async with wire_to(hotline.endpoints.services[look.service], headers) as wire:
        for _ in range(WARM_UP + requests):
            began = time.monotonic()
            answer = await wire.ask("GET", path)
            taken.append((time.monotonic() - began) * 1000)
            if answer.status != 200:
                raise Broken(f"{look}: {answer.status} {answer.body[:200]!r}")
    return percentile(taken[WARM_UP:], 95)


def _token(hotline: Hotline, look: Look) -> str:
    named: dict[str, Any] = {
        "places": [look.place] if look.place else None,
        "departments": [look.department] if look.department else None,
    }
    return make_token(hotline.data, role=look.role, **named)


async def _cursor(hotline: Hotline, look: Look, numbers: Sequence[str]) -> str:
    """What the page before a deep one gave out: tickets are listed by when they came, all else by
    number.
    """
    last = numbers[int(len(numbers) * DEEP)]
    if look.service != "intake":
        return _encoded(f" {last}")
    newest = hotline.database["tickets"].find({}, {"registered_at": 1}).sort("registered_at", -1)
    [doc] = await newest.skip(int(len(numbers) * DEEP)).limit(1).to_list(1)
    return _encoded(f"newest.0 {doc['registered_at'].timestamp() * 1000:.0f} {doc['_id']}")


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
