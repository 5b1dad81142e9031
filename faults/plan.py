"""What a run sends and what goes wrong, and when: all of it from one seed. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import Any, Final, Literal

from typing_extensions import override

Sender = Literal["desk", "python", "node"]
"""Who sends it: HTTP posts, an aio-pika publisher, or the publisher that is not Python."""
Kind = Literal["routine", "emergency", "repeat", "conflict", "malformed"]

ESTATES: Final = ("jinyuan", "binjiang", "cuihu", None)
"""None names no place that is known: the ticket waits in the manual queue."""
ESTATE_SHARES: Final = (40, 30, 28, 2)
# Texts of the types whose limits the run's policy makes short come second.
ROUTINE: Final = (
    "楼道灯不亮，请来修",
    "水龙头滴水，请来修",
    "门禁刷卡没反应，请来修",
    "绿化带枯枝请来修剪",
)
HURRIED: Final = ("我要投诉，楼上每天半夜装修吵得睡不着", "投诉保安态度恶劣，说话骂人")
URGENT: Final = ("电梯里困了人，快来", "十楼着火了，在冒烟", "楼道里好大煤气味", "有人触电倒地了")
NOWHERE: Final = "小区外面某处"
CROSSED: Final = "，另外门也坏了"
HURRIED_SHARE: Final = 0.25
EMERGENCY_SHARE: Final = 0.03
REPEAT_SHARE: Final = 0.05
CONFLICT_SHARE: Final = 0.002


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to send. `name` is what a repeat shares with the first; `of` numbers the kind of
    malformed body; `urgent_key` is which key of the queue is used.
    """

    n: int
    sender: Sender
    kind: Kind
    name: str
    urgent_key: bool = False
    text: str = ""
    estate: str | None = None
    of: int = 0

    def report(self) -> dict[str, Any]:
        """The report as it is sent; a repeat's is the same, a conflict's is not."""
        return {
            "estate": self.estate or NOWHERE,
            "text": self.text + (CROSSED if self.kind == "conflict" else ""),
            "caller": {
                "name": "王桂兰",
                "phone": "13800138000",
                "role": "owner",
                "room": "3-1-502",
            },
            "external_id": self.name,
        }


FaultKind = Literal[
    "service", "broker", "member", "database", "step_down", "wire", "full_queue", "alarm",
    "no_broker",
]  # fmt: skip
WireFault = Literal["cut", "delay", "half_near", "half_far", "shut"]
WIRE_PLAN: Final[tuple[tuple[str, WireFault], ...]] = tuple(
    (where, how)
    for how in ("cut", "delay", "half_near", "half_far", "shut")
    for where in ("broker", "database", "primary")
)
SERVICES: Final = ("intake", "router", "notifier", "survey")
KILLS: Final[Mapping[FaultKind, int]] = {
    "service": 1, "broker": 1, "member": 1, "database": 3, "step_down": 1, "full_queue": 1,
    "no_broker": 1,
}  # fmt: skip
"""How many processes a fault of a kind kills with -9, for each of its targets."""


