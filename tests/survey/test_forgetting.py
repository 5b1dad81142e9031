"""When a caller is erased, the survey forgets what they wrote in their own words."""

from __future__ import annotations

from typing import Any

from shared.contracts.intake import TicketPersonErased
from tests.support.bench import until
from tests.survey.bench import Bench

COMMENT = "师傅来了两次才修好"


async def answered(bench: Bench, number: str) -> None:
    address = await bench.ask(number)
    await bench.http.post(address, data={"score": "4", "comment": COMMENT})
    assert (await answer(bench, number))["sealed"]


async def answer(bench: Bench, number: str) -> dict[str, Any]:
    found: dict[str, Any] = (await bench.doc(f"{number}-1"))["answer"]
    return found


async def erased(bench: Bench, number: str, person: str) -> None:
    event = TicketPersonErased(number=number, person=person, why="privacy_request")
    await bench.publish(event, id=f"ticket/{number}/9/{person}")


async def test_the_sealed_words_go_and_the_score_stays(bench: Bench) -> None:
    for number in ("JY0001", "JY0002", "JY0003"):
        await answered(bench, number)

    await erased(bench, "JY0002", "on_site_contact")
    await erased(bench, "JY0001", "caller")

    async def forgotten() -> bool:
        return (await answer(bench, "JY0001"))["sealed"] is None

    await until(forgotten)
    left = await answer(bench, "JY0001")
    assert (left["score"], left["comment"]) == (4, COMMENT)
    assert (await answer(bench, "JY0002"))["sealed"]
    assert (await answer(bench, "JY0003"))["sealed"]
