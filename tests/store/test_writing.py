"""One conditional write for a change and its events: whoever loses changes nothing."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from typing_extensions import override

from shared.contracts import Envelope, Event, Lane, read_envelope
from shared.contracts.intake import TicketTold, TicketUrged
from shared.readers.outboxes import URGENT, has_said
from shared.readers.tickets import NoSuchTicket, Tickets
from shared.store import Change, Contested, Store, Verdict
from shared.store.clock import forward_trial
from shared.store.collection import ATTEMPTS
from shared.store.store import outbox_index
from shared.tickets import LifecycleRules, NotAllowed, Ticket, TicketStatus, acts, register
from tests.store.conftest import EVERYTHING, StoreOf
from tests.tickets.samples import plan_of, registration, sample_rules

URGED = TicketUrged(number="T1")
TOLD = TicketTold(number="T1")


class Heard:
    """An outbox that only remembers what it was handed."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def hand_over(self, collection: str, id: str, envelopes: Sequence[Envelope]) -> None:
        assert (collection, id) == ("tickets", "T1")
        self.ids += [envelope.id for envelope in envelopes]


def made(store: Store, *events: Event, lane: Lane = "routine", **facts: Any) -> Change:
    return Change(
        collection="tickets",
        kind="ticket",
        id="T1",
        version=1,
        lane=lane,
        at=store.clock.now(),
        insert={"n": 0} | facts,
        events=events,
    )


def changed(store: Store, version: int, *events: Event, lane: Lane = "routine") -> Change:
    return Change(
        collection="tickets",
        kind="ticket",
        id="T1",
        version=version,
        lane=lane,
        at=store.clock.now(),
        set={"n": version},
        push={"seen": [version]},
        events=events,
    )


async def doc_of(store: Store, id: str = "T1") -> dict[str, Any]:
    doc = await store.get("tickets", id)
    assert doc is not None
    return doc


async def insert_ticket(store: Store, tickets: Tickets, number: str = "JY0001") -> Ticket:
    now = store.clock.now()
    applied = register(registration(number), plan_of("repair"), now, sample_rules())
    assert await tickets.insert(applied, {"person": b"sealed"})
    return applied.ticket


async def test_of_twenty_writers_of_a_version_exactly_one_wins(store: Store) -> None:
    await store.write(made(store))
    rival = [replace(changed(store, 2, URGED), set={"n": n}) for n in range(20)]

    verdicts = await asyncio.gather(*(store.write(change) for change in rival))

    doc = await doc_of(store)
    assert sorted(verdicts) == [Verdict.LOST] * 19 + [Verdict.WON]
    assert (doc["version"], doc["n"]) == (2, verdicts.index(Verdict.WON))
    assert (doc["seen"], len(doc["outbox"])) == ([2], 1)


async def test_of_twenty_inserts_of_an_id_exactly_one_wins(store: Store) -> None:
    verdicts = await asyncio.gather(*(store.write(made(store, URGED, n=n)) for n in range(20)))

    doc = await doc_of(store)
    assert verdicts.count(Verdict.WON) == 1
    assert doc["n"] == verdicts.index(Verdict.WON)
    assert len(doc["outbox"]) == 1


@pytest.mark.parametrize("version", [1, 3, 9])
async def test_a_writer_of_any_other_version_loses_and_emits_nothing(
    store: Store, version: int
) -> None:
    heard = store.outbox = Heard()
    await store.write(made(store))
    before = await doc_of(store)

    assert await store.write(changed(store, version, URGED)) is Verdict.LOST

    assert await doc_of(store) == before
    assert heard.ids == []


async def test_a_change_of_what_is_not_there_loses(store: Store) -> None:
    assert await store.write(changed(store, 2, URGED)) is Verdict.LOST
    assert await store.get("tickets", "T1") is None


async def test_events_are_kept_in_the_same_write_in_order_and_then_handed_over(
    store: Store,
) -> None:
    heard = store.outbox = Heard()

    await store.write(made(store, URGED))
    await store.write(changed(store, 2, TOLD, URGED, lane="urgent"))

    ids = ["ticket/T1/1/0", "ticket/T1/2/0", "ticket/T1/2/1"]
    assert heard.ids == ids
    outbox = (await doc_of(store))["outbox"]
    assert [entry["id"] for entry in outbox] == ids
    assert [entry["key"] for entry in outbox] == [
        "ticket.urged.routine",
        "ticket.told.urgent",
        "ticket.urged.urgent",
    ]
    assert {entry["service"] for entry in outbox} == {"intake"}


async def test_a_document_keeps_for_good_what_it_said(store: Store) -> None:
    await store.write(made(store, URGED))
    await store.write(changed(store, 2, TOLD, URGED))
    await store.write(changed(store, 2, URGED))  # another was faster
    waiting = (await doc_of(store))["outbox"]
    await store.clear("tickets", {"T1": [entry["id"] for entry in waiting]})

    doc = await doc_of(store)
    assert doc["outbox"] == []
    said = [read_envelope(entry["body"].encode()) for entry in waiting]
    assert doc["said"] == [envelope.digest() for envelope in said]
    for envelope in said:
        assert await has_said(store, envelope.id, envelope.digest(), envelope.event())


