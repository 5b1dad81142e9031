"""Use case: compare what was promised with what is kept, and say what is wrong by number."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from hotline.promises.collect import Collector, Progress
from hotline.promises.findings import Finding, Findings
from hotline.promises.judging import (
    judge_delivery,
    judge_digest,
    judge_events,
    judge_folded,
    judge_held_by_none,
    judge_late_task,
    judge_parked,
    judge_strangers,
    judge_ticket,
    judge_waiting_message,
)
from hotline.promises.kinds import (
    NO_TICKET,
    NOT_KEPT,
    NOT_WRITTEN,
    UNASKED,
    UNREADABLE,
    Kind,
)
from shared.store import Store, connect
from shared.store.store import RELAY_AFTER

GRACE: Final = timedelta(minutes=2)
"""What is younger may still be under way."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A message that the broker confirmed and nobody answered: what its sender calls it, the id of
    the reservation that its ticket must have, and the ids it would have as a parked message.
    """

    name: str
    reservation: str
    parked: frozenset[str] = frozenset()


async def examine(
    mongo_url: str,
    database: str = "hotline",
    *,
    accepted: Collection[str] | None = None,
    confirmed: Collection[Confirmed] = (),
    delivered: Mapping[str, int] | None = None,
    grace: timedelta = GRACE,
    keep: int | None = None,
    progress: Progress | None = None,
) -> Findings:
    """Examine a database by its own clock; what is younger than `grace` is not judged.

    `accepted` are numbers that senders were given, `confirmed` messages that the broker took: both
    whole, for any other ticket is a finding. Without `accepted` the reservations stand for them.
    `delivered` says how often real receivers got each message id. Of each kind the first `keep`
    findings are held, or all.
    """
    client = connect(mongo_url)
    try:
        store = Store(client, database, service="hotline")
        await store.clock.refresh()
        findings = Findings(store.clock.now(), keep)
        collector = Collector(store, findings.now - grace, progress or (lambda *_: None))
        examination = _Examination(collector, findings, grace)
        await examination.of_accepted(accepted, confirmed)
        await examination.of_tickets()
        await examination.of_waiting()
        await examination.of_deliveries(delivered)
        await examination.of_digests()
    finally:
        client.close()
    return findings


class _Examination:
    """One examination as it goes through the collections."""

    def __init__(self, collector: Collector, findings: Findings, grace: timedelta) -> None:
        self._read = collector
        self._found = findings
        self._before = findings.now - grace

    def _take(self, what: str, n: int, found: Iterator[Finding]) -> None:
        if n:
            self._found.checked[what] += n
        self._found.add(found)

    async def of_accepted(
        self, accepted: Collection[str] | None, confirmed: Collection[Confirmed]
    ) -> None:
        """Whether what was accepted is there."""
        if accepted is None:
            async for n, missing in self._read.reservations():
                self._take("reservations", n, _each(NOT_WRITTEN, missing))
        else:
            there = await self._read.keys_of(accepted)
            missing = sorted(set(accepted) - there.keys())
            self._take("accepted", len(accepted), _each(NO_TICKET, missing))
            unasked = await self._read.unasked(accepted, [c.reservation for c in confirmed])
            self._found.add(
                Finding(UNASKED, number, f"sent by {by}") for number, by in sorted(unasked.items())
            )
        if confirmed:
            missing = sorted([c.name async for c in self._not_kept(confirmed)])
            self._take("confirmed", len(confirmed), _each(NOT_KEPT, missing))

    async def _not_kept(self, confirmed: Collection[Confirmed]) -> AsyncIterator[Confirmed]:
        written = await self._read.filled([c.reservation for c in confirmed])
        parked = await self._read.parked_among([id for c in confirmed for id in c.parked])
        for one in confirmed:
            if one.reservation not in written and not one.parked & parked:
                yield one

    async def of_tickets(self) -> None:
        """Every ticket with its papers."""
        async for batch in self._read.tickets():
            for papers in batch.papers:
                self._take("tickets", 1, judge_ticket(papers, self._before))
                self._found.checked.update(papers.counts())
            self._take("tickets", len(batch.unreadable), _each(UNREADABLE, batch.unreadable))
            self._found.add(
                _each(NO_TICKET, batch.orphaned, "its messages, surveys or emergency name it")
            )

    async def of_waiting(self) -> None:
        """What waits beyond its time."""
        async for events in self._read.outboxes():
            relays = judge_events(events, RELAY_AFTER, self._before)
            self._take("events waiting", len(events), relays)
        async for message in self._read.waiting_messages():
            self._found.add(judge_waiting_message(message, self._before))
        async for message in self._read.held_by_none():
            self._found.add(judge_held_by_none(message))
        async for task in self._read.late_tasks():
            self._found.add(judge_late_task(task))
        async for entry in self._read.parked():
            self._take("parked", 1, judge_parked(entry, self._before))

    async def of_deliveries(self, delivered: Mapping[str, int] | None) -> None:
        """What people got, by the store's word and by the receivers'."""
        strangers = set(delivered or ())
        async for message in self._read.deliveries(every=delivered is not None):
            # What was sent a moment ago may be in the store's books and not yet in the receivers'.
            is_young = (message.ended_at or message.at) >= self._before
            compared = None if is_young else delivered
            received = None if compared is None else compared.get(message.id, 0)
            awaited = await self._read.awaited(message)
            self._found.add(judge_delivery(message, received, awaited))
            strangers.discard(message.id)
        self._take("received", len(delivered or ()), judge_strangers(sorted(strangers)))

    async def of_digests(self) -> None:
        """Whether what waited for a digest was told in one, and in one only."""
        entries: dict[str, set[str]] = {}
        async for digest, told in self._read.digests():
            entries[digest.id] = set(digest.entries)
            self._take("digests", 1, judge_digest(digest, told))
        async for message in self._read.folded():
            self._found.add(judge_folded(message, entries))


def _each(kind: Kind, ids: Collection[str], why: str = "") -> Iterator[Finding]:
    return (Finding(kind, id, why) for id in ids)
