"""What could not be handled waits for a person only where a person is needed, and no longer."""

from __future__ import annotations

from tests.cases.parked import park
from tests.support.floor import Floor


async def test_b28_what_its_sender_was_told_of_waits_for_nobody_and_ends(floor: Floor) -> None:
    answered, silent = await park(floor, reply=True), await park(floor, reply=False)

    assert answered["ends_at"] < silent["ends_at"]


async def test_b28_a_person_ends_what_nobody_needs_and_says_why(floor: Floor) -> None:
    entry = await park(floor, reply=False)
    path = f"/v1/parked/{entry['id']}"

    bare = await floor.clients.call("POST", "intake", f"{path}/discard", role="supervisor", json={})
    assert [fault["field"] for fault in bare.json()["faults"]] == ["reason"]
    why = {"reason": "sent_again"}
    done = await floor.clients.call(
        "POST", "intake", f"{path}/discard", role="supervisor", json=why
    )

    assert done.status_code == 200, done.text
    assert (await floor.clients.call("GET", "intake", path, role="supervisor")).status_code == 404
    query = f"/v1/audit?kind=parked&id={entry['id']}"
    record = await floor.clients.call("GET", "admin", query, role="auditor")
    assert "parked.discarded" in [item["act"] for item in record.json()["items"]], record.text
