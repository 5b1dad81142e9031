"""Whose telephone is lost: their links are dead everywhere within seconds, and who may say so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from services.router.rosters.lists import DutyList, Head
from services.router.rosters.telephones import (
    SAID_AGAIN,
    SAID_AT_ONCE,
    give,
    given_anew,
    lose,
    may_say,
)
from shared.identity import Principal, sign_link, with_generation
from shared.identity.staff_links import read_staff_link
from shared.policy.duty import Duty, LostTelephone, Person
from shared.readers.rosters import HEAD
from shared.tickets.acts import Dispatch
from tests.router.conftest import RouterBench
from tests.router.test_calls import DESK, result
from tests.router.test_duty_lists import GREENING, fields
from tests.router.test_field import ORDER, OWN, alert_link, link, put_alerted, put_given
from tests.router.test_shift_plans import CHIEF, ask
from tests.support.bench import until
from tests.support.tickets import moved, policy, registered

NOW: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LOST: Final = "/v1/lost-telephones"
PROMISED: Final = 5.0
GREEN: Final = "jy-greening-2"
ENGINEERING: Final = frozenset({"engineering"})
JINYUAN: Final = frozenset({"jinyuan"})


def person(id: str, **more: Any) -> Person:
    return Person(id=id, name="某人", mail="somebody@duty.example", **more)


def of_generation(bench: RouterBench, number: int) -> str:
    subject = with_generation(f"{ORDER}/{OWN}", number)
    return f"/w/{sign_link('work', subject, bench.keys.link)}"


async def say_lost(
    bench: RouterBench, who: Principal = CHIEF, of: str = OWN, *addresses: str
) -> httpx.Response:
    return await ask(bench, "POST", LOST, who, body={"person": of, "addresses": [*addresses]})


# The rule


WECOM, PHONE = "wecom:1:ab", "phone:1:cd"


def test_each_lost_telephone_raises_the_generation_and_takes_its_addresses_along() -> None:
    first = lose(Head("head"), "xu", [WECOM], NOW)
    assert first is not None
    second = lose(first.value, "xu", [PHONE], NOW + SAID_AT_ONCE)
    assert second is not None
    other = lose(second.value, "guo", [], NOW)
    assert other is not None

    found = {each.person: (each.generation, each.addresses) for each in other.value.lost}
    assert found == {"xu": (2, ("phone", "wecom")), "guo": (1, ())}


def test_the_same_said_again_at_once_counts_once_and_later_is_another_telephone() -> None:
    step = lose(Head("head"), "xu", [WECOM], NOW)
    assert step is not None

    assert lose(step.value, "xu", [WECOM], NOW + SAID_AGAIN - timedelta(seconds=1)) is None
    assert lose(step.value, "xu", [], NOW + timedelta(seconds=1)) is None
    assert lose(step.value, "xu", [WECOM], NOW + SAID_AGAIN) is not None


def test_an_address_is_mute_while_it_is_the_one_that_was_lost() -> None:
    step = lose(Head("head"), "xu", [WECOM], NOW)
    assert step is not None
    (telephone,) = step.value.lost

    assert telephone.mutes("wecom", WECOM)
    assert not telephone.mutes("wecom", "wecom:1:another")
    assert not telephone.mutes("mail", "mail:1:ab")


def test_of_what_is_said_at_once_with_other_addresses_one_telephone_is_lost() -> None:
    mail, dingtalk = "mail:1:ef", "dingtalk:1:aa"
    said = [[WECOM], [PHONE], [], [mail], [dingtalk, PHONE]]
    head = Head("head")
    for n, addresses in enumerate(said * 2):
        step = lose(head, "xu", addresses, NOW + timedelta(milliseconds=400 * n))
        head = step.value if step else head

    (telephone,) = head.lost
    assert (telephone.generation, telephone.at) == (1, NOW)
    assert telephone.addresses == ("phone", "mail", "wecom", "dingtalk")


def test_what_is_given_anew_counts_again_and_the_links_of_before_stay_dead() -> None:
    step = lose(Head("head"), "xu", [WECOM, PHONE], NOW)
    assert step is not None

    anew = {"xu": (WECOM,), "guo": (PHONE,)}
    given = give(step.value, anew)
    assert given is not None
    (telephone,) = given.value.lost
    assert (telephone.generation, telephone.addresses) == (1, ("phone",))
    assert give(given.value, anew) is None


def test_of_two_lost_ids_the_first_stays_mute_when_the_second_is_given_anew() -> None:
    first = lose(Head("head"), "xu", [WECOM], NOW)
    assert first is not None
    both = lose(first.value, "xu", ["wecom:1:ef"], NOW + SAID_AGAIN)
    assert both is not None

    given = give(both.value, {"xu": ["wecom:1:ef"]})
    assert given is not None
    (telephone,) = given.value.lost
    assert (telephone.mutes("wecom", WECOM), telephone.mutes("wecom", "wecom:1:ef")) == (
        True, False,
    )  # fmt: skip


def test_a_loss_of_before_names_kinds_alone_until_an_address_of_the_kind_is_given() -> None:
    head = Head("head", lost=(LostTelephone("xu", 1, NOW, ("mail", "wecom")),))
    assert head.lost[0].mutes("wecom", WECOM)

    given = give(head, {"xu": [WECOM]})
    assert given is not None
    assert given.value.lost[0].addresses == ("mail",)
    again = lose(head, "xu", ["mail:1:ab"], NOW + SAID_AGAIN)
    assert again is not None
    (telephone,) = again.value.lost
    assert [telephone.mutes(*each) for each in (("wecom", WECOM), ("mail", "mail:1:cd"))] == [
        True, False,
    ]  # fmt: skip


def test_in_a_whole_list_only_what_is_another_address_is_given_anew() -> None:
    before = DutyList(id="a/b", place="a", department="b", people=(person("xu", wecom="Xu"),))
    same, other = person("xu", wecom="Xu"), person("xu", wecom="Xu2", phone="13800138000")

    assert given_anew(before, [same, person("new", wecom="New")]) == {}
    assert given_anew(before, [other]) == {"xu": ("phone", "wecom")}


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (Principal("xu", "department", JINYUAN, ENGINEERING), True),
        (Principal("lead", "department", JINYUAN, ENGINEERING), True),
        (Principal("guo", "department", JINYUAN, ENGINEERING), False),
        (Principal("guard", "department", JINYUAN, frozenset({"security"})), False),
        (Principal("desk", "dispatcher", JINYUAN), True),
    ],
    ids=["the person", "their lead", "a colleague", "another's lead", "the desk"],
)
def test_of_a_department_the_person_and_their_lead_say_it(who: Principal, *, may: bool) -> None:
    lists = {
        "engineering": (person("xu"), person("guo"), person("lead")),
        "security": (person("guard"),),
    }
    duty = Duty(places={"jinyuan": lists})

    assert may_say(who, "xu", duty, policy().group) is may


@pytest.mark.parametrize("kind", ["work", "alert"])
def test_a_link_names_its_generation_and_one_of_before_has_none(kind: Any) -> None:
    for generation in (0, 1, 12):
        token = sign_link(kind, with_generation("23456789-1/xu", generation), b"secret")
        link = read_staff_link(token, b"secret")
        assert link is not None
        assert (link.person, link.generation) == ("xu", generation)


# Over HTTP


async def test_in_every_replica_all_links_are_dead_within_five_seconds(
    own_bench: RouterBench,
) -> None:
    bench = own_bench
    other = await bench.add_replica()
    await put_alerted(bench)
    given = Dispatch(by="router", department="engineering", assignee=OWN)
    await bench.put(moved(registered(number="34567892", at=bench.now()), given, at=bench.now()))
    links = (alert_link(bench, OWN), link(bench, order="34567892-1", person=OWN))
    for http in (bench.http, other.http):
        assert [(await http.get(each)).status_code for each in links] == [200, 200]

    assert (await say_lost(bench)).status_code == 200

    # One that is dead is asked no more: whoever goes on asking is soon taken for a guesser.
    alive = [(http, each) for http in (bench.http, other.http) for each in links]

    async def are_dead() -> bool:
        alive[:] = [(http, each) for http, each in alive if (await http.get(each)).is_success]
        return not alive

    await until(are_dead, seconds=PROMISED)
    for http in (bench.http, other.http):
        assert {(await http.get(each)).status_code for each in links} == {404}


async def test_the_link_of_a_call_is_dead_too(bench: RouterBench) -> None:
    address = await result(bench)
    assert (await bench.http.get(address)).status_code == 200

    await say_lost(bench, CHIEF, DESK)

    async def is_dead() -> bool:
        return (await bench.http.get(address)).status_code == 404

    await until(is_dead, seconds=PROMISED)


async def test_a_link_of_before_looks_like_a_forged_one_and_the_new_one_opens(
    bench: RouterBench,
) -> None:
    await put_given(bench, Dispatch(by="router", department="engineering", assignee=OWN))
    await say_lost(bench)

    forged = await bench.http.get(f"/w/{sign_link('work', f'{ORDER}/{OWN}', b'another secret')}")
    for dead in (link(bench, person=OWN), of_generation(bench, 2)):
        page = await bench.http.get(dead)
        assert (page.status_code, page.text) == (forged.status_code, forged.text)
        assert (await bench.http.post(f"{dead}/accept")).status_code == 404
    assert (await bench.http.get(of_generation(bench, 1))).status_code == 200


async def test_it_is_on_record_and_says_by_what_its_person_is_reached(bench: RouterBench) -> None:
    answer = await say_lost(bench, CHIEF, OWN, "phone")
    again = await say_lost(bench, CHIEF, OWN, "phone")

    found = answer.json()
    assert (found["person"], found["generation"], found["lost"]) == (OWN, 1, ["phone"])
    assert found["left"] == ["mail"]
    assert again.json() == found
    entries = await bench.store.find("audit", {"act": "telephone.lose"}, limit=9)
    assert {(e["by"], e["subject"]["id"], e["details"]["addresses"]) for e in entries} == {
        ("chief", OWN, "phone")
    }


async def test_of_two_who_say_it_at_once_on_two_replicas_it_is_one_telephone(
    own_bench: RouterBench,
) -> None:
    await own_bench.add_replica()
    body = {"person": OWN, "addresses": ["phone"]}

    both = await asyncio.gather(
        *(ask(own_bench, "POST", LOST, replica=n, body=body) for n in (0, 1, 0, 1))
    )

    assert {(answer.status_code, answer.json()["generation"]) for answer in both} == {(200, 1)}


async def test_what_was_lost_is_not_on_the_duty_list_until_it_is_given_anew(
    bench: RouterBench,
) -> None:
    path = f"{GREENING}/people/{GREEN}"
    await ask(bench, "PATCH", path, body={"wecom": "JiangLan"})
    await say_lost(bench, CHIEF, GREEN, "wecom", "mail")

    async def reached() -> tuple[str | None, str]:
        await bench.platform.duty.refresh()
        found = bench.platform.duty.current.person(GREEN)
        assert found is not None
        return found.wecom, found.mail

    assert await reached() == (None, "")
    shown = (await ask(bench, "GET", GREENING)).json()
    assert shown["lost"] == {GREEN: ["mail", "wecom"]}
    whole = [{k: v for k, v in p.items() if v is not None} for p in shown["people"]]
    await ask(bench, "PUT", f"{GREENING}/people", body={"people": whole})
    assert await reached() == (None, "")

    await ask(bench, "PATCH", path, body={"wecom": "JiangLan"})  # on the new telephone
    assert await reached() == ("JiangLan", "")
    for each in whole:
        each["mail"] = f"new.{each['mail']}"
    await ask(bench, "PUT", f"{GREENING}/people", body={"people": whole})
    assert await reached() == ("JiangLan", "new.jy.greening.2@duty.example")
    assert (await ask(bench, "GET", GREENING)).json()["lost"] == {}


async def test_an_address_counts_or_not_by_what_it_is_whatever_was_written_after_the_list(
    bench: RouterBench,
) -> None:
    await ask(bench, "PATCH", f"{GREENING}/people/{GREEN}", body={"wecom": "JiangLan"})
    await say_lost(bench, CHIEF, GREEN, "wecom")
    rosters = bench.store.documents("rosters")

    async def listed(place: str, **entry: Any) -> str | None:
        """What counts once they stand on a list like this, as a kill after its write leaves it."""
        doc = {"id": GREEN, "name": "某人", "mail": "", "skills": [], **entry}
        await rosters.update_many({}, {"$pull": {"people": {"id": GREEN}}})
        await rosters.update_one({"_id": f"{place}/greening"}, {"$push": {"people": doc}})
        await rosters.update_one({"_id": HEAD}, {"$inc": {"revision": 1}})
        await bench.platform.duty.refresh()
        found = bench.platform.duty.current.person(GREEN)
        assert found is not None
        return found.wecom

    assert await listed("jinyuan", wecom="JiangLan2") == "JiangLan2"
    assert await listed("binjiang", wecom="JiangLan2") == "JiangLan2"
    assert await listed("binjiang", wecom="jianglan") is None, "it is the id that was lost"
    assert await listed("jinyuan") is None
    assert await listed("jinyuan", wecom="JiangLan3") == "JiangLan3"


async def test_the_lost_id_put_back_with_a_whole_list_stays_mute(bench: RouterBench) -> None:
    await ask(bench, "PATCH", f"{GREENING}/people/{GREEN}", body={"wecom": "JiangLan"})
    await say_lost(bench, CHIEF, GREEN, "wecom")
    people = (await ask(bench, "GET", GREENING)).json()["people"]
    whole = [{k: v for k, v in p.items() if v is not None} for p in people]

    found = []
    for wecom in ("JiangLan2", "JiangLan"):
        for each in whole:
            each.update({"wecom": wecom} if each["id"] == GREEN else {})
        await ask(bench, "PUT", f"{GREENING}/people", body={"people": whole})
        await bench.platform.duty.refresh()
        person = bench.platform.duty.current.person(GREEN)
        found.append(person.wecom if person else "")
    assert found == ["JiangLan2", None]
    assert "JiangLan" not in str(await bench.store.get("rosters", HEAD))


async def test_the_generation_outlives_a_place_on_the_list(bench: RouterBench) -> None:
    await say_lost(bench, CHIEF, GREEN)
    people = (await ask(bench, "GET", GREENING)).json()["people"]
    kept = [{k: v for k, v in p.items() if v is not None} for p in people]

    for listed in (kept[:1], kept):
        await ask(bench, "PUT", f"{GREENING}/people", body={"people": listed})
    await bench.platform.duty.refresh()

    assert bench.platform.duty.current.generation(GREEN) == 1


async def test_nobody_else_says_it_and_foreign_people_look_like_missing_ones(
    bench: RouterBench,
) -> None:
    colleague = Principal("e", "department", JINYUAN, ENGINEERING)
    lead = Principal("jy-engineering-3", "department", JINYUAN, ENGINEERING)
    elsewhere = Principal("boss", "supervisor", frozenset({"binjiang"}))

    assert (await say_lost(bench, Principal("a", "auditor", JINYUAN))).status_code == 403
    assert (await say_lost(bench, colleague)).status_code == 403
    foreign, missing = await say_lost(bench, elsewhere), await say_lost(bench, CHIEF, "nobody")
    assert (foreign.status_code, foreign.json()) == (404, missing.json())
    assert fields(await say_lost(bench, CHIEF, OWN, "fax")) == ["addresses.0"]
    # What was on it is never left open: the new links would go to the finder without a word.
    assert fields(await ask(bench, "POST", LOST, CHIEF, body={"person": OWN})) == ["addresses"]
    head = await bench.store.get("rosters", HEAD)
    assert "lost" not in (head or {})

    assert (await say_lost(bench, lead)).status_code == 200


async def test_who_answers_at_night_says_it_for_whoever_rings(bench: RouterBench) -> None:
    assert (await say_lost(bench, Principal("a", "agent", JINYUAN))).status_code == 200
