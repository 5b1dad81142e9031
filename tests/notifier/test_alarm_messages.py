"""An alarm about how somebody reads personal data is told to who stands above them, and read by
nobody else.
"""

from __future__ import annotations

from services.notifier.domain import recipients
from services.notifier.messages import new_message
from services.notifier.minute import asks_for_turn
from tests.notifier import samples
from tests.notifier.bench import Bench
from tests.support.bench import until

DESK, LEAD = "jy-customer-service-1", "jy-customer-service-2"
LEADS_MAIL = "jy.customer.service.2@duty.example"


async def test_an_alarm_is_told_to_the_lead_of_the_readers_list(bench: Bench) -> None:
    await bench.handle(samples.reading_alarm(reader=DESK, recipients=()))

    (doc,) = await bench.ended()
    assert (doc["recipient"], doc["purpose"], doc["status"]) == (LEAD, "reading_alarm", "received")
    assert DESK in bench.postbox.bodies()[0]


async def test_a_leads_own_alarm_goes_to_somebody_else(bench: Bench) -> None:
    await bench.handle(samples.reading_alarm(reader=LEAD, recipients=()))

    told = await bench.ended()
    assert told
    assert LEAD not in {doc["recipient"] for doc in told}


async def test_nobody_at_the_desk_reads_in_the_messages_that_there_is_an_alarm(
    bench: Bench,
) -> None:
    await bench.handle(samples.reading_alarm(reader=DESK, recipients=()))
    (doc,) = await bench.ended()
    http = bench.replicas[0].http

    seen = {}
    for role in ("agent", "manager", "supervisor"):
        listed = await http.get("/v1/messages", headers=bench.token(role, "jinyuan"))
        one = await http.get(f"/v1/messages/{doc['_id']}", headers=bench.token(role, "jinyuan"))
        seen[role] = (len(listed.json()["items"]), one.status_code)

    assert seen == {"agent": (0, 404), "manager": (0, 404), "supervisor": (1, 200)}


async def test_that_an_alarm_reached_nobody_is_as_confidential_as_the_alarm(bench: Bench) -> None:
    bench.postbox.refuse(LEADS_MAIL)
    await bench.handle(samples.reading_alarm(reader=DESK, recipients=()))
    await until(lambda: bench.docs(purpose="unreached"))
    word, *_ = await bench.docs(purpose="unreached")
    http = bench.replicas[0].http

    seen = {}
    for role in ("agent", "supervisor"):
        signed = bench.token(role, "jinyuan")
        listed = (await http.get("/v1/messages", headers=signed)).json()["items"]
        one = await http.get(f"/v1/messages/{word['_id']}", headers=signed)
        seen[role] = ("reading_alarm" in str(listed), one.status_code == 200)

    assert seen["agent"] == (False, False)
    assert seen["supervisor"][0]


async def test_the_watched_reader_does_not_hear_that_the_alarm_reached_nobody(
    bench: Bench,
) -> None:
    """The desk's lead opens too much; nobody else of the lists can be reached either."""
    alarm = samples.reading_alarm(reader=LEAD, recipients=())
    await bench.handle(alarm, id="alarm")
    told, *_ = await bench.ended()
    missed = samples.unreached(
        message=told["_id"], number=alarm.alarm, about="reading_alarm", purpose="reading_alarm",
        recipient=DESK, estate="jinyuan", department=None, recipients=(),
    )  # fmt: skip

    await bench.handle(missed, id="missed")

    await until(lambda: bench.docs(purpose="unreached"))
    assert LEAD not in {doc["recipient"] for doc in await bench.docs(purpose="unreached")}


def test_an_alarm_is_never_told_together_with_what_others_may_read() -> None:
    alarm = samples.reading_alarm(recipients=(LEAD,))
    missed = samples.unreached(about="reading_alarm", number=alarm.alarm, recipients=(LEAD,))
    other = samples.unreached(recipients=(LEAD,))

    asks = []
    for event in (alarm, missed, other):
        (notice,) = recipients(event)
        message = new_message(notice, lane="routine", language="zh", now=samples.DUE)
        asks.append(asks_for_turn(message))

    assert asks == [False, False, True]