@pytest.mark.parametrize(
    "id",
    [
        "ticket/T1/1/1",
        "ticket/T2/1/0",
        "ticket/gone/1/0",
        "survey/T1/1/0",
        "unknown/T1/1/0",
        "tickets/T1/1/0",
        "ticket/",
        "ticket",
        "",
    ],
)
async def test_what_it_did_not_say_is_not_there_whatever_it_is_called(
    store: Store, id: str
) -> None:
    await store.write(made(store, URGED))
    await store.write(replace(made(store), id="T2"))
    [entry] = (await doc_of(store))["outbox"]
    envelope = read_envelope(entry["body"].encode())

    assert await has_said(store, envelope.id, envelope.digest(), URGED)
    forged = envelope.model_copy(update={"id": id})
    assert not await has_said(store, id, forged.digest(), URGED)


async def test_clearing_takes_only_what_was_published_and_makes_no_version(store: Store) -> None:
    await store.write(made(store, URGED))
    await store.write(changed(store, 2, TOLD))

    await store.clear("tickets", {"T1": ["ticket/T1/1/0"], "gone": ["ticket/gone/1/0"]})

    doc = await doc_of(store)
    assert doc["version"] == 2
    assert [entry["id"] for entry in doc["outbox"]] == ["ticket/T1/2/0"]
    assert await store.write(changed(store, 3)) is Verdict.WON


async def test_only_events_old_enough_for_their_lane_count_as_left_behind(store: Store) -> None:
    await store.write(made(store, URGED))
    await store.write(changed(store, 2, TOLD, lane="urgent"))
    assert await left_behind(store) == []

    await forward(store, seconds=2)
    assert await left_behind(store) == ["ticket/T1/2/0"]

    await forward(store, seconds=30)
    assert sorted(await left_behind(store)) == ["ticket/T1/1/0", "ticket/T1/2/0"]


async def test_each_service_relays_its_own_events_and_sweeps_everybody_s_urgent_ones(
    store: Store, store_of: StoreOf
) -> None:
    router = store_of("router")
    await store.write(made(store, URGED, lane="urgent"))
    await router.start(EVERYTHING)
    await router.write(changed(router, 2, TOLD, lane="urgent"))
    await router.write(changed(router, 3, TOLD, lane="routine"))
    assert await swept(router) == []

    await forward(store, minutes=1)
    await router.clock.refresh()

    assert await left_behind(store) == ["ticket/T1/1/0"]
    assert sorted(await left_behind(router)) == ["ticket/T1/2/0", "ticket/T1/3/0"]
    assert await swept(store) == await swept(router) == ["ticket/T1/1/0", "ticket/T1/2/0"]
    assert (await store.count_waiting(), await router.count_waiting()) == (1, 1)


async def test_an_old_event_beside_a_young_one_is_alone_left_behind(store: Store) -> None:
    await store.write(made(store, URGED))
    await forward(store, minutes=1)
    await store.write(changed(store, 2, TOLD))

    assert await left_behind(store) == ["ticket/T1/1/0"]


async def test_the_relay_s_index_holds_only_documents_with_something_waiting(
    store: Store,
) -> None:
    await store.write(made(store, URGED))
    plan = await store._database.command(
        "explain",
        {
            "find": "tickets",
            "filter": {
                "outbox": {"$elemMatch": {"service": "intake", "at": {"$lt": store.clock.now()}}},
                "outbox.0": {"$exists": True},
            },
        },
    )

    assert outbox_index().document["name"] in str(plan["queryPlanner"]["winningPlan"])


async def test_twenty_people_at_one_service_who_change_a_ticket_at_once_all_come_through(
    store: Store, tickets: Tickets
) -> None:
    """None of them is told to send it again."""
    await insert_ticket(store, tickets)

    await asyncio.gather(*(_urge(tickets, n) for n in range(20)))

    await _check_urged_by(store, 20)


async def test_twenty_people_at_two_replicas_who_change_a_ticket_at_once_all_come_through(
    store: Store, tickets: Tickets, store_of: StoreOf
) -> None:
    """Losers re-read and repeat; with more than five rounds of bad luck they say so."""
    await insert_ticket(store, tickets)
    other = store_of("intake")
    await other.clock.refresh()
    replicas = (tickets, Tickets(other, sample_rules))

    async def urge(n: int) -> None:
        while True:
            with suppress(Contested):
                return await _urge(replicas[n % 2], n)

    await asyncio.gather(*(urge(n) for n in range(20)))

    await _check_urged_by(store, 20)


async def _urge(tickets: Tickets, n: int) -> None:
    await tickets.change("JY0001", lambda _t, _now: acts.Urge(by=f"agent-{n}"))


async def _check_urged_by(store: Store, people: int) -> None:
    ticket = await Tickets(store, sample_rules).get("JY0001")
    assert ticket is not None
    assert ticket.version == people + 1
    assert {entry.by for entry in ticket.timeline[1:]} == {f"agent-{n}" for n in range(people)}
    doc = await doc_of(store, "JY0001")
    assert len({entry["id"] for entry in doc["outbox"]}) == people + 1
    assert doc["person"] == b"sealed"


