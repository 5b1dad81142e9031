"""What may be about the same is offered with why, and what is elsewhere is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from shared.tickets.acts import Join, Merge
from tests.intake.privacy_bench import PrivacyBench

LEAK: Final = {"text": "3号楼大堂天花板一直漏水", "type": "repair", "area": "plumbing"}


async def similar(bench: PrivacyBench, **sketch: Any) -> list[dict[str, Any]]:
    body = {"estate": "jinyuan", **sketch}
    answer = await bench.ask("POST", "/v1/tickets/similar", as_="agent", json=body)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_the_likest_open_ones_come_first_with_why(bench: PrivacyBench) -> None:
    over = await bench.register(LEAK)
    await bench.finish(over, await bench.give(over))
    await bench.platform.tickets.get(over)
    open_ = await bench.register(LEAK)
    elsewhere = await bench.register(LEAK, text="5号楼大堂天花板一直漏水")
    foreign = await bench.register(LEAK, estate="cuihu")
    await bench.register(text="停车费怎么算", type="inquiry", area="fees")

    found = await similar(bench, area="plumbing", text="三号楼大堂天花板在漏水")

    assert {item["ticket"]["number"] for item in found} == {open_, over}
    assert found[0]["why"] == ["building", "area", "words"]
    assert found[0]["ticket"]["words"] == LEAK["text"]
    assert {elsewhere, foreign}.isdisjoint(item["ticket"]["number"] for item in found)


async def test_five_at_most_and_none_of_what_is_long_ago_a_drill_or_cancelled(
    bench: PrivacyBench,
) -> None:
    await bench.register(LEAK, test=True)
    await bench.end(await bench.register(LEAK))
    assert await similar(bench, text=LEAK["text"]) == []

    for _ in range(7):
        await bench.register(LEAK)
    assert len(await similar(bench, text=LEAK["text"])) == 5

    await bench.forward(bench.platform.policy.rules.repeats_within + timedelta(days=1))
    assert await similar(bench, text=LEAK["text"]) == []


async def test_of_little_that_is_known_nothing_is_made_up(bench: PrivacyBench) -> None:
    await bench.register(LEAK)

    for sketch in ({}, {"text": "？"}, {"text": "你好"}, {"area": "plumbing"}, {"building": "9"}):
        assert await similar(bench, **sketch) == [], sketch
    assert await similar(bench, estate="nowhere", text=LEAK["text"]) == []


async def test_what_belongs_to_a_ticket_is_shown_as_far_as_it_may_be(bench: PrivacyBench) -> None:
    await bench.have_account("agent-7")
    first = await bench.register(LEAK)
    again = await bench.register(LEAK)
    hidden = await bench.register(LEAK, about={"people": ["agent-7"]})
    order = await bench.give(again)
    stuck = await bench.register(text="电梯里困了两个人，快来")

    async def related(number: str, **who: Any) -> Any:
        answer = await bench.ask("GET", f"/v1/tickets/{number}/related", **{"as_": "agent", **who})
        return answer.json()

    told = await related(again)
    assert [card["number"] for card in told["matter"]] == [first]
    assert (told["incident"], told["emergency"], told["merged_into"]) == (None, None, None)
    assert {c["number"] for c in (await related(first, id="lin"))["matter"]} == {again, hidden}
    theirs = await related(again, as_="department", departments="engineering")
    assert theirs["matter"] == []
    assert (await related(stuck))["emergency"] == stuck
    assert order


async def test_a_ticket_names_none_that_is_not_for_whoever_reads_it(bench: PrivacyBench) -> None:
    await bench.have_account("agent-7")
    stuck = {"text": "电梯里困了两个人，快来"}
    theirs = await bench.register(stuck, about={"people": ["agent-7"]})
    joined, merged = await bench.register(stuck), await bench.register(LEAK)
    await bench.act(joined, Join(by="agent-1", joins=theirs, note=theirs))
    await bench.act(merged, Merge(by="agent-1", into=theirs))

    for number, name in ((joined, "joins"), (merged, "merged_into")):
        for id, shown in (("agent-7", None), ("lin", theirs)):
            answer = await bench.ask("GET", f"/v1/tickets/{number}", as_="agent", id=id)
            assert answer.status_code == 200
            assert answer.json()[name] == shown
            assert (theirs in answer.text) is (shown is not None)
