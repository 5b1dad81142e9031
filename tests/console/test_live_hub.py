"""What each browser is told when something changed, and when nobody can say what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import pytest

from services.console.clients.answers import Unreached
from services.console.live import hub as hub_module
from services.console.live.hub import MOST_STREAMS, Hub
from services.console.live.listings import Card, Listing
from services.console.live.streams import MOST_WAITING, Bye, Stream, Viewer, frame
from services.console.live.topics import news_of, telephone, touched_by
from services.console.live.watch import Watch
from shared.identity import Principal
from shared.policy.templates import Language

NOW: Final = datetime(2026, 11, 12, 8, tzinfo=UTC)
JINYUAN: Final = frozenset({"jinyuan"})


async def now() -> datetime:
    return NOW


@dataclass
class Lists:
    """What the services have: the list of each reader by their token, as the rights make it."""

    cards: list[tuple[str, Card]] = field(default_factory=list)
    """The estate and the card."""
    about: dict[str, str] = field(default_factory=dict)
    """Whom a card is about; of two, with a space between."""
    asked: list[str] = field(default_factory=list)
    is_away: bool = False
    readers: dict[str, Principal] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """The ticket that stands in somebody's own list."""
    hangs: set[str] = field(default_factory=set)
    """Topics that are not answered."""

    async def __call__(self, topic: str, token: str, _language: Language) -> Listing:
        """As the service answers."""
        self.asked.append(token)
        if topic in self.hangs:
            await asyncio.sleep(60)
        if self.is_away:
            raise Unreached("router", sent=False)
        who = self.readers[token]
        seen = [
            each
            for estate, each in self.cards
            if who.reaches(estate) and who.id not in self.about.get(each.id, "").split()
        ]
        own = frozenset({self.numbers[token]} if token in self.numbers else ())
        return Listing(tuple(seen), len(seen), numbers=own)


def card(id: str, look: str = "", *, about_staff: bool = False) -> Card:
    return Card(id, f"<li id={id}>{look}</li>", about_staff)


def viewer(lists: Lists, who: Principal, session: str = "") -> Viewer:
    lists.readers[who.id] = who

    async def token() -> str:
        return who.id

    return Viewer(session or who.id, who, "zh", token)


@asynccontextmanager
async def running(lists: Lists) -> AsyncIterator[Hub]:
    hub = Hub(dict.fromkeys(("emergencies", "ticket", "mine", "calls"), lists), now)
    task = asyncio.create_task(hub.run())
    try:
        yield hub
    finally:
        task.cancel()


async def told(stream: Stream, seconds: float = 1.0) -> list[tuple[str, dict[str, Any]]]:
    """All that was sent within so long, but for signs of life."""
    found: list[tuple[str, dict[str, Any]]] = []
    try:
        async with asyncio.timeout(seconds):
            async for sent in stream.frames():
                name, _, data = sent.decode().partition("\ndata: ")
                if name != "event: hello":
                    found.append((name.removeprefix("event: "), orjson.loads(data)))
    except TimeoutError:
        pass
    return found


async def test_a_stream_begins_with_the_whole_and_then_hears_what_changed() -> None:
    lists = Lists([("jinyuan", card("e1"))])
    async with running(lists) as hub:
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["emergencies"], [])
        lists.cards.insert(0, ("jinyuan", card("e2")))
        hub.hint(["emergencies", "queue"], urgent=True)
        first, second = await told(stream)

    assert first[0] == "list"
    assert [c["id"] for c in first[1]["cards"]] == ["e1"]
    assert second == (
        "cards",
        {"topic": "emergencies", "total": 2, "counts": 0,
         "ops": [{"put": "e2", "html": "<li id=e2></li>", "after": None}]},
    )  # fmt: skip


async def test_a_tab_that_comes_later_is_given_the_whole_though_the_browser_follows_it() -> None:
    lists = Lists([("jinyuan", card("e1"))])
    async with running(lists) as hub:
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["emergencies"], [])
        await hub.follow(stream, ["emergencies"], [])
        assert [name for name, _ in await told(stream, 0.3)] == ["list", "list"]


async def test_of_one_reach_two_are_asked_however_many_there_are() -> None:
    lists = Lists([("jinyuan", card("e1"))])
    async with running(lists) as hub:
        names = ("he", "yan", "cai", "xu")
        streams = [hub.open(viewer(lists, Principal(n, "agent", JINYUAN))) for n in names]
        for stream in streams:
            await hub.follow(stream, ["emergencies"], [])
        lists.asked.clear()
        lists.cards += [("jinyuan", card("e2")), ("cuihu", card("e3"))]
        hub.hint(["emergencies"])
        heard = [await told(stream, 0.6) for stream in streams]

    assert len(lists.asked) == 2
    assert [puts_of(each) for each in heard] == [["e2"]] * 4


