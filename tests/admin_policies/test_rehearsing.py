"""A draft is tried on the last requests: how many would be otherwise, and how; never a word."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from shared.contracts.times import written
from tests.admin_policies.bench import AGENT, Bench, refused

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TAP = "厨房水龙头滴水，请来修一下"


async def add_past(bench: Bench, number: str, words: str = TAP, **more: Any) -> None:
    usual = {"scrubbed": words, "estate": "cuihu", "registered_at": MONDAY}
    await bench.store.insert_once("tickets", {"_id": number, **usual, **more})


async def rehearsed(bench: Bench, id: str, last: int = 1000) -> list[dict[str, Any]]:
    answer = await bench.ask("POST", f"/{id}/dry-run", last=last)
    assert answer.is_success, answer.text
    assert TAP not in answer.text
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def test_what_would_be_otherwise_is_counted_and_listed(bench: Bench) -> None:
    await add_past(bench, "T1")
    await add_past(bench, "T2", estate="jinyuan")
    await add_past(bench, "T3", "电梯困人了，快来人")
    id = await bench.draft(
        "local: {cuihu: {taxonomy: {types: [{id: repair, limits: "
        "{normal: {arrive: {for: PT2H, on: wall}}}}]}}}"
    )

    *_, told = await rehearsed(bench, id)

    assert (told["state"], told["done"], told["of"], told["differing"]) == ("done", 3, 3, 1)
    assert told["by"] == {"promised.arrive": 1}
    was, would = (MONDAY + timedelta(hours=h) for h in (24, 2))
    assert told["tickets"] == [{"number": "T1", "promised.arrive": [written(was), written(would)]}]


async def test_another_department_is_told_as_well(bench: Bench) -> None:
    await add_past(bench, "T1")
    id = await bench.draft("taxonomy: {areas: [{id: plumbing, department: security}]}")

    *_, told = await rehearsed(bench, id)

    assert told["tickets"] == [{"number": "T1", "departments": [["engineering"], ["security"]]}]


async def test_the_last_requests_are_read_in_batches_and_no_more_than_asked_for(
    bench: Bench,
) -> None:
    for n in range(130):
        await add_past(bench, f"T{n:03}", "嗯")
    id = await bench.draft("rules: {hold_below_confidence: 0}")

    lines = await rehearsed(bench, id, last=120)

    assert [line["done"] for line in lines] == [0, 100, 120, 120]
    assert {line["of"] for line in lines} == {120}
    assert lines[-1]["tickets"][0]["number"] == "T129"
    assert lines[-1]["by"]["undecided"] == lines[-1]["differing"] == 120


async def test_a_request_about_whoever_asks_is_left_out(bench: Bench) -> None:
    await add_past(bench, "T1", about={"people": ["su"], "departments": []})
    await add_past(bench, "T2", about={"people": ["li"], "departments": []})
    id = await bench.draft("taxonomy: {areas: [{id: plumbing, department: security}]}")

    *_, told = await rehearsed(bench, id)

    assert [ticket["number"] for ticket in told["tickets"]] == ["T2"]
    assert (told["done"], told["of"]) == (1, 1)


async def test_without_requests_nothing_differs(bench: Bench) -> None:
    *_, told = await rehearsed(bench, await bench.draft())

    assert (told["done"], told["differing"], told["tickets"]) == (0, 0, [])


async def test_a_faulty_draft_is_not_tried(bench: Bench) -> None:
    id = await bench.draft("rules: {warn_at_shares: [7]}")

    answer = await bench.ask("POST", f"/{id}/dry-run")

    assert refused(answer) == "422 faulty-policy"


async def test_so_many_requests_are_never_read_and_not_everybody_tries(bench: Bench) -> None:
    id = await bench.draft()

    assert refused(await bench.ask("POST", f"/{id}/dry-run", last=5001)) == "422 malformed"
    assert refused(await bench.ask("POST", f"/{id}/dry-run", AGENT)) == "403 forbidden"
