"""A granted request is carried out in all of a person's tickets, once, and nothing else is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from services.intake.privacy.erasure import Erasure
from services.intake.privacy.papers import PAPERS, Papers
from shared.contracts import Step
from shared.contracts.intake import PrivacyRequestCarriedOut, TicketPersonErased
from shared.contracts.privacy import RequestKind
from shared.privacy import Sealer
from shared.store import Collection
from shared.store.search import search_database
from shared.tickets.acts import Supplement
from tests.intake.privacy_bench import LI, WANG, PrivacyBench, problem
from tests.support.bench import until

REQUEST = "5b6a79880f1e2d3c4d3c2e1f096a5b4c"


async def carried_out(
    bench: PrivacyBench, kind: RequestKind, number: str, *, turn: int = 1, person: Any = "caller"
) -> PrivacyRequestCarriedOut:
    """Say that it was granted; what intake says of it."""
    await grant(bench, kind, number, turn=turn, person=person)
    return (await bench.said(PrivacyRequestCarriedOut, turn=turn))[0]


async def grant(
    bench: PrivacyBench, kind: RequestKind, number: str, *, turn: int = 1, person: Any = "caller"
) -> None:
    event = await bench.grant(REQUEST, turn=turn, kind=kind, number=number, person=person)
    await bench.publish(event, id=f"privacy_request/{REQUEST}/{turn + 2}/0")


async def ticket(bench: PrivacyBench, number: str) -> dict[str, Any]:
    doc = await bench.store.get("tickets", number)
    assert doc is not None
    return doc


async def test_an_erased_person_is_gone_from_all_their_tickets_and_the_facts_stay(
    bench: PrivacyBench,
) -> None:
    planted = {"name": "欧阳听雪", "phone": "13912345671", "role": "owner", "room": "78-7-7817"}
    first = await bench.register(caller=planted, text="我是欧阳听雪，楼道灯不亮，请来修")
    second = await bench.register(caller=planted, estate="cuihu", on_site_contact=LI)
    other = await bench.register(caller=LI)
    before = await ticket(bench, second)

    event = await carried_out(bench, "erase", first)

    assert (event.outcome, event.tickets) == ("done", 2)
    after = await ticket(bench, second)
    kept = {"persons", "index", "timeline", "version", "outbox", "said", "scrubbed", "location"}
    assert {k: v for k, v in after.items() if k not in kept} == {
        k: v for k, v in before.items() if k not in kept
    }
    assert set(after["persons"]) == {"on_site_contact"}
    assert set(after["index"]) == {"contact"}
    assert (await ticket(bench, first))["persons"] == {}
    assert problem(await bench.reveal(first)) == (404, "no-such-person")
    assert (await bench.reveal(second, person="on_site_contact")).status_code == 201
    assert (await bench.reveal(other)).status_code == 201
    erased = [entry["subject"]["id"] for entry in await bench.audit("person.erased")]
    assert sorted(erased) == sorted([f"{first}/caller", f"{second}/caller"])


async def test_everybody_who_keeps_words_of_the_person_is_told(bench: PrivacyBench) -> None:
    number = await bench.register()

    await carried_out(bench, "erase", number)

    [event] = await bench.said(TicketPersonErased)
    assert (event.number, event.person, event.why) == (number, "caller", "privacy_request")


async def test_a_name_that_a_note_holds_is_looked_for_a_last_time(bench: PrivacyBench) -> None:
    """The note was scrubbed by patterns alone: this name fits none."""
    number = await bench.register(caller={**WANG, "name": "阿依古丽"})
    await bench.act(number, Supplement(by="agent-1", note="阿依古丽说还是不亮"))

    await carried_out(bench, "erase", number)

    assert "阿依古丽" not in str((await ticket(bench, number))["timeline"])


@pytest.mark.parametrize(
    "bent",
    [{"kind": "erase"}, {"number": "other"}, {"person": "on_site_contact"}, {"turn": 2},
     {"request": "other"}],
    ids=str,
)  # fmt: skip
async def test_nothing_is_done_that_the_request_itself_does_not_say(
    bench: PrivacyBench, bent: dict[str, Any]
) -> None:
    """Whoever could say it: what is done here cannot be undone."""
    number, other = await bench.register(on_site_contact=LI), await bench.register(caller=LI)
    true = await bench.grant(REQUEST, turn=1, kind="copy", number=number, person="caller")
    bent = bent | ({"number": other} if "number" in bent else {})

    await bench.publish(true.model_copy(update=bent), id="bent")
    await bench.publish(true, id="true")

    [done] = await bench.said(PrivacyRequestCarriedOut)
    assert (done.request, done.turn) == (REQUEST, 1)
    begun = await bench.store.find("privacy_works", {"request": {"$exists": True}}, limit=9)
    assert [work["kind"] for work in begun] == ["copy"]
    assert set((await ticket(bench, number))["persons"]) == {"caller", "on_site_contact"}
    assert set((await ticket(bench, other))["persons"]) == {"caller"}


@pytest.mark.parametrize("status", ["asked", "identity_checked", "held", "refused"])
async def test_a_request_that_is_not_granted_is_not_carried_out(
    bench: PrivacyBench, status: str
) -> None:
    number = await bench.register()
    event = await bench.grant(REQUEST, turn=1, kind="erase", number=number, person="caller")
    requests = bench.store.documents("privacy_requests")
    await requests.update_one({"_id": REQUEST}, {"$set": {"status": status}})

    await bench.publish(event, id="too-soon")
    await carried_out(bench, "copy", number, turn=2)  # behind it in the queue

    assert len(await bench.said(PrivacyRequestCarriedOut)) == 1
    assert set((await ticket(bench, number))["persons"]) == {"caller"}


async def test_a_repeat_of_an_old_grant_changes_nothing(bench: PrivacyBench) -> None:
    number = await bench.register()
    await carried_out(bench, "erase", number)
    version = (await ticket(bench, number))["version"]

    await grant(bench, "erase", number)
    later = await bench.register()
    await carried_out(bench, "copy", later, turn=2)  # behind the repeat in the queue

    assert (await ticket(bench, number))["version"] == version
    assert len(await bench.said(PrivacyRequestCarriedOut, turn=1)) == 1


async def test_a_crash_in_the_middle_of_an_erasure_is_made_up_for(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [await bench.register() for _ in range(3)]
    erase, calls = Erasure.erase, 0

    async def once_away(self: Erasure, *args: Any, **how: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise AutoReconnect
        return await erase(self, *args, **how)

    monkeypatch.setattr(Erasure, "erase", once_away)
    event = await carried_out(bench, "erase", numbers[0])

    assert calls > 2
    assert (event.outcome, event.tickets) == ("done", 3)
    assert [(await ticket(bench, number))["persons"] for number in numbers] == [{}] * 3


async def test_what_is_under_a_legal_hold_is_not_erased_and_it_is_said(
    bench: PrivacyBench,
) -> None:
    free, held = await bench.register(), await bench.register()
    hold = await set_hold(bench, held)

    blocked = await carried_out(bench, "erase", free)

    assert blocked.outcome == "held"
    assert [(await bench.reveal(number)).status_code for number in (free, held)] == [201, 201]
    assert await bench.audit("person.erased") == []
    await bench.ask("POST", f"/v1/legal-holds/{hold}/lift", as_="privacy_officer", id="officer")
    assert (await carried_out(bench, "erase", free, turn=2)).outcome == "done"
    assert (await ticket(bench, held))["persons"] == {}


async def set_hold(bench: PrivacyBench, number: str, *, key: str = "h", **more: Any) -> str:
    answer = await bench.ask(
        "POST", "/v1/legal-holds", as_="privacy_officer", id="officer", key=key,
        json={"number": number, "reason": "litigation", **more},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_a_hold_that_comes_while_an_erasure_is_under_way_wins(
    bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await bench.register()
    # As another replica would: in one process, changes of one ticket wait for each other.
    elsewhere = Collection(bench.store, PAPERS)
    without = Erasure._without

    def lay(papers: Papers, _now: datetime) -> Step[Papers]:
        return Step(replace(papers, legal_holds=({"id": "h", "person": None},)))

    async def held_meanwhile(self: Erasure, papers: Papers, *args: Any) -> Any:
        await elsewhere.change(number, lay)
        return await without(self, papers, *args)

    monkeypatch.setattr(Erasure, "_without", held_meanwhile)
    event = await carried_out(bench, "erase", number)

    assert event.outcome == "held"
    assert set((await ticket(bench, number))["persons"]) == {"caller"}


async def test_a_copy_holds_the_own_data_whole_and_those_of_others_masked(
    bench: PrivacyBench,
) -> None:
    number = await bench.register(on_site_contact=LI, text="我是王桂兰，灯不亮")
    await bench.register(caller=LI)

    event = await carried_out(bench, "copy", number)
    path = f"/v1/privacy-copies/{REQUEST}/open"
    answer = await bench.ask("POST", path, as_="privacy_officer", id="officer")

    assert (event.outcome, event.tickets) == ("done", 1)
    assert answer.headers["cache-control"] == "no-store"
    [part] = answer.json()["tickets"]
    assert part["data"]["phone"] == WANG["phone"]
    assert part["data"]["text"] == "我是王桂兰，灯不亮"
    assert part["others"]["on_site_contact"] == {
        "name": "李**", "phone": "138****8001", "room": "3-…"
    }  # fmt: skip
    assert LI["phone"] not in answer.text
    assert answer.json()["watermark"].startswith(REQUEST)
    assert answer.json()["handed_over"]["by"] == "officer"
    assert [e["subject"]["id"] for e in await bench.audit("person.copied")] == [f"{number}/caller"]
    assert len(await bench.audit("person.copy_opened")) == 1


async def test_a_copy_that_nobody_fetched_is_dropped(bench: PrivacyBench) -> None:
    await carried_out(bench, "copy", await bench.register())
    await bench.forward(timedelta(days=31))

    answer = await bench.ask(
        "POST", f"/v1/privacy-copies/{REQUEST}/open", as_="privacy_officer", id="officer"
    )

    assert answer.status_code == 404

    async def none_left() -> bool:
        return await bench.store.find("privacy_copies", {}, limit=1) == []

    await until(none_left)


async def test_a_correction_is_found_under_the_new_number_and_shown_in_its_place(
    bench: PrivacyBench,
) -> None:
    here, there = await bench.register(), await bench.register(estate="cuihu")
    values = {"name": "王桂岚", "phone": "13800138009", "room": "5-1-101"}
    sealer: Sealer = bench.platform.sealer
    sealed = await sealer.seal_person(values, estate=None)
    await bench.store.documents("privacy_requests").update_one(
        {"_id": REQUEST}, {"$set": {"sealed": sealed}}, upsert=True
    )

    event = await carried_out(bench, "correct", here)

    assert (event.outcome, event.tickets) == ("done", 2)
    shown = [(await bench.reveal(number)).json() for number in (here, there)]
    assert [(each["name"], each["phone"]) for each in shown] == [("王桂岚", "13800138009")] * 2
    assert [each["room"] for each in shown] == ["5-1-101", WANG["room"]]
    index = bench.platform.index
    assert (await ticket(bench, here))["index"] == {
        "phone": index.phone("13800138009"), "flat": index.flat("jinyuan", "5-1-101"),
        "surname": index.surnames("jinyuan", "王女士")[0],
    }  # fmt: skip
    assert len(await bench.audit("person.corrected")) == 2


async def test_nothing_planted_is_left_in_plain_after_all_of_it(bench: PrivacyBench) -> None:
    planted = {"name": "上官映月", "phone": "13912345672", "role": "owner", "room": "79-7-7907"}
    number = await bench.register(caller=planted, on_site_contact=planted)
    await set_hold(bench, number, person="caller")
    await carried_out(bench, "copy", number)
    await carried_out(bench, "erase", number, turn=2)

    needles = [planted[field].encode() for field in ("name", "phone", "room")]
    searched = [each async for each in search_database(bench.corner.mongo_url, needles)]

    assert {each.place for each in searched if each.found} == set()
    places = {each.place.rpartition(".")[2] for each in searched if each.read}
    assert places >= {"privacy_works", "privacy_copies", "legal_holds", "audit"}
    said = b"".join(envelope.to_body() for envelope in bench.heard)
    assert not [needle for needle in needles if needle in said]
