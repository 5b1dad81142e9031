"""Who hears when a message does not reach one of the staff (B33)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.notifier.domain import others_for, recipients
from services.notifier.messages import Handover, Status, begin, conclude, new_message
from services.notifier.senders.webhook import WebhookSender
from shared.contracts.notifier import MessageFailed, MessageUnreached
from shared.policy.duty import Duty, Person, sample_duty
from shared.readers.messages import missed_by_their_last
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.notifier.test_webhook import give_webhook
from tests.support.bench import until

LEAD, LEADS_MAIL = "jy-engineering-3", "jy.engineering.3@duty.example"


def everybody(_person: Person) -> bool:
    return True


@pytest.mark.parametrize(
    ("person", "estate", "department", "told"),
    [
        ("jy-engineering-1", "jinyuan", "engineering", ("jy-engineering-3",)),
        ("jy-engineering-1", "jinyuan", None, ("jy-engineering-3",)),
        ("jy-engineering-3", "jinyuan", "engineering", ("jy-customer-service-2",)),
        ("jy-customer-service-2", "jinyuan", None, ("chain-1", "chain-2", "chain-3")),
        ("group-duty-1", "jinyuan", "lift_firm", ("lift-firm-1",)),
        ("chain-1", None, None, ("chain-3",)),
        ("chain-3", None, None, ("group-desk-1",)),
        ("gone", "binjiang", None, ("bj-customer-service-2",)),
        ("gone", None, None, ("group-desk-1",)),
    ],
)
def test_who_acts_in_the_place_of_somebody_unreached(
    person: str, estate: str | None, department: str | None, told: tuple[str, ...]
) -> None:
    duty = Duty.model_validate(sample_duty())

    assert others_for(person, estate, department, duty, everybody) == told


def test_whoever_cannot_be_told_is_passed_over() -> None:
    duty = Duty.model_validate(sample_duty())

    def told(*, but: set[str]) -> tuple[str, ...]:
        return others_for(
            "jy-engineering-1", "jinyuan", "engineering", duty, lambda p: p.id not in but
        )

    assert told(but={"jy-engineering-3"}) == ("jy-customer-service-2",)
    assert told(but={p.id for p in duty.everybody}) == ()


def test_an_address_of_one_s_own_that_does_not_answer_is_told_once_and_tried_on() -> None:
    (notice,) = recipients(samples.dispatched())
    now = samples.DUE
    message = new_message(notice, lane="routine", language="zh", now=now)
    said: list[int] = []
    for n in range(1, 6):
        message = begin(message, channel=WebhookSender.channel, policy="v", claim="c", now=now,
                        limit=timedelta(seconds=5))  # fmt: skip
        step = conclude(message, Handover.LATER, "ConnectError", now)
        message = step.value
        assert message.status is Status.PENDING
        said += [n for event in step.events if isinstance(event, MessageUnreached)]

    assert said == [3]


def test_a_mail_server_that_is_away_says_nothing_of_anybody_s_address() -> None:
    (notice,) = recipients(samples.dispatched())
    now = samples.DUE
    message = new_message(notice, lane="routine", language="zh", now=now)
    for _ in range(5):
        message = begin(message, channel="mail", policy="v", claim="c", now=now,
                        limit=timedelta(seconds=5))  # fmt: skip
        step = conclude(message, Handover.LATER, "ConnectError", now)
        message = step.value
        assert step.events == ()


async def unreached(bench: Bench, **wanted: Any) -> dict[str, Any]:
    """The one message to somebody else, once it has ended."""

    async def ended() -> bool:
        docs = await bench.docs(purpose="unreached", **wanted)
        return bool(docs) and all(doc["ended_at"] for doc in docs)

    await until(ended)
    (doc,) = await bench.docs(purpose="unreached", **wanted)
    return doc


@pytest.mark.parametrize("event", [samples.dispatched(), samples.alerted(recipients=("gone",))])
async def test_b33_the_lead_hears_at_once_of_an_address_that_is_missing(
    bench: Bench, event: Any
) -> None:
    await bench.add_ticket()
    await bench.store.documents("rosters").update_one(
        {"_id": "jinyuan/engineering"}, {"$set": {"people.0.mail": ""}}
    )
    await bench.store.documents("rosters").update_one({"_id": "head"}, {"$inc": {"revision": 1}})
    await bench.platform.refresh()

    await bench.handle(event, lane="urgent" if event.name == "emergency.alerted" else "routine")

    doc = await unreached(bench)
    is_alert = event.name == "emergency.alerted"
    assert doc["recipient"] == ("jy-customer-service-2" if is_alert else LEAD)
    assert doc["status"] == "received"
    assert (doc["facts"]["reason"], doc["facts"]["person"]) == (
        "unreached_no_address", "gone" if is_alert else samples.ASSIGNEE,
    )  # fmt: skip
    assert doc["lane"] == ("urgent" if is_alert else "routine")
    (mail,) = [m for m in bench.postbox.mails if "收不到消息" in str(m["Subject"])]
    assert "26-1" in str(mail["Subject"])
    assert "没有可用的地址" in mail.get_content()


async def test_b33_an_address_that_is_refused_is_told_once_and_known(bench: Bench) -> None:
    await bench.add_ticket()
    refused = bench.postbox.refuse("jy.engineering.1@duty.example")

    await bench.handle(samples.dispatched(), id="1")
    await bench.handle(samples.warned(), id="2")

    doc = await unreached(bench)
    assert (doc["recipient"], doc["facts"]["reason"]) == (LEAD, "unreached_refused")
    since = bench.now() - timedelta(days=1)
    people = [samples.ASSIGNEE, LEAD]
    assert await missed_by_their_last(bench.store, people, since) == {samples.ASSIGNEE: "refused"}

    refused.clear()
    await bench.handle(samples.dispatched(work_order="26-1-2"), id="3")
    await until(lambda: bench.docs(recipient=samples.ASSIGNEE, status="received"))
    assert await missed_by_their_last(bench.store, people, since) == {}


async def test_b33_a_webhook_that_nobody_answers_is_told_before_it_is_given_up(
    empty_bench: Bench, unused_tcp_port: int
) -> None:
    bench = empty_bench
    await give_webhook(bench, f"http://127.0.0.1:{unused_tcp_port}/hook")
    await bench.add_replica()
    await bench.let_places_differ(jinyuan={"rules": {"alarm_channels": ["webhook"]}})
    await bench.add_ticket()

    await bench.handle(samples.alerted(recipients=(samples.ASSIGNEE,)), lane="urgent")

    doc = await unreached(bench)
    assert (doc["recipient"], doc["facts"]["reason"]) == (LEAD, "unreached_no_answer")
    (alert,) = await bench.docs(purpose="alert")
    assert alert["status"] in {"pending", "sending"}
    since = bench.now() - timedelta(days=1)
    missed = await missed_by_their_last(bench.store, [samples.ASSIGNEE], since)
    assert missed == {samples.ASSIGNEE: "no_answer"}


async def test_whom_a_ticket_is_about_does_not_hear_of_it_so(bench: Bench) -> None:
    await bench.add_ticket(about={"people": [LEAD], "departments": []})

    await bench.handle(samples.dispatched(assignee="gone"))

    assert (await unreached(bench))["recipient"] == "jy-customer-service-2"


async def test_that_nobody_is_reached_is_told_to_nobody_without_end(bench: Bench) -> None:
    await bench.add_ticket()
    bench.postbox.rcpt_says = "550 nobody of that name"

    await bench.handle(samples.dispatched())

    assert (await unreached(bench))["status"] == "failed"
    assert len(await bench.said(MessageFailed, 2)) == 2
    assert len(await bench.docs()) == 2


async def test_that_the_caller_is_not_reached_is_the_desk_s_task_and_not_told(
    bench: Bench,
) -> None:
    await bench.add_ticket(caller=None)

    await bench.handle(samples.resolved())

    await bench.ended()
    assert len(await bench.said(MessageFailed)) == 1
    assert await bench.docs(purpose="unreached") == []