@pytest.mark.parametrize("about", ["he", "yan", "cai", "xu"])
async def test_what_is_about_one_of_them_is_shown_to_all_others(about: str) -> None:
    """Also where it is about whoever is asked for first, or for nobody's sake at all."""
    lists = Lists([("jinyuan", card("e1"))], about={"e2": about})
    names = ("he", "yan", "cai", "xu")
    async with running(lists) as hub:
        streams = [hub.open(viewer(lists, Principal(n, "agent", JINYUAN))) for n in names]
        for stream in streams:
            await hub.follow(stream, ["emergencies"], [])
        lists.cards.append(("jinyuan", card("e2", about_staff=True)))
        hub.hint(["emergencies"])
        heard = [await told(stream, 0.6) for stream in streams]

    assert [puts_of(each) for each in heard] == [[] if n == about else ["e2"] for n in names]


async def test_what_is_about_both_who_were_asked_reaches_the_others_with_what_happens_next() -> (
    None
):
    """And once somebody has been shown it, nobody's list is taken for that of all."""
    lists = Lists([("jinyuan", card("e1"))], about={"e2": "he yan"})
    names = ("he", "yan", "cai", "xu")
    async with running(lists) as hub:
        streams = [hub.open(viewer(lists, Principal(n, "agent", JINYUAN))) for n in names]
        for stream in streams:
            await hub.follow(stream, ["emergencies"], [])
        lists.cards.append(("jinyuan", card("e2", about_staff=True)))
        for n in range(40):
            lists.cards.insert(0, ("jinyuan", card(f"n{n}")))
            await hub._show("emergencies", streams)
        shown = [{each.id for each in stream.shown["emergencies"].cards} for stream in streams]
        heard = [await told(stream, 0.1) for stream in streams]

    assert ["e2" in ids for ids in shown] == [False, False, True, True]
    drops = [op for each in heard for _, data in each for op in data.get("ops", []) if "drop" in op]
    assert drops == []


def puts_of(heard: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [op["put"] for _, data in heard for op in data.get("ops", [])]


async def test_a_ticket_is_asked_for_by_each_reader_since_each_may_do_other_things() -> None:
    lists = Lists([("jinyuan", card("head"))])
    async with running(lists) as hub:
        for name in ("he", "yan", "cai"):
            stream = hub.open(viewer(lists, Principal(name, "agent")))
            await hub.follow(stream, ["ticket:23456789"], [])
        lists.asked.clear()
        hub.hint(["ticket:23456789"])
        await asyncio.sleep(0.4)

    assert sorted(lists.asked) == ["cai", "he", "yan"]


@pytest.mark.parametrize(
    ("event", "data", "concerned"),
    [
        ("ticket.told", {"number": "23456789"}, ["cai"]),
        ("ticket.owned", {"number": "99999999", "owner": "he"}, ["he"]),
        ("ticket.registered", {"number": "99999999", "owner": "yan"}, ["yan"]),
        ("follow_up.opened", {"number": "23456789", "person": "yan"}, ["cai", "yan"]),
        ("follow_up.opened", {"number": "99999999", "person": None}, ["cai", "he", "yan"]),
        ("ticket.told", {"number": "99999999"}, []),
    ],
)
async def test_ones_own_list_is_asked_for_by_whom_the_news_concern(
    event: str, data: dict[str, Any], concerned: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "GATHERED_SECONDS", 0.2)
    lists = Lists(numbers={"cai": "23456789"})
    async with running(lists) as hub:
        for name in ("he", "yan", "cai"):
            stream = hub.open(viewer(lists, Principal(name, "agent")))
            await hub.follow(stream, ["mine"], [])
        lists.asked.clear()
        hub.hint(["mine"], news=news_of(event, data))
        await asyncio.sleep(0.6)

    assert sorted(lists.asked) == concerned


@pytest.mark.parametrize(
    ("event", "data", "concerned"),
    [
        ("call.ringing", {"call": "c-other", "agent": "8001"}, ["he"]),
        ("call.ended", {"call": "c-yan", "agent": "8009"}, ["yan"]),
        ("call.offered", {"call": "c-new"}, []),
        ("call.ringing", {"call": "c-new", "agent": None}, []),
    ],
)
async def test_whose_telephone_rings_is_told_at_once_and_nobody_else_is_asked_for(
    event: str, data: dict[str, Any], concerned: list[str]
) -> None:
    lists = Lists(numbers={"he": telephone("8001"), "yan": "c-yan", "cai": telephone("8002")})
    async with running(lists) as hub:
        for name in ("he", "yan", "cai"):
            stream = hub.open(viewer(lists, Principal(name, "agent")))
            await hub.follow(stream, ["calls"], [])
        lists.asked.clear()
        news = news_of(event, data)
        hub.hint(touched_by(event, data), news=news)
        await asyncio.sleep(0.5)

    assert sorted(lists.asked) == concerned


async def test_ones_own_list_is_asked_for_by_all_when_nobody_knows_what_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "GATHERED_SECONDS", 0.2)
    lists = Lists()
    async with running(lists) as hub:
        for name in ("he", "yan", "cai"):
            stream = hub.open(viewer(lists, Principal(name, "agent")))
            await hub.follow(stream, ["mine"], [])
        lists.asked.clear()
        hub.hint(["mine"], news=news_of("ticket.told", {"number": "99999999"}))
        hub.look_again()
        await asyncio.sleep(0.6)

    assert sorted(lists.asked) == ["cai", "he", "yan"]


