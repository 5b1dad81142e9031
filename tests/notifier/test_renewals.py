"""Whose telephone was lost is told again what they have in hand, once, by the addresses left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pytest

from services.notifier.app import channels_of, mail_sender
from services.notifier.domain import recipients
from services.notifier.links import Opened, opened_by
from services.notifier.messages import Attempt, Message, Status, new_message
from services.notifier.notifying import Notifying
from services.notifier.people import People
from services.notifier.renewals import (
    LOOK_AFTER,
    Renewals,
    dead_ones,
    is_dead,
    looks_due,
    told_again,
)
from shared.contracts import Event
from shared.identity import read_link
from shared.policy.duty import Duty, LostTelephone
from shared.privacy.open import Opener
from shared.readers.lost_addresses import LostAddresses
from shared.readers.rosters import HEAD
from shared.tickets import TICKET
from shared.tickets.acts import Accept, Dispatch, Resolve
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.receiver import running_receiver
from tests.notifier.samples import ASSIGNEE, ASSIGNEES_MAIL
from tests.support.bench import until
from tests.support.tickets import moved, registered

NOW: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NUMBER: Final = "23456789"
ORDER: Final = f"{NUMBER}-1"
LEADS_MAIL: Final = "jy.engineering.3@duty.example"


def lost(generation: int = 1, *, reach: str = "old") -> Duty:
    telephone = LostTelephone(ASSIGNEE, generation, NOW)
    return Duty(places={}, lost={ASSIGNEE: telephone}, reach={ASSIGNEE: reach})


def told(
    event: Event, generation: int = 0, status: Status = Status.RECEIVED, reach: str = "old"
) -> Message:
    notice = next(each for each in recipients(event) if each.recipient == ASSIGNEE)
    message = new_message(notice, lane="routine", language="zh", now=NOW)
    attempt = Attempt("mail", NOW, "sample", outcome="accepted", generation=generation, reach=reach)
    return replace(message, status=status, attempts=(attempt,))


def renewed(message: Message, duty: Duty, status: Status, reach: str = "old") -> Message:
    """What was told again of a message, and how that stands."""
    notice = told_again(message, duty)
    attempt = replace(message.attempts[-1], generation=duty.generation(ASSIGNEE), reach=reach)
    return replace(message, id=notice.id, cause=notice.cause, status=status, attempts=(attempt,))


# The rule


@pytest.mark.parametrize("status", list(Status))
def test_a_link_that_was_told_is_dead_and_what_still_waits_goes_out_with_the_new_one(
    status: Status,
) -> None:
    waits = {Status.PENDING, Status.SENDING, Status.HELD, Status.STOPPED, Status.WAITING,
             Status.FOLDED, Status.GATHERING, Status.QUEUED}  # fmt: skip
    message = told(samples.dispatched(), status=status)

    assert is_dead(message, lost()) is (status not in waits)
    assert not is_dead(message, Duty(places={}))
    assert not is_dead(told(samples.dispatched(), 1, status), lost())


def test_of_each_matter_the_last_message_counts_and_nothing_without_a_link() -> None:
    work, alert = told(samples.dispatched()), told(samples.alerted())
    again = told(samples.alerted(step=1))
    warning = told(samples.warned())
    matters = dead_ones([again, warning, alert, work], lost())

    assert [m.cause.occurrence for m in matters.values()] == ["emergency/1", "work_order/26-1-1"]
    new = told_again(work, lost())
    assert (new.cause.occurrence, new.facts) == ("work_order/26-1-1~1", work.facts)
    taken = renewed(work, lost(), Status.RECEIVED)
    assert opened_by(taken) == opened_by(work)
    assert dead_ones([taken, work], lost()) == {}
    assert told_again(taken, lost(2)).cause.occurrence == "work_order/26-1-1~2"
    assert len(dead_ones([taken, work], lost(2))) == 1


def test_a_message_that_waits_for_its_provider_hides_none_whose_link_is_dead() -> None:
    mail = told(samples.alerted())
    hook = replace(mail, id="beside", status=Status.PENDING, channels=("webhook",), first=mail.id)
    mail = replace(mail, channels=("mail",), beside=("webhook",))

    for both in ([hook, mail], [mail, hook]):
        assert list(dead_ones(both, lost()).values()) == [mail]
    waits = replace(renewed(hook, lost(), Status.PENDING), id="beside again")
    assert list(dead_ones([waits, mail], lost()).values()) == [mail], "its channel may be away"
    assert dead_ones([renewed(mail, lost(), Status.RECEIVED), waits, hook, mail], lost()) == {}


def test_what_was_told_again_in_vain_is_told_once_more_to_a_new_address_and_no_other() -> None:
    work, new = told(samples.dispatched()), lost(reach="new")
    failed = renewed(work, lost(), Status.FAILED)
    first = told(samples.dispatched(), 1, Status.FAILED)

    assert told_again(next(iter(dead_ones([failed, work], lost()).values())), lost()).id == (
        failed.id
    ), "while the addresses are the same it is there already"
    assert list(dead_ones([failed, work], new).values()) == [failed]
    again = told_again(failed, new)
    assert again.cause.occurrence == "work_order/26-1-1/reach/new~1"
    assert opened_by(renewed(failed, new, Status.RECEIVED)) == opened_by(work)
    assert dead_ones([first], lost()) == {}
    assert list(dead_ones([first], new).values()) == [first], "told first after the loss"
    for status in (Status.PENDING, Status.RECEIVED):
        assert dead_ones([renewed(failed, new, status, "new"), failed, work], new) == {}
    in_vain = renewed(failed, new, Status.FAILED, "new")
    (left,) = dead_ones([in_vain, failed, work], new).values()
    assert told_again(left, new).id == in_vain.id


def test_who_was_spared_is_not_called_again_unless_they_were() -> None:
    spared = told(samples.replanned(recipients=(ASSIGNEE,)))
    alert = told(samples.alerted())

    assert dead_ones([spared, alert], lost()) == {}
    assert list(dead_ones([alert, spared], lost()).values()) == [alert]


def test_it_is_looked_at_once_at_once_and_until_all_attempts_of_before_have_ended() -> None:
    assert looks_due(NOW, NOW) == 1
    assert looks_due(NOW, NOW + timedelta(seconds=4)) == 2
    assert looks_due(NOW, NOW + timedelta(days=90)) == len(LOOK_AFTER)
    assert looks_due(NOW, NOW - timedelta(seconds=1)) == 0


# Over the real servers


async def put_work(bench: Bench, *, done: bool = False) -> None:
    now = bench.now()
    given = Dispatch(by="router", department="engineering", assignee=ASSIGNEE)
    ticket = moved(registered("三号楼灯不亮", at=now), given, at=now)
    if done:
        acts = (Accept(by=ASSIGNEE, order=ORDER),
                Resolve(by=ASSIGNEE, order=ORDER, outcome="done", proof=("x",)))  # fmt: skip
        ticket = moved(ticket, *acts, at=now)
    doc = TICKET.to_doc(ticket) | {"building": "3"}
    assert await bench.store.insert_once("tickets", doc)
    work = samples.dispatched(number=NUMBER, work_order=ORDER)
    await bench.handle(work, id="work")


async def put_alert(bench: Bench, *, over: bool = False) -> None:
    ended = bench.now() if over else None
    doc: dict[str, Any] = {
        "_id": NUMBER,
        "ended_at": ended,
        "started_at": bench.now(),
        "alerts": [],
    }
    assert await bench.store.insert_once("emergencies", doc)
    event = samples.alerted(number=NUMBER, recipients=(ASSIGNEE,))
    await bench.handle(event, lane="urgent", id="alert")


async def lose(
    bench: Bench, generation: int = 1, *addresses: str, values: Sequence[str] = ()
) -> None:
    telephone = {"person": ASSIGNEE, "generation": generation, "at": bench.now(),
                 "addresses": [*addresses], "values": [*values]}  # fmt: skip
    await bench.store.documents("rosters").update_one(
        {"_id": HEAD}, {"$set": {"lost": [telephone]}, "$inc": {"revision": 1}}
    )


async def looked(bench: Bench) -> None:
    """Return when every replica has looked as often as it will within some seconds."""
    for replica in bench.replicas:
        await replica.platform.duty.refresh()
    await bench.forward(LOOK_AFTER[-1])

    async def quiet() -> bool:
        return not await bench.docs(status={"$in": ["pending", "sending"]})

    await renewals_of(bench).look()
    await until(quiet)


def renewals_of(bench: Bench) -> Renewals:
    """As one more replica looks that has just begun."""
    platform, settings = bench.platform, bench.settings()
    people = People(bench.store, platform.duty, Opener(platform.vault))
    channels = channels_of(settings, text=bench.tray, mail=mail_sender(settings))
    notifying = Notifying(
        bench.store, people, lambda: platform.policy, lambda _: None,
        channels=channels, places_of=platform.credentials.places_of,
    )  # fmt: skip
    return Renewals(bench.store, people, notifying.tell)


def subject_in(bench: Bench, body: str) -> tuple[str, str] | None:
    token = body.partition("/w/")[2].split()[0]
    kinds: tuple[Any, ...] = ("work", "alert")
    found = ((kind, read_link(kind, token, bench.platform.keys.link)) for kind in kinds)
    return next(((kind, subject) for kind, subject in found if subject), None)


async def test_open_work_and_alerts_are_told_again_once_by_new_links_over_two_replicas(
    empty_bench: Bench,
) -> None:
    bench = empty_bench
    await bench.add_replica()
    await bench.add_replica()
    await put_work(bench)
    await put_alert(bench)
    await bench.ended(2)
    before = len(bench.postbox.mails)

    await lose(bench)
    await until(lambda: len(bench.postbox.mails) >= before + 2, seconds=5)
    await looked(bench)

    new = bench.postbox.mails[before:]
    assert {mail["To"] for mail in new} == {ASSIGNEES_MAIL}
    bodies = [str(mail.get_content()) for mail in new]
    assert sorted(filter(None, (subject_in(bench, body) for body in bodies))) == [
        ("alert", f"{NUMBER}/{ASSIGNEE}~1"),
        ("work", f"{ORDER}/{ASSIGNEE}~1"),
    ]
    assert all("手机已报失" in body for body in bodies)


async def test_what_is_done_over_or_somebody_elses_is_not_told_again(bench: Bench) -> None:
    await put_work(bench, done=True)
    await put_alert(bench, over=True)
    await bench.ended(2)

    await lose(bench)
    await looked(bench)

    assert len(await bench.docs()) == 2


async def test_nothing_goes_to_what_was_lost_and_the_lead_hears_where_nothing_is_left(
    bench: Bench,
) -> None:
    await put_work(bench)
    await bench.ended(1)
    before = len(bench.postbox.mails)

    await lose(bench, 1, "mail", "phone")
    await looked(bench)

    await until(lambda: len(bench.postbox.mails) > before)
    assert [mail["To"] for mail in bench.postbox.mails[before:]] == [LEADS_MAIL]
    (again,) = await bench.docs(**{"cause.occurrence": f"work_order/{ORDER}~1"})
    assert (again["status"], again["reason"]) == ("failed", "no_address")


async def test_an_alert_is_told_again_by_every_channel_also_while_one_is_away(
    bench: Bench,
) -> None:
    async with running_receiver() as receiver:
        receiver.status = 503
        await give(bench, webhook=receiver.address)
        await bench.platform.duty.refresh()
        await put_alert(bench)
        await bench.ended(1)
        before = len(bench.postbox.mails)

        await lose(bench)
        await bench.platform.duty.refresh()
        await renewals_of(bench).look()

        again = await bench.docs(**{"cause.occurrence": "emergency/0~1"})
        assert sorted(doc["channels"][0] for doc in again) == ["mail", "webhook"]
        await until(lambda: len(bench.postbox.mails) > before)
        receiver.status = 200
        await looked(bench)
        assert len(await bench.docs()) == 4
    assert subject_in(bench, bench.postbox.bodies()[-1]) == ("alert", f"{NUMBER}/{ASSIGNEE}~1")


async def give(bench: Bench, **addresses: str) -> None:
    """Put addresses on the duty list, as whoever keeps it would."""
    changed = {f"people.0.{name}": value for name, value in addresses.items()}
    rosters = bench.store.documents("rosters")
    await rosters.update_one({"_id": "jinyuan/engineering"}, {"$set": changed})
    await rosters.update_one({"_id": HEAD}, {"$inc": {"revision": 1}})


async def test_whoever_gets_a_new_telephone_is_told_what_they_have_in_hand_once(
    bench: Bench,
) -> None:
    await put_work(bench)
    await bench.ended(1)
    mute = LostAddresses.by(bench.platform.keys).entry("mail", ASSIGNEES_MAIL)
    await lose(bench, 1, "mail", values=[mute])
    await looked(bench)
    (failed,) = await bench.docs(**{"cause.occurrence": f"work_order/{ORDER}~1"})
    assert (failed["status"], failed["reason"]) == ("failed", "no_address")

    await give(bench, mail="new@duty.example")
    await looked(bench)
    await until(lambda: "new@duty.example" in [mail["To"] for mail in bench.postbox.mails])
    await looked(bench)

    assert [mail["To"] for mail in bench.postbox.mails].count("new@duty.example") == 1
    assert subject_in(bench, bench.postbox.bodies()[-1]) == ("work", f"{ORDER}/{ASSIGNEE}~1")


async def test_what_is_told_after_the_loss_has_the_new_link_at_once(bench: Bench) -> None:
    await lose(bench)
    await bench.platform.duty.refresh()
    await put_work(bench)
    await bench.ended(1)
    await looked(bench)

    (doc,) = await bench.docs()
    assert doc["attempts"][0]["generation"] == 1
    assert subject_in(bench, bench.postbox.bodies()[-1]) == ("work", f"{ORDER}/{ASSIGNEE}~1")


async def test_a_task_counts_while_it_is_somebodys_to_do(bench: Bench) -> None:
    tasks = {"a": ("open", ASSIGNEE), "b": ("done", ASSIGNEE), "c": ("open", "other")}
    for id, (state, person) in tasks.items():
        await bench.store.insert_once("follow_ups", {"_id": id, "state": state, "person": person})
    kind = cast("Any", "task")
    message = told(samples.dispatched())
    asked = {Opened(kind, f"{id}/{ASSIGNEE}"): replace(message, id=id) for id in tasks}

    wanted = await renewals_of(bench).in_hand(asked)

    assert [each.id for each in wanted] == ["a"]
