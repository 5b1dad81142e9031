"""Nothing of a foreign estate, and nothing of a matter about oneself, in a thousand events."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pytest

from services.console.app import build
from services.console.frame.house import House, Visit
from services.console.frame.looks import looks_of
from services.console.live.counts import GATHERED_SECONDS
from services.console.live.hub import Hub
from services.console.live.pages import viewer_of
from services.console.live.streams import Stream
from services.console.live.topics import LISTS, of_ticket
from services.console.settings import ConsoleSettings
from tests.console.bench import Bench

pytestmark = pytest.mark.whole
SEED: Final = 21
EVENTS: Final = 1000
ESTATES: Final = ("jinyuan", "cuihu", "binjiang")
PLACES: Final[Mapping[str, Sequence[str]]] = {
    "he": ["jinyuan"], "yan": ["jinyuan"], "cai": ["cuihu"], "xu": ["jinyuan", "binjiang"],
    "lin": ["*"], "guo": ["*"],
}  # fmt: skip
TEXTS: Final = (
    "厨房水龙头滴水，请来修一下",
    "二号楼电梯困人了，快来人",
    "我有点事情要反映",
    "五号楼楼道灯坏了",
    "楼下配电箱着火了，冒黑烟",
    "客服态度恶劣，骂人",
)
TELLER: Final = "teller"
ACTS: Final = 4


@dataclass
class Screen:
    """One reader's browser: their stream, and every number that was ever on it."""

    id: str
    stream: Stream
    frames: list[bytes] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)

    async def watch(self) -> None:
        async for sent in self.stream.frames():
            self.frames.append(sent)

    def shown(self, numbers: Iterable[str]) -> set[str]:
        """Which of these ever stood on a card: a topic's name is what the browser itself sent."""
        data = (orjson.loads(each.partition(b"\ndata: ")[2]) for each in self.frames)
        cards = " ".join(str(each.get("cards", each.get("ops", ""))) for each in data)
        return {number for number in numbers if number in cards}


@dataclass(frozen=True)
class Matter:
    """What was reported, as whoever reported it knows."""

    estate: str
    about: str | None

    def may_be_seen_by(self, id: str) -> bool:
        return self.about != id and ("*" in PLACES[id] or self.estate in PLACES[id])


async def screens_of(bench: Bench, hub: Hub, house: House) -> list[Screen]:
    found = []
    for id, places in PLACES.items():
        await bench.hire(id, places=places)
        browser = await bench.signed_in_browser(id)
        secret = browser.cookies["hotline"]
        reader = await house.sessions.reader(secret, "127.0.0.1")
        visit = Visit("/", looks_of({}, "zh"), "127.0.0.1", secret, is_part=False, reader=reader)
        stream = hub.open(viewer_of(house, visit, "zh"))
        await hub.follow(stream, LISTS, [])
        found.append(Screen(id, stream))
    return found


async def report(bench: Bench, draw: random.Random) -> tuple[str, Matter]:
    matter = Matter(draw.choice(ESTATES), draw.choice([None, None, *PLACES]))
    body: dict[str, Any] = {"text": draw.choice(TEXTS), "estate": matter.estate}
    if matter.about:
        body["about"] = {"people": [matter.about]}
    answer = await bench.services["intake"].post(
        "/v1/tickets", json=body, headers=bench.signed_in("agent", id=TELLER)
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"]), matter


async def act(bench: Bench, draw: random.Random, number: str) -> None:
    """What happens next to a ticket; what the lifecycle does not allow is refused."""
    path, body = draw.choice([
        ("tell", {}), ("urge", {}),
        ("own", {"owner": draw.choice(list(PLACES))}), ("supplement", {"note": "水更大了"}),
        ("reclassify", {"type": "complaint", "area": "staff_service"}),
    ])  # fmt: skip
    answer = await bench.services["intake"].post(
        f"/v1/tickets/{number}/{path}", json=body, headers=bench.signed_in("agent", id=TELLER)
    )
    assert answer.status_code in {200, 201, 404, 409, 422}, (path, answer.text)


async def heard(hub: Hub, screens: Sequence[Screen]) -> None:
    """Return when nothing comes any more."""
    before = -1
    while before != (now := sum(len(each.frames) for each in screens)):
        before = now
        await asyncio.sleep(2 * GATHERED_SECONDS)


async def test_no_stream_ever_shows_what_its_reader_may_not_see(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw, known, hints = random.Random(SEED), dict[str, Matter](), Counter[str]()
    monkeypatch.setenv("HOTLINE_AMQP_URL", bench.corner.amqp_url)
    settings = ConsoleSettings(data=bench.key_file.parent)
    app = await build(settings, transports=bench.transports)
    hub: Hub = app.state.hub
    house: House = app.state.house
    hint = hub.hint

    def counted(topics: Iterable[str], **more: Any) -> None:
        hints.update(["event"] if more.get("news") else [])
        hint(topics, **more)

    monkeypatch.setattr(hub, "hint", counted)
    async with app.router.lifespan_context(app):
        screens = await screens_of(bench, hub, house)
        watching = [asyncio.create_task(each.watch()) for each in screens]
        while hints["event"] < EVENTS:
            number, matter = await report(bench, draw)
            known[number] = matter
            screen, topic = draw.choice(screens), of_ticket(draw.choice(list(known)))
            await hub.follow(screen.stream, [topic], screen.tickets)
            screen.tickets = [topic]
            for _ in range(ACTS):
                await act(bench, draw, draw.choice(list(known)))
        await heard(hub, screens)

        shown = {each.id: each.shown(known) for each in screens}
        wrong = [
            (id, number, known[number])
            for id, numbers in shown.items()
            for number in numbers
            if not known[number].may_be_seen_by(id)
        ]
        missing = [await stale(screen, hub) for screen in screens]
        for task in watching:
            task.cancel()

    assert wrong == []
    assert missing == [[]] * len(screens), "what is shown is what is there"
    assert all(shown.values())


async def stale(screen: Screen, hub: Hub) -> list[str]:
    """The lists of which somebody's browser does not show what the services say now."""
    viewer = screen.stream.viewer
    found = []
    for topic in LISTS:
        listing = await hub._sources[topic](topic, await viewer.token(), viewer.language)
        shown = screen.stream.shown[topic]
        if [card.id for card in shown.cards] != [card.id for card in listing.cards]:
            found.append(topic)
    return found
