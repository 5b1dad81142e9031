"""Who opens persons in an unusual way is asked about it, by somebody else."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from services.intake.privacy.storage import ALARMS
from shared.contracts.intake import ReadingAlarmAnswered, ReadingAlarmRaised
from shared.identity import Role
from shared.privacy.open import Opener
from shared.store import Collection
from shared.store.search import search_database
from tests.intake.privacy_bench import LI, PrivacyBench, problem


async def opened_all(bench: PrivacyBench, numbers: list[str], **who: Any) -> None:
    for number in numbers:
        assert (await bench.reveal(number, **who)).status_code == 201


async def raised(bench: PrivacyBench, **who: Any) -> str:
    """An alarm about agent-7, who opened four tickets of one flat."""
    await opened_all(bench, [await bench.register() for _ in range(4)], **who)
    [alarm] = await bench.alarms(sign="one_flat")
    return str(alarm["_id"])


async def answer(
    bench: PrivacyBench,
    alarm: str,
    reason: str = "explained",
    *,
    as_: Role = "supervisor",
    id: str = "boss",
    place: str = "*",
) -> httpx.Response:
    path = f"/v1/reading-alarms/{alarm}/answer"
    return await bench.ask("POST", path, as_=as_, id=id, place=place, json={"reason": reason})


async def test_many_tickets_of_one_flat_are_noticed_with_ids_and_nothing_else(
    bench: PrivacyBench,
) -> None:
    alarm = await raised(bench, id="agent-7")

    [event] = await bench.said(ReadingAlarmRaised)
    assert (event.alarm, event.reader, event.sign) == (alarm, "agent-7", "one_flat")
    assert {e.lane for e in bench.heard if e.type == ReadingAlarmRaised.event_type()} == {"routine"}


async def test_neighbours_are_not_taken_for_one_flat(bench: PrivacyBench) -> None:
    numbers = [await bench.register() for _ in range(3)]

    await opened_all(bench, [*numbers, await bench.register(caller=LI)])

    assert await bench.alarms() == []


async def test_old_tickets_are_noticed(bench: PrivacyBench) -> None:
    numbers = [await bench.register(caller={**LI, "room": f"3-1-{n}01"}) for n in range(1, 5)]
    for number in numbers:
        await bench.end(number)

    await opened_all(bench, numbers, id="agent-1")

    assert [alarm["sign"] for alarm in await bench.alarms()] == ["ended_tickets"]


async def test_tickets_in_which_somebody_has_no_part_are_noticed(bench: PrivacyBench) -> None:
    numbers = [await bench.register(caller={**LI, "room": f"3-1-{n}01"}) for n in range(1, 7)]

    await opened_all(bench, numbers, id="agent-1")
    assert await bench.alarms() == []
    await opened_all(bench, numbers, id="agent-7")

    [alarm] = await bench.alarms()
    assert (alarm["sign"], alarm["reader"], alarm["count"]) == ("not_their_work", "agent-7", 6)


async def test_what_goes_on_does_not_ring_at_each_turn(bench: PrivacyBench) -> None:
    await raised(bench)

    await opened_all(bench, [await bench.register() for _ in range(2)])

    assert len(await bench.alarms(sign="one_flat")) == 1


async def test_an_alarm_rings_before_the_person_is_opened(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    insert, open_person = Collection.insert, Opener.open_person

    async def noting_insert(self: Collection[Any], *args: Any, **beside: Any) -> bool:
        if self.spec is ALARMS:
            order.append("alarm")
        return await insert(self, *args, **beside)

    async def noting_open(self: Opener, sealed: bytes) -> object:
        order.append("open")
        return await open_person(self, sealed)

    monkeypatch.setattr(Collection, "insert", noting_insert)
    monkeypatch.setattr(Opener, "open_person", noting_open)
    await raised(bench)

    assert order == ["open"] * 3 + ["alarm", "open"]


async def test_a_supervisor_answers_once_and_it_is_on_record(bench: PrivacyBench) -> None:
    alarm = await raised(bench)

    first = await answer(bench, alarm)
    second = await answer(bench, alarm, "misuse", as_="privacy_officer", id="officer")

    assert first.json()["answer"]["reason"] == "explained"
    assert problem(second) == (409, "already-answered")
    [entry] = await bench.audit("reading_alarm.answered")
    assert (entry["by"], entry["why"], entry["subject"]["id"]) == ("boss", "explained", alarm)
    await bench.said(ReadingAlarmAnswered)
    assert await listed(bench, status="open") == []
    assert await listed(bench, status="answered") == [alarm]


async def listed(bench: PrivacyBench, *, place: str = "*", id: str = "boss", **params: str
) -> list[str]:  # fmt: skip
    found = await bench.ask("GET", "/v1/reading-alarms", as_="supervisor", id=id, place=place,
                            params=params)  # fmt: skip
    assert found.status_code == 200, found.text
    return [item["id"] for item in found.json()["items"]]


async def test_nobody_answers_an_alarm_about_themselves(bench: PrivacyBench) -> None:
    alarm = await raised(bench, as_="supervisor", id="boss")

    own = await answer(bench, alarm, id="boss")
    other = await answer(bench, alarm, id="other-boss")

    assert problem(own) == (403, "own-alarm")
    assert other.status_code == 200


@pytest.mark.parametrize("reason", ["", "bored", None])
async def test_an_answer_says_what_was_found(bench: PrivacyBench, reason: str) -> None:
    alarm = await raised(bench)

    refused = await answer(bench, alarm, reason)

    assert [fault["field"] for fault in refused.json()["faults"]] == ["reason"]


async def test_whom_the_ticket_is_about_does_not_hear_of_its_alarm(bench: PrivacyBench) -> None:
    await bench.have_account("boss")
    numbers = [await bench.register(about={"people": ["boss"]}) for _ in range(4)]
    await opened_all(bench, numbers)
    [alarm] = await bench.alarms(sign="one_flat")

    assert await listed(bench, id="boss") == []
    assert (await answer(bench, alarm["_id"], id="boss")).status_code == 404
    assert await listed(bench, id="other-boss") == [alarm["_id"]]


async def test_nothing_of_the_persons_is_in_any_collection_or_event(bench: PrivacyBench) -> None:
    planted = {"name": "欧阳听雪", "phone": "13912345670", "role": "owner", "room": "77-7-7707"}
    numbers = [await bench.register(caller=planted) for _ in range(4)]
    await opened_all(bench, numbers)
    await bench.reveal(numbers[0], key="one")
    await answer(bench, (await bench.alarms())[0]["_id"])
    await bench.said(ReadingAlarmAnswered)

    needles = [planted[field].encode() for field in ("name", "phone", "room")]
    searched = [each async for each in search_database(bench.corner.mongo_url, needles)]

    assert {each.place for each in searched if each.found} == set()
    places = {each.place.rpartition(".")[2] for each in searched if each.read}
    assert places >= {"tickets", "reveals", "readers", "reading_alarms", "audit"}
    said = b"".join(envelope.to_body() for envelope in bench.heard)
    kept = b"".join(file.read_bytes() for file in bench.key_file.parent.rglob("*.jsonl"))
    assert not [needle for needle in needles if needle in said + kept]