LASTING: Final[Mapping[FaultKind, tuple[float, float]]] = {
    "broker": (0, 3), "member": (0.5, 5), "database": (0, 3), "step_down": (0, 3), "wire": (2, 6),
    "alarm": (3, 6),
}  # fmt: skip
"""Seconds from breaking to mending, from and to."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, once `at` items have been accepted."""

    n: int
    at: int
    kind: FaultKind
    targets: tuple[str, ...] = ()
    how: WireFault | None = None
    seconds: float = 0.0

    @property
    def kills(self) -> int:
        """How many processes end by -9."""
        return KILLS.get(self.kind, 0) * max(len(self.targets), 1)

    @override
    def __str__(self) -> str:
        what = " ".join((self.kind, *self.targets, *((self.how,) if self.how else ())))
        lasting = f" for {self.seconds:.1f} s" if self.seconds else ""
        return f"{self.n:>3}. at {self.at:>6}: {what}{lasting}"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything a run has."""

    tickets: int
    malformed: int
    faults: Mapping[FaultKind, int]
    gone_seconds: float
    """How long the broker is gone when it is tried whether emergencies survive that."""
    senders: tuple[Sender, ...] = ("desk", "python", "node")
    two_share: float = 0.25
    """How often two services are killed at once."""


def full_size(tickets: int, kills: int) -> Size:
    """A run of every kind of fault, with at least so many kills and a broker gone for a minute.

    Services are killed most often; each kill of a server stands for a power cut of a machine.
    """
    rare: dict[FaultKind, int] = {
        "broker": max(kills // 8, 1),
        "member": max(kills // 10, 1),
        "database": max(kills // 30, 1),
        "step_down": max(kills // 15, 1),
        "wire": max(kills // 4, 3),
        "full_queue": max(kills // 30, 1),
        "alarm": max(kills // 30, 1),
        "no_broker": 1,
    }
    made = sum(KILLS.get(kind, 0) * n for kind, n in rare.items())
    faults: dict[FaultKind, int] = {"service": max(kills - made, len(SERVICES)), **rare}
    gone = 60.0 if tickets >= 10_000 else 15.0
    return Size(tickets, tickets // 40, faults, gone)


@dataclass(frozen=True, slots=True)
class Plan:
    """One run, told by its seed."""

    seed: int
    size: Size
    items: Sequence[Item] = field(repr=False)
    faults: Sequence[Fault]

    @property
    def kills(self) -> int:
        """Processes that will be killed."""
        return sum(fault.kills for fault in self.faults)

    def counts(self) -> Counter[str]:
        """Items by kind."""
        return Counter(item.kind for item in self.items)


def make_plan(seed: int, size: Size) -> Plan:
    """The same seed and size give the same plan."""
    choice = random.Random(seed)
    items = _items(choice, size)
    return Plan(seed, size, items, _faults(choice, size, len(items)))


def _items(choice: random.Random, size: Size) -> list[Item]:
    firsts = [_first(n, choice, size) for n in range(size.tickets)]
    again = [replace(i, kind="repeat") for i in firsts if choice.random() < REPEAT_SHARE]
    poison = [replace(i, kind="conflict") for i in firsts if _is_crossed(i, choice)]
    rubbish = [_malformed(n, choice, size) for n in range(size.malformed)]
    mixed: list[Item] = [*firsts, *rubbish]
    choice.shuffle(mixed)
    return _with_followers(mixed, [*again, *poison], choice)


def _first(n: int, choice: random.Random, size: Size) -> Item:
    emergency = choice.random() < EMERGENCY_SHARE
    texts = HURRIED if choice.random() < HURRIED_SHARE else ROUTINE
    sender = choice.choice(size.senders)
    return Item(
        n=n,
        sender=sender,
        kind="emergency" if emergency else "routine",
        name=f"faults-{n}",
        # An emergency also comes by the routine key, and routine work by the urgent one.
        urgent_key=sender != "desk" and choice.random() < (0.7 if emergency else 0.03),
        text=choice.choice(URGENT if emergency else texts),
        estate=choice.choices(ESTATES, ESTATE_SHARES)[0],
    )


def _is_crossed(item: Item, choice: random.Random) -> bool:
    return item.kind == "routine" and choice.random() < CONFLICT_SHARE


def _malformed(n: int, choice: random.Random, size: Size) -> Item:
    senders = [s for s in size.senders if s != "desk"] or ["python"]
    return Item(
        n=n,
        sender=choice.choice(senders),
        kind="malformed",
        name=f"rubbish-{n}",
        urgent_key=choice.random() < 0.5,
        of=n,
    )


def _with_followers(
    mixed: Iterable[Item], followers: Iterable[Item], choice: random.Random
) -> list[Item]:
    """Each follower somewhere after the one it follows."""
    placed = list(mixed)
    where = {item.name: place for place, item in enumerate(placed)}
    ranked = [(float(place), item) for place, item in enumerate(placed)]
    ranked += [(choice.uniform(where[f.name] + 0.5, len(placed)), f) for f in followers]
    return [item for _, item in sorted(ranked, key=lambda each: each[0])]


def _faults(choice: random.Random, size: Size, items: int) -> list[Fault]:
    """Every kind as often as the size says, in a drawn order, spread over the middle of the run."""
    kinds = [kind for kind, count in size.faults.items() for _ in range(count)]
    choice.shuffle(kinds)
    services = choice.sample(SERVICES, len(SERVICES))
    drawing = _Drawing(
        choice, size, cycle(services), cycle(choice.sample(WIRE_PLAN, len(WIRE_PLAN)))
    )
    first, step = 0.03 * items, 0.92 * items / max(len(kinds), 1)
    return [
        replace(drawing.fault(kind), n=n, at=round(first + n * step))
        for n, kind in enumerate(kinds)
    ]


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Draws the particulars of faults; services and wires come round in turn, so none is missed."""

    choice: random.Random
    size: Size
    services: Iterator[str]
    wires: Iterator[tuple[str, WireFault]]

    def fault(self, kind: FaultKind) -> Fault:
        targets, how = self._where(kind)
        return Fault(0, 0, kind, targets, how, self._seconds(kind))

    def _where(self, kind: FaultKind) -> tuple[tuple[str, ...], WireFault | None]:
        match kind:
            case "service":
                return self._services(), None
            case "member":
                return (self.choice.choice(("primary", "secondary")),), None
            case "wire":
                where, how = next(self.wires)
                return (where,), how
            case _:
                return (), None

    def _services(self) -> tuple[str, ...]:
        """One, or sometimes two at once."""
        two = self.choice.random() < self.size.two_share
        return tuple(sorted({next(self.services) for _ in range(1 + two)}))

    def _seconds(self, kind: FaultKind) -> float:
        if kind == "no_broker":
            return self.size.gone_seconds
        return round(self.choice.uniform(*LASTING.get(kind, (0, 0))), 1)
