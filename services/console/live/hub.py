"""Keeps what browsers show as it is now: events say where to look again, the services what is
there.

An event is a hint and no more: nothing of it is shown. What one reach sees is asked for once and
rendered once, however many look at it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from services.console.clients.answers import Declined, Unreached
from services.console.live.counts import GATHERED_SECONDS, Counts
from services.console.live.listings import Listing, changes
from services.console.live.streams import Bye, Stream, Viewer, frame, whole
from services.console.live.topics import (
    AT_ONCE as LISTS_AT_ONCE,
)
from services.console.live.topics import (
    COUNT,
    LISTS,
    MOST,
    OF_PERSON,
    News,
    is_count,
    is_of_person,
    is_topic,
    list_of,
)
from services.console.session.sessions import SessionOver
from shared.policy.templates import Language
from shared.telemetry import logger, metrics

FLUSH_SECONDS: Final = 0.2
URGENT_SECONDS: Final = 0.05
"""How long hints are gathered before anybody is asked: an emergency's hardly at all."""
AGAIN_SECONDS: Final = 1.0
"""After a service did not answer, it is asked again so much later."""
AT_ONCE: Final = 8
"""So many reaches are asked for at once of one topic: hundreds look at their own."""
MOST_STREAMS: Final = 4
"""Of one session; a browser has one, and one more for a moment when it comes back."""


class Source(Protocol):
    """Where a topic's list comes from."""

    async def __call__(self, topic: str, token: str, language: Language, /) -> Listing:
        """The list as the holder of the token sees it now. Raises Declined and Unreached."""
        ...


