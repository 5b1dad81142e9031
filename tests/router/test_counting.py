"""Open work is counted exactly, and from the index alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from services.router.emergencies.storage import count_running
from services.router.work_orders.storage import open_work, waiting_by_reason
from shared.tickets.acts import Accept, Act, Dispatch, Resolve
from tests.router.conftest import RouterBench
from tests.support.bench import until
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
        found = await open_work(bench.store, bench.now() + timedelta(days=3))
        read = [q for q in all_.asked() if "open_work" in q.asked]

    assert found.open == {
        ("engineering", "normal"): 2,
        ("security", "normal"): 2,
        ("security", "emergency"): 1,
    }
    assert found.open_at == {"jinyuan": 4}
    assert [question.documents for question in read] == [0]


async def test_what_is_late_is_counted_by_department_and_estate(bench: RouterBench) -> None:
    for number, estate, late in (("A", "jinyuan", 1), ("B", "cuihu", 1), ("C", "cuihu", -1)):
        ticket = replace(registered(LAMP, estate=estate, at=bench.now()), number=number)
        due = bench.now() - timedelta(hours=late)
        at_work = moved(ticket, TO_ENGINEERING, at=bench.now())
        await bench.put(at_work)
        await bench.store.documents("tickets").update_one({"_id": number}, {"$set": {"due": due}})

    found = await open_work(bench.store, bench.now())

    assert found.overdue == {"engineering": 2}
    assert found.overdue_at == {"jinyuan": 1, "cuihu": 1}
    assert found.open_at == {"jinyuan": 1, "cuihu": 2}


async def test_the_figures_of_estates_are_apart(bench: RouterBench) -> None:
    await until(lambda: _shows(bench, 'hotline_estate_tickets_open{estate="jinyuan"}'))
    apart = (await bench.http.get("/metrics/estates")).text
    assert "hotline_estate_tickets_overdue" in apart
    assert "hotline_request_seconds" not in apart
    assert "hotline_estate" not in (await bench.http.get("/metrics")).text


async def _shows(bench: RouterBench, series: str) -> bool:
    return series in (await bench.http.get("/metrics/estates")).text


async def test_the_manual_queue_is_counted_by_reason_with_its_oldest(bench: RouterBench) -> None:
    first = registered(LAMP, estate=None, at=bench.now())
    await bench.put(replace(first, number="A"))
    await bench.forward(timedelta(minutes=5))
    await bench.put(replace(registered(LAMP, estate=None, at=bench.now()), number="B"))
    drill = replace(registered(LAMP, estate=None, at=bench.now()), number="C", test=True)
    await bench.put(drill)

    [waiting] = await waiting_by_reason(bench.store)

    assert (waiting.reason, waiting.count) == ("place", 2)
    assert first.held is not None
    assert waiting.since == first.held.since


async def test_running_emergencies_are_counted_by_whether_somebody_has_them(
    bench: RouterBench,
) -> None:
    now = bench.now()
    for id, taken, ended, test in (
        ("A", None, None, False), ("B", now, None, False), ("C", now, None, False),
        ("D", None, now, False), ("E", None, None, True),
    ):  # fmt: skip
        doc = {"_id": id, "acknowledged_at": taken, "ended_at": ended, "test": test}
        await bench.store.insert_once("emergencies", doc)

    assert await count_running(bench.store) == (2, 1)
