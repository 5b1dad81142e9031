"""Events in, messages out: who is sent what, and that once."""

import asyncio
from datetime import timedelta

import orjson
import pytest

from services.notifier.domain import recipients
from services.notifier.messages import new_message
from services.notifier.storage import MESSAGES
from shared.contracts import Event, Step
from shared.contracts.notifier import CALLER, MessageFailed, MessageReceived
from shared.identity import read_link
from shared.store import Collection
from shared.telemetry import metrics
from tests.notifier import samples
from tests.notifier.bench import NAME, PHONE, ROOM, Bench
from tests.support.bench import until


async def test_a_caller_gets_a_receipt_with_number_and_promise(bench: Bench) -> None:
    await bench.add_ticket()

    await bench.handle(samples.registered())

    (doc,) = await bench.ended()
    (letter,) = bench.tray.letters
    assert letter.address == "+8613800138000"
    assert NAME in letter.body
    assert "26-1" in letter.body
    assert "11月23日 16:30" in letter.body
    assert (doc["status"], doc["attempts"][0]["channel"]) == ("received", "sandbox")
    (told,) = await bench.said(MessageReceived)
    assert told == MessageReceived(
        message=doc["_id"], number="26-1", recipient=CALLER, purpose="receipt", channel="sandbox"
    )


async def test_a_caller_who_writes_english_is_written_to_in_english(bench: Bench) -> None:
    await bench.add_ticket(language="en")

    await bench.handle(samples.resolved())

    await bench.ended()
    assert "Thank you for your patience" in bench.tray.letters[0].body


@pytest.mark.parametrize("phone", ["内线8001", "138 0013 8000（她儿子）/13900139000", "转12"])
async def test_a_number_that_no_message_can_be_sent_to_is_not_no_number(
    bench: Bench, phone: str
) -> None:
    """Somebody can ring it: only where there is none at all the ticket closes by itself."""
    await bench.add_ticket(caller={"name": NAME, "phone": phone})

    await bench.handle(samples.resolved())

    (doc,) = await bench.ended()
    assert (doc["status"], doc["reason"], doc["attempts"][-1]["code"]) == (
        "failed", "refused", "no_number",
    )  # fmt: skip


async def test_who_was_answered_on_the_call_gets_no_receipt(bench: Bench) -> None:
    await bench.add_ticket(mark="answered")

    await bench.handle(samples.registered())

    assert await bench.docs() == []


async def test_the_assignee_gets_the_work_by_mail(bench: Bench) -> None:
    await bench.add_ticket()

    await bench.handle(samples.dispatched())

    (doc,) = await bench.ended()
    (mail,) = bench.postbox.mails
    assert mail["To"] == samples.ASSIGNEES_MAIL
    assert mail["X-Hotline-Cause"] == "ticket/26-1/work_order/26-1-1"
    assert doc["status"] == "received"
    assert "锦园 3 号楼" in bench.postbox.bodies()[0]
    assert PHONE not in bench.postbox.bodies()[0]


async def test_an_alert_reaches_everybody_at_once_on_the_urgent_lane(bench: Bench) -> None:
    await bench.add_ticket()

    await bench.handle(samples.alerted(), lane="urgent")

    docs = await bench.ended(3)
    assert {doc["lane"] for doc in docs} == {"urgent"}
    assert len({str(mail["To"]) for mail in bench.postbox.mails}) == 3
    assert all(mail["Importance"] == "high" for mail in bench.postbox.mails)