class Hub:
    """All streams of this process."""

    def __init__(
        self, sources: Mapping[str, Source], now: Callable[[], Awaitable[datetime]]
    ) -> None:
        self._sources, self._now = sources, now
        self._streams: dict[str, Stream] = {}
        self._touched: set[str] = set()
        self._showing: set[str] = set()
        self._news: dict[str, list[tuple[float, News | None]]] = {}
        self._counts = Counts()
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._random = random.SystemRandom()
        self.is_paused = False
        self._is_stopping = False

    @property
    def streams(self) -> Sequence[Stream]:
        """Those that are open."""
        return tuple(self._streams.values())

    def open(self, viewer: Viewer) -> Stream:
        """A stream that follows nothing yet. Of too many of one session the oldest ends."""
        mine = [s for s in self._streams.values() if s.viewer.session == viewer.session]
        for old in mine[: max(0, len(mine) - MOST_STREAMS + 1)]:
            self.close(old, "replaced")
        stream = Stream(secrets.token_urlsafe(12), viewer, self._now, is_paused=self.is_paused)
        self._streams[stream.id] = stream
        metrics.STREAMS.set(len(self._streams))
        if self._is_stopping:
            self.close(stream, "stopping")
        return stream

    def find(self, id: str, session: str) -> Stream | None:
        """A stream of this session; anybody else's is as none."""
        stream = self._streams.get(id)
        return stream if stream and stream.viewer.session == session else None

    def close(self, stream: Stream, why: Bye | None = None) -> None:
        """Forget a stream, and tell its browser why where it is still there."""
        self._streams.pop(stream.id, None)
        metrics.STREAMS.set(len(self._streams))
        if why is not None:
            stream.end(why)

    def stop(self) -> None:
        """Tell every browser to come again, also those that still come."""
        self._is_stopping = True
        for stream in self.streams:
            self.close(stream, "stopping")

    def hint(
        self, topics: Iterable[str], *, urgent: bool = False, news: News | None = None
    ) -> None:
        """Something may have changed in these. Counts, and lists of which each reader has their
        own, are gathered for longer, but where somebody rings; they are asked for by those whom the
        news concern: by all where nobody knows what happened.
        """
        for topic in topics:
            if topic in LISTS_AT_ONCE:
                self._news.setdefault(topic, []).append((self._counts.now(), news))
                self._touched.add(topic)
            elif topic in OF_PERSON or is_count(topic):
                self._gather_longer(topic, news)
            else:
                self._touched.add(topic)
            if topic in LISTS:
                self._gather_longer(COUNT + topic, news)
            if list_of(topic) in LISTS - OF_PERSON:
                self._counts.touch(list_of(topic), self._counts.now())
        if self._touched:
            self._wake.set()
        if urgent:
            self._urgent.set()

    def _gather_longer(self, topic: str, news: News | None) -> None:
        if topic not in self._news:
            asyncio.get_running_loop().call_later(GATHERED_SECONDS, self._show_gathered, topic)
        self._news.setdefault(topic, []).append((self._counts.now(), news))

    def _show_gathered(self, topic: str) -> None:
        self._touched.add(topic)
        self._wake.set()

    def look_again(self) -> None:
        """Look at all that anybody follows: what happened is heard of by no event now."""
        self.hint({topic for stream in self._streams.values() for topic in stream.topics})

    def forget(self) -> None:
        """Nobody knows what changed meanwhile: all that is shown is shown anew, whole."""
        self._counts.forget()
        for stream in self._streams.values():
            stream.shown.clear()
            self._touched |= stream.topics
        self._wake.set()

    async def follow(self, stream: Stream, add: Iterable[str], drop: Iterable[str]) -> None:
        """Show these as well, whole and at once, also what was followed before: a tab that has just
        come knows nothing of it.
        """
        stream.topics -= set(drop)
        added = list(dict.fromkeys(each for each in add if self._is_known(each)))[:MOST]
        if len(stream.topics | set(added)) > MOST:
            return
        stream.topics |= set(added)
        for topic in {*drop, *added}:
            stream.shown.pop(topic, None)
        # Lists first: their counts are known then.
        for topic in sorted(added, key=is_count):
            await self._show(topic, [stream], is_new=True)

    def _is_known(self, topic: str) -> bool:
        return is_topic(topic) and list_of(topic).partition(":")[0] in self._sources

    async def look(self, viewer: Viewer, topics: Iterable[str]) -> list[tuple[str, Any]]:
        """What a stream of this reader is first told of these, for a browser to which none comes
        through. Raises SessionOver.
        """
        told: list[tuple[str, Any]] = []
        stream = Stream("", viewer, self._now)
        for topic in sorted({each for each in topics if self._is_known(each)}, key=is_count):
            try:
                ((_, listing),) = (
                    await self._counted(topic, [stream], is_new=True)
                    if is_count(topic)
                    else await self._ask(topic, [stream])
                )
                told.append(("list", whole(topic, listing)))
            except (Declined, Unreached) as error:
                if isinstance(error, Declined) and error.status == 401:
                    raise SessionOver from error
                told.append(("away", {"topic": topic, "part": error.service}))
        return told

    async def run(self) -> None:
        """Show what changes, until cancelled. No topic waits for another; one that changes while it
        is shown is shown again after it. A count follows its list, by which it is known.
        """
        async with asyncio.TaskGroup() as shows:
            while True:
                await self._wake.wait()
                await self._gather()
                self._wake.clear()
                self._urgent.clear()
                if self.is_paused:
                    await asyncio.sleep(FLUSH_SECONDS)
                    self._wake.set()
                    continue
                begun = self._touched - self._showing
                busy = begun | self._showing
                begun = {each for each in begun if not (is_count(each) and list_of(each) in busy)}
                self._touched -= begun
                self._showing |= begun
                for topic in begun:
                    shows.create_task(self._show_once(topic))

    async def _show_once(self, topic: str) -> None:
        try:
            await self._show(topic, self._whom_it_concerns(topic))
        finally:
            self._showing.discard(topic)
            if self._touched & {topic, COUNT + topic}:
                self._wake.set()

    async def _gather(self) -> None:
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._urgent.wait()
            await asyncio.sleep(URGENT_SECONDS)
        except TimeoutError:
            pass

    def _whom_it_concerns(self, topic: str) -> list[Stream]:
        """Asked when the list was shown to the end before: nothing is missing of what they see."""
        followers = [stream for stream in self._streams.values() if topic in stream.topics]
        news = self._news.pop(topic, None)
        if news is None or list_of(topic) not in OF_PERSON:
            return followers
        heard = {
            stream: [at for at, each in news if _concerns(each, stream.shown.get(topic), stream)]
            for stream in followers
        }
        if is_count(topic):
            for stream, times in heard.items():
                if times:
                    self._counts.touch(list_of(topic), max(times), stream.viewer.who.id)
        return [stream for stream, times in heard.items() if times]

    async def _show(self, topic: str, streams: Sequence[Stream], *, is_new: bool = False) -> None:
        groups: dict[tuple[object, ...], list[Stream]] = defaultdict(list)
        for stream in streams:
            own = (stream.viewer.who.id,) if is_of_person(topic) else ()
            groups[(*stream.viewer.reach, *own)].append(stream)
        gate = asyncio.Semaphore(AT_ONCE)
        asked = (self._show_group(topic, g, gate, is_new=is_new) for g in groups.values())
        await asyncio.gather(*asked)

    async def _show_group(
        self, topic: str, group: Sequence[Stream], gate: asyncio.Semaphore, *, is_new: bool
    ) -> None:
        try:
            async with gate:
                found = await (
                    self._counted(topic, group, is_new=is_new)
                    if is_count(topic)
                    else self._ask(topic, group)
                )
            for readers, listing in found:
                self._tell(topic, readers, listing)
        except (Declined, Unreached) as error:
            for stream in group:
                stream.put(frame("away", {"topic": topic, "part": error.service}))
            self._later(topic)
        except SessionOver:
            # Whoever watches over sessions ends the stream; the others are asked for next time.
            self._later(topic)

    def _later(self, topic: str) -> None:
        asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.hint, [topic])

    async def _counted(
        self, topic: str, group: Sequence[Stream], *, is_new: bool
    ) -> list[tuple[Sequence[Stream], Listing]]:
        """The counts of these readers, each with what is theirs; a list is asked for where nobody
        knows what it has.
        """
        of = list_of(topic)
        found = {each: self._counts.of(of, each, is_new=is_new) for each in group}
        unknown = [each for each, listing in found.items() if listing is None]
        if unknown:
            await self._ask(of, unknown)
            found |= {each: self._counts.of(of, each, is_new=True) for each in unknown}
        return [([each], listing) for each, listing in found.items() if listing is not None]

    async def _ask(
        self, topic: str, group: Sequence[Stream]
    ) -> list[tuple[Sequence[Stream], Listing]]:
        """The list as each of them sees it, whose count is known then."""
        at = self._counts.now()
        found = await self._find(topic, group)
        if topic in LISTS:
            self._counts.note(topic, at, found)
        return found

    async def _find(
        self, topic: str, group: Sequence[Stream]
    ) -> list[tuple[Sequence[Stream], Listing]]:
        """The list of this reach, asked for twice however many there are; for each reader by
        themselves where something is about one of our staff, since nobody sees what is about them.
        Two others are asked each time, so that what is about both is not hidden from all for long.
        """
        by_reader: dict[str, list[Stream]] = defaultdict(list)
        for stream in group:
            by_reader[stream.viewer.who.id].append(stream)
        readers = list(by_reader.values())
        self._random.shuffle(readers)
        found = list(await self._ask_each(topic, readers[:2]))
        if len(readers) == 1:
            return [(group, found[0])]
        shown = [known for stream in group if (known := stream.shown.get(topic)) is not None]
        if found[0] == found[1] and all(each.is_for_all for each in (found[0], *shown)):
            return [(group, found[0])]
        for at in range(len(found), len(readers), AT_ONCE):
            found += await self._ask_each(topic, readers[at : at + AT_ONCE])
        return list(zip(readers, found, strict=True))

    async def _ask_each(self, topic: str, readers: Iterable[Sequence[Stream]]) -> Sequence[Listing]:
        return await asyncio.gather(*(self._asked(topic, streams[0]) for streams in readers))

    async def _asked(self, topic: str, stream: Stream) -> Listing:
        source, viewer = self._sources[topic.partition(":")[0]], stream.viewer
        return await source(topic, await viewer.token(), viewer.language)

    def _tell(self, topic: str, group: Sequence[Stream], listing: Listing) -> None:
        sent: dict[int, bytes] = {}
        for stream in group:
            if topic not in stream.topics:
                continue
            before = stream.shown.get(topic)
            if before == listing:
                continue
            if id(before) not in sent:
                sent[id(before)] = _told(topic, before, listing)
            if stream.put(sent[id(before)]):
                stream.shown[topic] = listing
            else:
                self._touched |= stream.topics
                self._wake.set()
        logger.debug("topic_shown", topic=topic.partition(":")[0], streams=len(group))


def _concerns(news: News | None, shown: Listing | None, stream: Stream) -> bool:
    if news is None or shown is None:
        return True
    return (
        not shown.numbers.isdisjoint({news.number, news.telephone})
        or stream.viewer.who.id in news.people
        or news.is_nobodys
    )


def _told(topic: str, before: Listing | None, after: Listing) -> bytes:
    if before is None:
        return frame("list", whole(topic, after))
    ops = changes(before.cards, after.cards)
    told = {"topic": topic, "ops": ops, "total": after.total, "counts": after.counts}
    return frame("cards", told)
