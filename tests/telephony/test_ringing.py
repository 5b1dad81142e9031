"""Whoever's telephone rings sees the call, and nobody else; and whether the exchange is heard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.calls.facts import Fact, Kind, Party, Presentation
from tests.telephony.bench import Bench
from tests.telephony.test_gaps import fact, word


async def has_telephone(bench: Bench, person: str, *extensions: str, exchange: str = "") -> None:
    named = [{"exchange": exchange or bench.user, "extension": each} for each in extensions]
    await bench.store._database["profiles"].insert_one({"_id": person, "extensions": named})


async def own(bench: Bench, person: str, role: str = "agent") -> Any:
    answer = await bench.http.get("/v1/calls/own", headers=bench.signed_in(role, id=person))
    assert answer.status_code == 200, answer.text
    return answer.json()


def ringing(bench: Bench, call: str, **offered: Any) -> list[Fact]:
    then = bench.now() - timedelta(seconds=8)
    offered = {"line": "hotline", "number": "13800138000"} | offered
    rings = {"party": Party.AGENT, "agent": "8001", "queue": "hotline"}
    return [
        fact(bench, Kind.OFFERED, then, call, **offered),
        fact(bench, Kind.QUEUED, then, call, queue="hotline"),
        fact(bench, Kind.RINGING, then + timedelta(seconds=3), call, f"{call}.9", **rings),
    ]


async def test_a_call_is_seen_by_whose_telephone_rings_and_by_nobody_else(bench: Bench) -> None:
    await has_telephone(bench, "xiao.he", "8001")
    await has_telephone(bench, "lin", "8002")
    await has_telephone(bench, "wen", "8001", exchange="north")
    await bench.tell(*ringing(bench, "1.1"))

    [seen] = (await own(bench, "xiao.he"))["items"]

    assert (seen["doing"], seen["extension"], seen["line"]) == ("ringing", "8001", "hotline")
    assert (seen["caller"], "13800138000" in str(seen)) == ("138****8000", False)
    for other in ("lin", "wen", "nobody"):
        assert (await own(bench, other))["items"] == []
    refused = await bench.http.get("/v1/calls/own", headers=bench.signed_in("department"))
    assert refused.status_code == 403


async def test_it_is_talked_on_once_answered_and_gone_once_handed_on_or_over(bench: Bench) -> None:
    await has_telephone(bench, "xiao.he", "8001")
    await bench.tell(*ringing(bench, "1.2"))
    now = bench.now()
    said = {"party": Party.AGENT, "agent": "8001"}
    await bench.tell(fact(bench, Kind.ANSWERED, now - timedelta(seconds=2), "1.2", "1.2.9", **said))
    [talking] = (await own(bench, "xiao.he"))["items"]
    assert talking["doing"] == "talking"

    await bench.tell(fact(bench, Kind.PARTED, now - timedelta(seconds=1), "1.2", "1.2.9"))
    assert (await own(bench, "xiao.he"))["items"] == []
    await bench.tell(fact(bench, Kind.ENDED, now, "1.2"))
    assert (await own(bench, "xiao.he"))["items"] == []


async def test_a_number_that_is_withheld_is_not_shown(bench: Bench) -> None:
    await has_telephone(bench, "xiao.he", "8001")
    await bench.tell(*ringing(bench, "1.3", presentation=Presentation.WITHHELD))

    [seen] = (await own(bench, "xiao.he"))["items"]

    assert (seen["caller"], seen["presentation"]) == (None, "withheld")


async def test_it_is_said_whether_the_exchange_is_heard(bench: Bench) -> None:
    await has_telephone(bench, "xiao.he", "8001")

    async def heard() -> bool:
        await bench.look()
        [telephone] = (await own(bench, "xiao.he"))["telephones"]
        return bool(telephone["heard"])

    assert not await heard()
    now = bench.now()
    await bench.tell(word(bench, "1", now - timedelta(minutes=1), now))
    assert await heard()
    slow = now - timedelta(minutes=5)
    await bench.tell(word(bench, "1", slow, slow, connected=False, clock_offset_s=300.0))
    assert await heard()
    await bench.forward(timedelta(minutes=1))
    assert not await heard()
