"""Open work is counted exactly, and from the index alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.router.work_orders.storage import open_by_department
from shared.tickets.acts import Accept, Act, Dispatch, Resolve
from tests.router.conftest import RouterBench
from tests.support.questions import questions
from tests.support.tickets import LAMP, LIFT, moved, registered

TO_ENGINEERING = Dispatch(by="router", department="engineering", assignee="jy-engineering-1")
TO_SECURITY = Dispatch(by="router", department="security", assignee="jy-security-1")
DONE = (
    Accept(by="jy-engineering-1", order="23456789-1"),
    Resolve(by="jy-engineering-1", order="23456789-1", outcome="done"),
)


async def put(bench: RouterBench, number: str, text: str, acts: Iterable[Act] = ()) -> None:
    ticket = moved(registered(text, at=bench.now()), *acts, at=bench.now())
    await bench.put(replace(ticket, number=number))


async def test_open_work_is_counted_by_department_and_urgency(bench: RouterBench) -> None:
    await put(bench, "A", LAMP)
    await put(bench, "B", LAMP, [TO_ENGINEERING])
    await put(bench, "C", LAMP, [TO_ENGINEERING, TO_SECURITY])
    await put(bench, "D", LAMP, [TO_ENGINEERING, *DONE])
    await put(bench, "E", LAMP, [TO_ENGINEERING, TO_SECURITY, *DONE])
    await put(bench, "F", LIFT, [TO_SECURITY])

    place, only = bench.corner, {"command.aggregate": "tickets"}
    with questions(place.mongo_url, place.database, only=only) as all_:
        found = await open_by_department(bench.store)
        read = [q for q in all_.asked() if "open_work" in q.asked]

    assert found == {
        ("engineering", "normal"): 2,
        ("security", "normal"): 2,
        ("security", "emergency"): 1,
    }
    assert [question.documents for question in read] == [0]