async def test_an_alert_goes_first_and_its_outcome_is_routine(
    empty_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where more urgent letters are left behind than one look takes up."""
    monkeypatch.setattr("services.notifier.sending.TAKE_UP", 5)
    bench, before = empty_bench, empty_bench.store.clock.now() - timedelta(minutes=1)
    messages = Collection(bench.store, MESSAGES)
    assignments = [
        notice
        for n in range(1, 21)
        for notice in recipients(samples.dispatched(work_order=f"26-1-{n}"))
    ]
    for notice in (*assignments, *recipients(samples.alerted(recipients=("chain-1",)))):
        message = new_message(notice, lane="urgent", language="zh", now=before)
        before += timedelta(seconds=1)  # the alert is the youngest
        assert await messages.insert(Step(message), message.at)

    await bench.add_replica()

    await bench.ended(21)
    causes = [str(mail["X-Hotline-Cause"]) for mail in bench.postbox.mails]
    assert causes[0] == "ticket/26-1/emergency/0"
    assert len(set(causes)) == 21
    assert len(await bench.said(MessageReceived)) == 21
    assert {envelope.lane for envelope in bench.heard} == {"routine"}


async def test_an_alert_goes_out_even_where_the_ticket_cannot_be_found(bench: Bench) -> None:
    await bench.handle(samples.alerted(), lane="urgent")

    assert {doc["status"] for doc in await bench.ended(3)} == {"received"}


async def test_a_survey_comes_with_a_link_that_only_the_caller_sees(bench: Bench) -> None:
    await bench.add_ticket()

    await bench.handle(samples.asked())

    (doc,) = await bench.ended()
    token = bench.tray.letters[0].body.partition("/s/")[2].split()[0]
    assert read_link("survey", token, bench.platform.keys.link) == "s-1"
    assert token not in str(doc)
    seen = await bench.replicas[0].http.get(f"/v1/messages/{doc['_id']}", headers=bench.token())
    assert token not in seen.text


async def test_repeats_at_the_same_time_and_later_change_nothing(empty_bench: Bench) -> None:
    bench = empty_bench
    await asyncio.gather(bench.add_replica(), bench.add_replica())
    await bench.add_ticket()
    events = [samples.registered(), samples.dispatched(), samples.breached()]

    for round_ in range(5):
        await asyncio.gather(
            *(bench.publish(event, id=f"{n}/{round_}") for n, event in enumerate(events))
        )
    docs = await bench.ended(4)
    await bench.handle(samples.registered(), id="months-later")

    assert len(docs) == len(await bench.docs()) == 4
    assert {doc["version"] for doc in docs} == {3}
    assert len(bench.tray.letters) == 1
    assert len(bench.postbox.mails) == 3
    assert len(await bench.said(MessageReceived)) == 4


async def test_two_replicas_that_see_the_same_message_due_send_it_once(
    empty_bench: Bench,
) -> None:
    bench = empty_bench
    first = await bench.add_replica()
    await bench.add_ticket()
    bench.postbox.rcpt_says = "451 later"
    for n in range(20):
        await bench.publish(samples.dispatched(work_order=f"26-1-{n}"), id=str(n))
    await until(lambda: _all_tried(bench, 20))
    second = await bench.add_replica()

    bench.postbox.rcpt_says = "250 fine"
    await bench.forward(timedelta(minutes=10))

    await bench.ended(20)
    causes = [str(mail["X-Hotline-Cause"]) for mail in bench.postbox.mails]
    assert len(causes) == len(set(causes)) == 20
    assert first is not second


async def _all_tried(bench: Bench, count: int) -> bool:
    docs = await bench.docs(status="pending")
    return sum(bool(doc["attempts"]) for doc in docs) == count


async def test_a_server_that_is_busy_is_asked_again_later_and_later(bench: Bench) -> None:
    await bench.add_ticket()
    bench.postbox.rcpt_says = "451 later"
    await bench.handle(samples.dispatched())

    for tries, pause in ((1, 1), (2, 5), (3, 30), (4, 120)):
        doc = await bench.retried(tries)
        last = doc["attempts"][-1]
        assert doc["next_at"] - last["ended_at"] == timedelta(seconds=pause)
        assert (last["outcome"], last["code"]) == ("later", "451")
        if tries == 4:
            bench.postbox.rcpt_says = "250 fine"
        await bench.forward(timedelta(seconds=pause))

    (doc,) = await bench.ended()
    assert doc["status"] == "received"
    assert len(doc["attempts"]) == 5
    assert len(bench.postbox.mails) == 1


async def test_what_has_waited_is_not_sent_to_whom_the_matter_turns_out_to_be_about(
    bench: Bench,
) -> None:
    await bench.add_ticket()
    bench.postbox.rcpt_says = "451 later"
    await bench.handle(samples.dispatched())
    await bench.retried(2)
    about = {"people": [samples.ASSIGNEE], "departments": []}
    await bench.store.documents("tickets").update_one({"_id": "26-1"}, {"$set": {"about": about}})
    bench.postbox.rcpt_says = "250 fine"

    await bench.forward(timedelta(seconds=5))

    (doc,) = await bench.ended()
    assert (doc["status"], doc["attempts"][-1]["code"]) == ("failed", "about_them")
    assert bench.postbox.mails == []


async def test_a_server_that_stays_busy_for_a_day_is_given_up(bench: Bench) -> None:
    await bench.add_ticket()
    bench.postbox.rcpt_says = "451 later"
    await bench.handle(samples.dispatched())
    await bench.retried(1)

    await bench.forward(timedelta(hours=24))

    await bench.ended()
    (doc,) = await bench.docs(purpose="assignment")
    assert (doc["status"], doc["reason"]) == ("failed", "refused")
    (failed,) = await bench.said(MessageFailed)
    assert failed.reason == "refused"


async def test_a_refusal_is_final(bench: Bench) -> None:
    await bench.add_ticket()
    bench.postbox.rcpt_says = "550 nobody of that name"

    await bench.handle(samples.dispatched())

    await bench.ended()
    (doc,) = await bench.docs(purpose="assignment")
    assert (doc["status"], doc["reason"], len(doc["attempts"])) == ("failed", "refused", 1)


async def test_somebody_without_an_address_is_reported(bench: Bench) -> None:
    await bench.add_ticket(caller={"name": NAME})
    await bench.add_ticket("26-2", caller=None)

    await bench.handle(samples.resolved())
    await bench.handle(samples.resolved(number="26-2"), id="t/2")
    await bench.handle(samples.dispatched(assignee="nobody-on-the-list"), id="t/3")

    await bench.ended(3)
    docs = await bench.docs(purpose={"$ne": "unreached"})
    assert {(doc["status"], doc["reason"]) for doc in docs} == {("failed", "no_address")}
    failed = await bench.said(MessageFailed)
    assert {e.reason for e in failed if isinstance(e, MessageFailed)} == {"no_address"}
    assert bench.tray.letters == []


async def test_a_hanging_server_leaves_a_routine_message_unknown_and_holds_up_no_alert(
    bench: Bench,
) -> None:
    await bench.add_ticket()
    bench.postbox.data_says = None
    for n in range(40):
        await bench.publish(samples.dispatched(work_order=f"26-1-{n}"), id=str(n))
    await until(lambda: len(bench.postbox.mails) == 20)

    bench.postbox.data_says = "250 taken"
    await bench.handle(samples.alerted(), lane="urgent", id="alert")

    docs = await bench.ended(3)
    assert {doc["purpose"] for doc in docs if doc["status"] == "received"} == {"alert"}
    assert sum(doc["status"] == "sending" for doc in docs) == 20


async def test_nothing_personal_is_kept_said_or_counted(bench: Bench) -> None:
    await bench.add_ticket(caller={"name": NAME, "phone": PHONE, "room": ROOM})
    for n, event in enumerate(
        (samples.registered(), samples.resolved(), samples.reopened(), samples.asked(),
         samples.dispatched(), samples.warned(), samples.breached())
    ):  # fmt: skip
        await bench.handle(event, id=str(n))
    await bench.ended(8)
    await bench.said(MessageReceived)

    kept = str(await bench.docs()) + "".join(e.to_body().decode() for e in bench.heard)
    page = await bench.replicas[0].http.get("/metrics")

    for secret in (NAME, PHONE, ROOM, samples.ASSIGNEES_MAIL, "许志强", "处理完毕", "/s/"):
        assert secret not in kept
        assert secret not in page.text
    counted = metrics.MESSAGES.labels("sandbox", "received")._value.get()
    assert counted >= 4


async def test_with_the_broker_silent_an_alert_comes_from_the_store(bench: Bench) -> None:
    await bench.add_ticket()
    envelope = bench.seal(samples.alerted(), id="emergency/26-1/1/0", lane="urgent")
    waiting = {
        "id": envelope.id, "service": "router", "lane": "urgent", "key": envelope.routing_key,
        "at": envelope.time - timedelta(seconds=5), "body": envelope.to_body().decode(),
    }  # fmt: skip

    await bench.store.insert_once("emergencies", {"_id": "26-1", "outbox": [waiting]})

    docs = await bench.ended(3)
    assert {doc["status"] for doc in docs} == {"received"}
    emergency = await bench.store.get("emergencies", "26-1")
    assert emergency is not None
    assert len(emergency["outbox"]) == 1, "the sweep clears nothing"
    await bench.handle(samples.alerted(), lane="urgent", id=envelope.id)
    assert len(await bench.docs()) == 3


async def test_what_a_killed_replica_only_wrote_down_is_sent_by_the_next_one(
    empty_bench: Bench,
) -> None:
    bench = empty_bench
    await bench.add_replica()
    await bench.add_ticket()
    await bench.handle(samples.registered())
    (doc,) = await bench.ended()
    left = doc | {"_id": "left", "status": "pending", "version": 1, "attempts": [], "outbox": [],
                  "next_at": doc["at"], "ended_at": None}  # fmt: skip

    await bench.store.insert_once("messages", left)

    await bench.ended(2)
    assert [letter.id for letter in bench.tray.letters] == [doc["_id"], "left"]


def test_letters_and_contacts_do_not_print_themselves() -> None:
    from services.notifier.people import Contact
    from services.notifier.senders import Letter

    letter = Letter(
        id="m", cause="c", purpose="receipt", lane="routine", address=PHONE, subject="s", body=NAME
    )

    assert PHONE not in f"{letter}{Contact(NAME, PHONE)}{orjson.dumps(str(letter))!r}"


async def test_what_can_wait_waits_for_the_end_of_the_quiet_hours(bench: Bench) -> None:
    """And what cannot, goes: the receipt of a call in the night, and whatever is urgent."""
    zone = bench.platform.policy.calendar.zone
    hour = bench.now().astimezone(zone).hour
    quiet = {"start": f"{(hour - 1) % 24:02}:00", "end": f"{(hour + 2) % 24:02}:00"}
    await bench.let_places_differ(jinyuan={"rules": {"quiet_hours": quiet}})
    await bench.add_ticket()

    await bench.handle(samples.resolved())
    await bench.handle(samples.registered())
    await bench.handle(samples.reopened(urgency="urgent"))
    await bench.ended(2)

    waiting = [doc for doc in await bench.docs() if doc["status"] == "pending"]
    assert [doc["purpose"] for doc in waiting] == ["feedback"]
    assert timedelta(hours=1) <= waiting[0]["next_at"] - bench.now() <= timedelta(hours=2)
    await bench.forward(timedelta(hours=2))
    await bench.ended(3)


@pytest.mark.parametrize(
    "event",
    [samples.registered(), samples.resolved(), samples.reopened(), samples.asked(),
     samples.appointed(), samples.extended(), samples.noted(tell_at=samples.DUE),
     samples.incident_announced(numbers=("26-1",))],
)  # fmt: skip
async def test_b26_to_the_caller_of_some_emergencies_nothing_is_sent_whatever_happens(
    bench: Bench, event: Event
) -> None:
    await bench.add_ticket(emergency_kind="suicide_risk", timeline=[])

    await bench.handle(event)

    (doc,) = await bench.ended()
    assert (doc["recipient"], doc["status"], doc["reason"]) == (CALLER, "failed", "withheld")
    assert bench.tray.letters == []
    (failed,) = await bench.said(MessageFailed)
    assert failed.reason == "withheld"


async def test_b26_what_turns_out_to_be_none_is_written_about_again(bench: Bench) -> None:
    await bench.add_ticket(emergency_kind="suicide_risk")
    await bench.handle(samples.registered(), id="1")
    await bench.ended()
    await bench.store.upsert("tickets", "26-1", {"$set": {"emergency_kind": None}})

    await bench.handle(samples.resolved(), id="2")

    await bench.ended(2)
    assert [letter.purpose for letter in bench.tray.letters] == ["feedback"]