async def test_an_emergency_does_not_wait_for_a_list_that_is_not_answered() -> None:
    lists = Lists()
    async with running(lists) as hub:
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["emergencies", "ticket:23456789"], [])
        lists.hangs.add("ticket:23456789")
        hub.hint(["ticket:23456789"], urgent=True)
        await asyncio.sleep(0.3)
        lists.cards.append(("jinyuan", card("e1")))
        hub.hint(["emergencies"], urgent=True)
        heard = await told(stream, 0.4)

    assert puts_of(heard) == ["e1"]


async def test_while_a_service_is_away_pages_keep_what_they_have_and_are_told_so() -> None:
    lists = Lists([("jinyuan", card("e1"))])
    async with running(lists) as hub:
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["emergencies"], [])
        lists.is_away = True
        hub.hint(["emergencies"])
        await asyncio.sleep(0.5)
        lists.is_away = False
        lists.cards.append(("jinyuan", card("e2")))
        heard = await told(stream, 1.5)

    assert [name for name, _ in heard] == ["list", "away", "cards"]
    assert heard[1][1] == {"topic": "emergencies", "part": "router"}


async def test_a_browser_that_takes_nothing_is_shown_the_whole_when_it_does_again() -> None:
    lists = Lists()
    async with running(lists) as hub:
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["emergencies"], [])
        for _ in range(MOST_WAITING):
            stream.put(frame("noise", {}))
        lists.cards.append(("jinyuan", card("e1")))
        hub.hint(["emergencies"])
        await asyncio.sleep(0.8)
        heard = await told(stream, 0.3)

    assert [(n, [c["id"] for c in d["cards"]]) for n, d in heard if n == "list"] == [
        ("list", ["e1"])
    ]


async def test_of_too_many_streams_of_a_session_the_oldest_ends() -> None:
    lists = Lists()
    hub = Hub({"emergencies": lists}, now)
    streams = [hub.open(viewer(lists, Principal("he", "agent"))) for _ in range(MOST_STREAMS + 1)]

    assert streams[0].is_over
    assert hub.streams == tuple(streams[1:])
    assert (await told(streams[0], 0.2)) == [("bye", {"why": "replaced"})]


async def test_every_browser_is_told_that_this_process_stops_and_to_come_again() -> None:
    hub = Hub({"emergencies": Lists()}, now)
    open_before = hub.open(viewer(Lists(), Principal("he", "agent")))

    hub.stop()
    comes_after = hub.open(viewer(Lists(), Principal("yan", "agent")))

    assert hub.streams == ()
    for stream in (open_before, comes_after):
        assert await told(stream, 0.2) == [("bye", {"why": "stopping"})]


async def test_what_is_not_a_topic_is_not_followed_and_another_session_finds_no_stream() -> None:
    lists = Lists()
    hub = Hub({"emergencies": lists}, now)
    stream = hub.open(viewer(lists, Principal("he", "agent")))
    await hub.follow(stream, ["ticket:../../v1", "board", "emergencies\nevent: bye"], [])

    assert stream.topics == set()
    assert hub.find(stream.id, "somebody else's") is None


@pytest.mark.parametrize("why", ["frozen", "over", "changed"])
async def test_the_stream_of_a_session_that_is_over_ends_and_says_why(why: Bye) -> None:
    lists = Lists()
    hub = Hub({"emergencies": lists}, now)
    gone = hub.open(viewer(lists, Principal("he", "agent"), "s1"))
    stays = hub.open(viewer(lists, Principal("yan", "agent"), "s2"))

    async def check(sessions: Sequence[str]) -> Mapping[str, Bye]:
        return {each: why for each in sessions if each == "s1"}

    await Watch(hub, check).look()

    assert hub.streams == (stays,)
    assert (await told(gone, 0.2)) == [("bye", {"why": why})]


