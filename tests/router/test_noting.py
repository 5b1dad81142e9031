"""Progress is noted by who does the work and by the desk; the caller gets only what is public."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shared.contracts.router import WorkOrderNoted
from shared.identity import Principal, issue_token, sign_link
from shared.tickets.acts import Dispatch
from tests.router.conftest import RouterBench
from tests.support.tickets import moved, registered

ORDER = "23456789-1"
FIRM = "lift-firm-1"
WORKER = Principal("li", "department", frozenset({"jinyuan"}), frozenset({"lift_firm"}))
DESK = Principal("he", "agent", frozenset({"jinyuan"}))
INTERNAL, PUBLIC = "业主很难缠", "明早9点上门"


async def put_given(bench: RouterBench) -> None:
    now = bench.now()
    given = Dispatch(by="router", department="lift_firm", assignee=FIRM)
    await bench.put(moved(registered("三号楼电梯门关不上", at=now), given, at=now))


async def note(bench: RouterBench, who: Principal = WORKER, **body: Any) -> httpx.Response:
    token = issue_token(who, bench.keys.token, now=bench.now())
    return await bench.http.post(
        f"/v1/work-orders/{ORDER}/note", json=body, headers={"Authorization": f"Bearer {token}"}
    )


@pytest.mark.parametrize("who", [WORKER, DESK], ids=["department", "desk"])
async def test_a_note_is_internal_unless_it_is_said_to_be_public(
    bench: RouterBench, who: Principal
) -> None:
    await put_given(bench)

    answers = [
        await note(bench, who, note=INTERNAL),
        await note(bench, who, note=PUBLIC, public=True),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    events = await bench.said(WorkOrderNoted, 2)
    assert [e.tell_at is not None for e in events] == [False, True]
    kept = [(e.note, e.public, e.by) for e in (await bench.read()).timeline if e.note]
    assert kept == [(INTERNAL, False, who.id), (PUBLIC, True, who.id)]


async def test_an_internal_note_is_in_nothing_that_leaves_our_staff(bench: RouterBench) -> None:
    await put_given(bench)

    answer = await note(bench, note=INTERNAL)

    await bench.said(WorkOrderNoted)
    page = await bench.http.get(f"/w/{sign_link('work', f'{ORDER}/{FIRM}', bench.keys.link)}")
    assert page.status_code == 200
    for shown in (answer.text, page.text, *(e.to_body().decode() for e in bench.heard)):
        assert INTERNAL not in shown


async def test_names_and_numbers_are_taken_out_of_a_public_note(bench: RouterBench) -> None:
    await put_given(bench)

    await note(bench, note="请找王先生，电话13800138000", public=True)

    (entry,) = (await bench.read()).public_notes
    assert entry.note is not None
    assert "13800138000" not in entry.note
    assert "王先生" not in entry.note


async def test_a_public_note_says_something(bench: RouterBench) -> None:
    await put_given(bench)

    answer = await note(bench, public=True)

    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["note"]
