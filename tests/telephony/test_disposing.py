"""Every answered call has an end in the books: a ticket, or a word what it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.telephony.calls.domain import link
from shared.calls.facts import EndedBy, Kind
from shared.identity import Role
from tests.telephony.bench import Bench
from tests.telephony.test_gaps import fact, talking


async def answered(bench: Bench, call: str = "1.1") -> str:
    then = bench.now()
    await bench.tell(
        *talking(bench, call, then), fact(bench, Kind.ENDED, then + timedelta(seconds=9), call)
    )
    return str(bench.telephony.app.state.calling.id_of(bench.user, call))


async def dispose(bench: Bench, call: str, code: Any = "wrong_number", as_: Role = "agent") -> Any:
    return await bench.http.post(
        f"/v1/calls/{call}/disposition", json={"code": code}, headers=bench.signed_in(as_)
    )


async def listed(bench: Bench) -> list[str]:
    answer = await bench.http.get(
        "/v1/calls", params={"undisposed": True}, headers=bench.signed_in("supervisor")
    )
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


async def gauge(bench: Bench, name: str) -> float | None:
    await bench.look()
    return REGISTRY.get_sample_value(name)


async def test_what_has_neither_ticket_nor_word_is_listed_after_a_quarter_of_an_hour(
    bench: Bench,
) -> None:
    call = await answered(bench)
    tied = await answered(bench, "1.2")
    told = await answered(bench, "1.3")
    await bench.calls.change(tied, lambda kept, _: link(kept, "23456789", danger=False))
    assert (await dispose(bench, told)).json()["disposition"] == "wrong_number"
    assert await listed(bench) == []
    assert await gauge(bench, "hotline_calls_undisposed") == 0
    await bench.forward(timedelta(minutes=16))
    assert await listed(bench) == [call]
    assert await gauge(bench, "hotline_calls_undisposed") == 1
    assert (await dispose(bench, call, "silent")).status_code == 200
    assert await listed(bench) == []
    assert await gauge(bench, "hotline_calls_undisposed") == 0


async def test_the_last_word_counts_and_says_who_said_it(bench: Bench) -> None:
    call = await answered(bench)
    await dispose(bench, call, "nuisance")
    again = await dispose(bench, call, "promotion")
    assert again.json()["disposition"] == "promotion"
    kept = await bench.calls.get(call)
    assert kept is not None
    assert kept.disposition is not None
    before = kept.version
    await dispose(bench, call, "promotion", "supervisor")
    kept = await bench.calls.get(call)
    assert kept is not None
    assert kept.version == before


@pytest.mark.parametrize("code", ["", "angry", None, 7, ["silent"], "x" * 5000])
async def test_no_other_word_is_taken(bench: Bench, code: Any) -> None:
    call = await answered(bench)
    assert (await dispose(bench, call, code)).status_code == 422


async def test_a_call_that_nobody_answered_or_that_is_not_there_has_no_word(bench: Bench) -> None:
    then = bench.now()
    await bench.tell(
        fact(bench, Kind.OFFERED, then, "1.1", line="hotline", number="13800138000"),
        fact(bench, Kind.ENDED, then + timedelta(seconds=9), "1.1", by=EndedBy.CALLER),
    )
    [kept] = await bench.kept()
    refused = await dispose(bench, kept.id)
    assert (refused.status_code, refused.json()["title_zh"] != "") == (409, True)
    assert (await dispose(bench, "caaaabbbbccccddddeeee")).status_code == 404
    assert (await dispose(bench, kept.id, as_="manager")).status_code == 403