async def test_while_nobody_can_say_whose_session_counts_nothing_is_shown() -> None:
    lists, at, answers = Lists(), [0.0], [True]

    async def check(sessions: Sequence[str]) -> Mapping[str, Bye]:
        if not answers[0]:
            raise Unreached("admin", sent=False)
        return {}

    async with running(lists) as hub:
        watch = Watch(hub, check, lambda: at[0])
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["emergencies"], [])
        answers[0] = False
        for at[0] in (1.0, 3.5):
            await watch.look()
        lists.cards.append(("jinyuan", card("e1")))
        hub.hint(["emergencies"])
        before = await told(stream, 0.6)
        answers[0] = True
        await watch.look()
        after = await told(stream, 0.8)

    assert [name for name, _ in before] == ["list", "paused"]
    assert [name for name, _ in after] == ["paused", "list"]
    assert after[1][1]["cards"][0]["id"] == "e1"


def test_nothing_that_is_shown_can_forge_an_event() -> None:
    words = "漏水\r\n\r\nevent: bye\ndata: {}\u2028\u2029"
    sent = frame("list", {"html": words})

    assert sent.count(b"\n") == 3
    assert orjson.loads(sent.decode().partition("\ndata: ")[2])["html"] == words


def test_two_languages_are_two_reaches() -> None:
    chinese = viewer(Lists(), Principal("he", "agent"))
    assert chinese.reach != replace(chinese, language="en").reach


async def test_a_list_of_ones_own_is_asked_for_each_two_seconds_however_much_happens() -> None:
    lists = Lists([("jinyuan", card("t1"))])
    async with running(lists) as hub:
        stream = hub.open(viewer(lists, Principal("he", "agent")))
        await hub.follow(stream, ["mine"], [])
        lists.asked.clear()
        for _ in range(20):
            hub.hint(["mine"])
            await asyncio.sleep(0.05)
        assert lists.asked == []
        await asyncio.sleep(1.6)

    assert lists.asked == ["he"]


async def test_a_count_is_asked_for_each_two_seconds_of_a_reach_however_many_look_at_it() -> None:
    lists = Lists([("jinyuan", card("e1"))])
    async with running(lists) as hub:
        streams = [hub.open(viewer(lists, Principal(f"agent-{i}", "agent"))) for i in range(9)]
        for stream in streams:
            await hub.follow(stream, ["count:emergencies"], [])
        first = [await told(stream, 0.05) for stream in streams]
        lists.asked.clear()
        lists.cards.append(("jinyuan", card("e2")))
        for _ in range(20):
            hub.hint(["emergencies"])
            await asyncio.sleep(0.05)
        assert lists.asked == []
        await asyncio.sleep(1.6)
        then = [await told(stream, 0.05) for stream in streams]

    assert len(lists.asked) == 2
    whole = {"topic": "count:emergencies", "cards": [], "total": 1, "counts": 0}
    assert first == [[("list", whole)]] * 9
    changed = {"topic": "count:emergencies", "ops": [], "total": 2, "counts": 0}
    assert then == [[("cards", changed)]] * 9


async def test_the_count_of_a_list_that_is_shown_is_known_and_asked_for_by_nobody() -> None:
    lists = Lists([("jinyuan", card("e1"))])
    async with running(lists) as hub:
        shown = [hub.open(viewer(lists, Principal(id, "agent"))) for id in ("he", "yan")]
        for stream in shown:
            await hub.follow(stream, ["count:emergencies", "emergencies"], [])
        beside = hub.open(viewer(lists, Principal("cai", "agent")))
        await hub.follow(beside, ["count:emergencies"], [])
        lists.asked.clear()
        lists.cards.append(("jinyuan", card("e2")))
        hub.hint(["emergencies"])
        await asyncio.sleep(2.5)
        heard = await told(beside, 0.1)

    assert sorted(lists.asked) == ["he", "yan"]  # The list itself.
    assert [data["total"] for _, data in heard] == [1, 2]


async def test_a_count_tells_nobody_of_a_matter_about_them() -> None:
    lists = Lists([("jinyuan", card("e1", about_staff=True))], about={"e1": "cai"})
    async with running(lists) as hub:
        counts = {}
        for id in ("he", "yan", "cai"):
            stream = hub.open(viewer(lists, Principal(id, "agent")))
            await hub.follow(stream, ["count:emergencies"], [])
            hub.hint(["emergencies"])
            await asyncio.sleep(2.4)
            counts[id] = [data["total"] for _, data in await told(stream, 0.1)]

    assert counts == {"he": [1], "yan": [1], "cai": [0]}


async def test_the_count_of_no_list_is_followed() -> None:
    hub = Hub({"emergencies": Lists(), "ticket": Lists()}, now)
    stream = hub.open(viewer(Lists(), Principal("he", "agent")))
    await hub.follow(stream, ["count:ticket:23456789", "count:board", "count:count:queue"], [])

    assert stream.topics == set()
