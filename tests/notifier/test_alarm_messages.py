"""An alarm about how somebody reads personal data is told to who stands above them, and read by
nobody else.
"""

from __future__ import annotations

from tests.notifier import samples
from tests.notifier.bench import Bench

DESK, LEAD = "jy-customer-service-1", "jy-customer-service-2"


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