async def test_a_ticket_is_changed_by_the_rules_of_its_place_as_it_is_understood(
    store: Store, tickets: Tickets
) -> None:
    await insert_ticket(store, tickets)
    asked: list[str | None] = []

    def rules(estate: str | None) -> LifecycleRules:
        asked.append(estate)
        return sample_rules()

    elsewhere = acts.Reclassify(by="a", plan=plan_of("repair"), estate="cuihu")
    ours = Tickets(store, rules)
    await ours.change("JY0001", lambda _t, _now: [acts.Urge(by="a"), elsewhere, acts.Urge(by="a")])

    assert asked == ["jinyuan", "cuihu", "cuihu"]


async def test_a_change_that_lost_asks_again_with_the_ticket_as_it_is_now(
    store: Store, tickets: Tickets
) -> None:
    await insert_ticket(store, tickets)
    seen: list[int] = []

    async def rival() -> None:
        await tickets.change("JY0001", lambda _t, _now: acts.Cancel(by="agent-1"))

    class Overtaken(Store):
        @override
        async def write(self, change: Change) -> Verdict:
            if len(seen) == 1:
                await rival()
            return await store.write(change)

    slow = Overtaken(store.client, store._database.name, service="intake")
    slow.clock = store.clock

    def choose(ticket: Ticket, _now: object) -> acts.Act:
        seen.append(ticket.version)
        return acts.Urge(by="agent-2")

    with pytest.raises(NotAllowed) as caught:
        await Tickets(slow, sample_rules).change("JY0001", choose)

    assert seen == [1, 2]
    assert (caught.value.status, caught.value.last_by) == (TicketStatus.CANCELLED, "agent-1")


async def test_who_loses_five_times_is_told_so(store: Store, tickets: Tickets) -> None:
    await insert_ticket(store, tickets)

    class Unlucky(Store):
        tries = 0

        @override
        async def write(self, _change: Change) -> Verdict:
            self.tries += 1
            return Verdict.LOST

    unlucky = Unlucky(store.client, store._database.name, service="intake")
    unlucky.clock = store.clock

    with pytest.raises(Contested):
        await Tickets(unlucky, sample_rules).change("JY0001", lambda _t, _now: acts.Urge(by="a"))

    assert unlucky.tries == ATTEMPTS


async def test_several_acts_are_one_version_with_all_their_events(
    store: Store, tickets: Tickets
) -> None:
    await insert_ticket(store, tickets)

    changed_ticket = await tickets.change(
        "JY0001",
        lambda _t, _now: [
            acts.Dispatch(by="router", department="engineering", assignee="li"),
            acts.Dispatch(by="router", department="security", assignee="wu"),
        ],
    )

    assert changed_ticket.version == 2
    outbox = (await doc_of(store, "JY0001"))["outbox"]
    assert [entry["id"] for entry in outbox[1:]] == ["ticket/JY0001/2/0", "ticket/JY0001/2/1"]
    assert await tickets.get("JY0001") == changed_ticket


async def test_when_one_of_several_acts_is_forbidden_none_happens(
    store: Store, tickets: Tickets
) -> None:
    await insert_ticket(store, tickets)
    before = await doc_of(store, "JY0001")

    with pytest.raises(NotAllowed):
        await tickets.change(
            "JY0001", lambda _t, _now: [acts.Urge(by="a"), acts.FeedbackAttempt(by="a")]
        )

    assert await doc_of(store, "JY0001") == before


async def test_nothing_wanted_writes_nothing(store: Store, tickets: Tickets) -> None:
    ticket = await insert_ticket(store, tickets)

    assert (await tickets.change("JY0001", lambda _t, _now: None)).version == ticket.version
    assert (await tickets.change("JY0001", lambda _t, _now: [])).version == ticket.version


async def test_a_ticket_that_is_not_there_is_named(tickets: Tickets) -> None:
    with pytest.raises(NoSuchTicket, match="JY9999"):
        await tickets.change("JY9999", lambda _t, _now: None)


async def test_the_number_of_a_ticket_is_taken_once(store: Store, tickets: Tickets) -> None:
    await insert_ticket(store, tickets)
    again = register(registration(), plan_of("inquiry"), store.clock.now(), sample_rules())

    assert not await tickets.insert(again, {})


async def test_an_insert_without_events_is_done_once(store: Store) -> None:
    assert await store.insert_once("reservations", {"_id": "r", "number": "JY0001"})
    assert not await store.insert_once("reservations", {"_id": "r", "number": "JY0002"})

    found = await store.get("reservations", "r")
    assert found is not None
    assert found["number"] == "JY0001"


async def forward(store: Store, **span: float) -> None:
    await forward_trial(store._database, timedelta(**span))
    await store.clock.refresh()


async def left_behind(store: Store) -> list[str]:
    return [envelope.id async for _, _, envelope in store.left_behind(limit=100)]


async def swept(store: Store) -> list[str]:
    found = store.urgent_waiting(URGENT, older_than=timedelta(seconds=1), limit=100)
    return sorted([envelope.id async for envelope in found])
