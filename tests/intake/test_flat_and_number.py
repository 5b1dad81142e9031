"""Whoever is on their way sees flat and number by one tap, once it is known whose telephone it is
(A5.3)."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from services.intake.field.domain import (
    LinkTries,
    is_telephone_of,
    last_digits,
    shown_of,
    superiors_of,
    tried,
    whom,
)
from services.intake.privacy.domain import PER_HOUR
from shared.contracts.intake import LinkLocked
from shared.identity import Principal, sign_link, with_generation
from shared.identity.staff_links import MOST_TRIES, StaffLink, form_token, read_staff_link
from shared.policy.duty import Duty, Person
from shared.policy.policy import Policy
from shared.readers.rosters import HEAD
from shared.runtime.web import LANGUAGES, words
from shared.tickets.acts import Accept, Dispatch, Resolve, Start
from tests.intake.privacy_bench import LAMP, LI, STUCK, WANG, PrivacyBench
from tests.support.tickets import moved, policy, registered

NOW: Final = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OWN: Final = "jy-engineering-1"
DIGITS: Final = "8001"
FIRM: Final = "lift-firm-1"
DESK: Final = "jy-customer-service-1"
DESK_DIGITS: Final = "8011"
FLAT, NUMBER = str(WANG["room"]), str(WANG["phone"])
LINK: Final = StaffLink("work", "23456789-1", OWN)
LAST: Final = LinkLocked(number="23456789", link=LINK.id, person=OWN)


def person(id: str = OWN, phone: str = "138 0013 8001") -> Person:
    return Person(id=id, name="某人", mail="somebody@duty.example", phone=phone)


# The rules


def test_the_third_wrong_answer_kills_the_link_and_says_so_once() -> None:
    tries, said = LinkTries(id=LINK.id), 0
    for n in range(MOST_TRIES):
        step = tried(tries, NOW, is_right=False, last=LAST)
        assert step is not None
        tries, said = step.value, said + len(step.events)
        assert tries.is_dead is (n == MOST_TRIES - 1)

    assert said == 1
    assert tried(tries, NOW, is_right=True, last=LAST) is None
    assert tried(tries, NOW, is_right=False, last=LAST) is None


def test_a_right_answer_is_written_and_gives_the_tries_back() -> None:
    step = tried(LinkTries(id=LINK.id, wrong=2), NOW, is_right=True, last=LAST)

    assert step is not None
    assert (step.value.wrong, step.value.right_at, step.events) == (0, NOW, ())


@pytest.mark.parametrize(
    ("typed", "is_right"),
    [("8001", True), ("８００１", True), (" 8001 ", True), ("8002", False), ("", None),
     ("801", None), ("80011", None), ("abcd", None), ("²001", False)],
)  # fmt: skip
def test_only_four_digits_are_an_answer(typed: str, is_right: Any) -> None:
    assert is_telephone_of(typed, person()) is is_right


def test_who_has_no_telephone_is_never_right() -> None:
    assert last_digits("") is None
    assert last_digits("110") is None
    assert is_telephone_of("0000", person(phone="")) is False


def given(*, flat_alone: bool = False, contract: bool = False) -> Policy:
    own = policy()
    firms = tuple(
        d.model_copy(update={"may_have_numbers": contract}) if d.contractor else d
        for d in own.taxonomy.departments
    )
    return own.model_copy(
        update={
            "rules": own.rules.model_copy(update={"flat_alone": flat_alone}),
            "taxonomy": own.taxonomy.model_copy(update={"departments": firms}),
        }
    )


@pytest.mark.parametrize(
    ("department", "rules", "number"),
    [
        ("engineering", given(), True),
        ("engineering", given(flat_alone=True), False),
        ("lift_firm", given(), False),
        ("lift_firm", given(contract=True), True),
        ("lift_firm", given(contract=True, flat_alone=True), False),
        ("gone", given(contract=True), False),
    ],
    ids=["own", "own, flat alone", "firm", "firm with contract", "both", "unknown"],
)
def test_a_firm_has_the_number_only_where_its_contract_is_on_file(
    department: str, rules: Policy, *, number: bool
) -> None:
    goer = Principal(OWN, "department", frozenset({"jinyuan"}), frozenset({department}))

    shown = shown_of(WANG, goer, rules)

    assert shown.flat == FLAT
    assert (shown.telephone, shown.dial) == ((NUMBER, "+8613800138000") if number else ("", ""))
    assert shown.rings_desk is not number
    assert NUMBER not in repr(shown)


def test_the_lead_hears_of_a_dead_link_and_where_that_is_its_person_the_desk() -> None:
    ticket = moved(registered(at=NOW), Dispatch(by="router", department="engineering",
                                                assignee=OWN), at=NOW)  # fmt: skip
    lists = {"engineering": (person(), person("lead")), "customer_service": (person("desk"),)}
    duty = Duty(places={"jinyuan": lists})

    assert superiors_of(LINK, ticket, duty) == ("lead",)
    assert superiors_of(StaffLink("work", LINK.matter, "lead"), ticket, duty) == ("desk",)
    assert superiors_of(StaffLink("alert", "23456789", OWN), ticket, duty) == ("lead",)


def test_who_opens_the_door_is_whom_the_caller_named() -> None:
    both = {"caller": b"", "on_site_contact": b""}

    assert whom(LINK, {"caller": b""}) == "caller"
    assert whom(LINK, both) == "on_site_contact"
    assert whom(StaffLink("task", "abc", DESK), both) == "caller"


def test_a_link_s_token_is_written_in_one_way() -> None:
    secret, subject = b"secret", f"{LINK.matter}/{OWN}"
    token = sign_link("work", subject, secret)
    head, _, tail = token.partition(".")

    assert read_staff_link(token, secret) == LINK
    others = (
        f"{head}=.{tail}",
        f"{head[0]} {head[1:]}.{tail}",
        f"!{token}",
        f"{token}?",
        token + "=",
    )
    assert {read_staff_link(each, secret) for each in others} == {None}
    assert read_staff_link(token, b"another") is None
    assert read_staff_link(sign_link("survey", subject, secret), secret) is None


def test_every_text_of_the_page_is_there_in_both_languages() -> None:
    chinese, english = (words("services.intake.field", language) for language in LANGUAGES)

    assert all(chinese.values())
    assert all(english.values())


# The page


def address(bench: PrivacyBench, order: str, person: str = OWN, generation: int = 0) -> str:
    subject = f"{order}/{with_generation(person, generation)}"
    return f"/w/{sign_link('work', subject, bench.keys.link)}/person"


def form_of(bench: PrivacyBench, path: str) -> str:
    link = read_staff_link(path.split("/")[2], bench.keys.link)
    assert link is not None
    return form_token(link, bench.keys.link)


async def tap(
    bench: PrivacyBench, path: str, *, n: int = 0, lang: str = "zh", **typed: str
) -> httpx.Response:
    data = {"form": form_of(bench, path)} | typed
    return await bench.replicas[n].http.post(f"{path}?lang={lang}", data=data)


async def put_work(
    bench: PrivacyBench, department: str = "engineering", who: str = OWN, **report: Any
) -> tuple[str, str]:
    """Work that somebody of the duty list has accepted: its ticket and the page's address."""
    number = await bench.register(**report)
    ticket = await bench.act(
        number, Dispatch(by="service:router", department=department, assignee=who)
    )
    order = next(o.id for o in ticket.work_orders if o.assignee == who)
    await bench.act(number, Accept(by=who, order=order))
    return number, address(bench, order, who)


async def count(bench: PrivacyBench, who: str = OWN) -> int:
    found = await bench.store.get("readers", who)
    return len(found["recent"]) if found else 0


async def test_the_first_tap_asks_whose_telephone_it_is_and_the_next_ones_do_not(
    bench: PrivacyBench,
) -> None:
    number, path = await put_work(bench)

    asked = await tap(bench, path)
    assert (asked.status_code, FLAT in asked.text) == (200, False)
    assert "后四位" in asked.text
    assert await bench.audit("person.revealed") == []

    shown = await tap(bench, path, digits=DIGITS)
    again = await tap(bench, path, lang="en")
    for page in (shown, again):
        assert page.status_code == 200
        assert FLAT in page.text
        assert 'href="tel:+8613800138000"' in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["refresh"].startswith("60;url=http://127.0.0.1:8002/w/")
        assert str(WANG["name"]) not in page.text
    assert "HttpOnly" in shown.headers["set-cookie"]
    assert "samesite=strict" in shown.headers["set-cookie"].lower()
    assert "set-cookie" not in again.headers
    entries = await bench.audit("person.revealed")
    assert [(e["by"], e["why"], e["subject"]["id"]) for e in entries] == [
        (OWN, "visit", f"{number}/caller")
    ] * 2


async def test_one_person_order_and_shift_count_once_also_at_once_on_two_replicas(
    bench: PrivacyBench,
) -> None:
    await bench.add_replica()
    number, path = await put_work(bench)
    other, second = await put_work(bench)
    assert (await tap(bench, path, digits=DIGITS)).status_code == 200
    for replica in bench.replicas[1:]:
        replica.http.cookies.update(bench.http.cookies)

    answers = await asyncio.gather(*(tap(bench, path, n=n % 2) for n in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert await count(bench) == 1
    assert (await tap(bench, second)).status_code == 200
    assert await count(bench) == 2

    await bench.forward(timedelta(days=1))  # another shift
    assert (await tap(bench, path)).status_code == 200
    assert {o["number"] for o in (await bench.store.get("readers", OWN) or {})["recent"]} >= {
        number
    }
    assert number != other


async def test_beyond_the_allowance_nothing_more_is_shown(bench: PrivacyBench) -> None:
    paths = [(await put_work(bench))[1] for _ in range(PER_HOUR["department"] + 1)]
    await tap(bench, paths[0], digits=DIGITS)

    answers = [await tap(bench, path) for path in paths]

    assert [answer.status_code for answer in answers] == [200] * (len(paths) - 1) + [429]
    assert FLAT not in answers[-1].text
    assert "由服务台" in answers[-1].text


async def put_call(bench: PrivacyBench, who: str = DESK, state: str = "open") -> str:
    """A task to tell a caller something; the address of its page."""
    task = {"_id": "abc", "number": await bench.register(), "why": "tell", "state": state}
    await bench.store.documents("follow_ups").insert_one({**task, "person": who})
    return f"/w/{sign_link('task', f'abc/{who}', bench.keys.link)}/person"


async def test_who_is_to_ring_a_caller_sees_the_number_as_the_desk_does(
    bench: PrivacyBench,
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"flat_alone": True}})
    path = await put_call(bench)
    assert NUMBER not in (await tap(bench, path)).text

    shown = await tap(bench, path, digits=DESK_DIGITS)
    again = await tap(bench, path)

    assert 'href="tel:+8613800138000"' in shown.text
    assert again.status_code == 200
    entries = await bench.audit("person.revealed")
    assert [(e["by"], e["why"]) for e in entries] == [(DESK, "call_back")] * 2
    assert await count(bench, DESK) == 1


@pytest.mark.parametrize(("who", "state"), [(DESK, "done"), (OWN, "open")])
async def test_a_call_that_is_over_or_is_not_the_desk_s_shows_nobody(
    bench: PrivacyBench, who: str, state: str
) -> None:
    path = await put_call(bench, who, state)

    page = await tap(bench, path, digits=DESK_DIGITS)

    assert NUMBER not in page.text
    assert await bench.audit("person.revealed") == []


async def test_loading_the_address_opens_nothing_and_leads_back_to_the_work(
    bench: PrivacyBench,
) -> None:
    _, path = await put_work(bench)
    await tap(bench, path, digits=DIGITS)
    before = await bench.audit("person.revealed")

    loaded = await bench.http.get(f"{path}?lang=en")

    assert loaded.status_code == 303
    assert loaded.headers["location"].endswith(f"{path.removesuffix('/person')}?lang=en")
    assert await bench.audit("person.revealed") == before


async def test_what_somebody_made_up_leads_nowhere_but_to_itself(bench: PrivacyBench) -> None:
    loaded = await bench.http.get("/w/abc%3Flang=zh&x=%23.def/person")

    assert "/w/abc%3Flang%3Dzh%26x%3D%23.def?lang=" in loaded.headers["location"]


async def test_a_form_from_elsewhere_opens_nothing(bench: PrivacyBench) -> None:
    _, path = await put_work(bench)
    _, second = await put_work(bench)
    await tap(bench, path, digits=DIGITS)

    for form in ("", "x.y", form_of(bench, second)):
        answer = await bench.http.post(path, data={"form": form})
        assert (answer.status_code, FLAT in answer.text) == (303, False)
    assert (await bench.http.post(path, content=b"\xff\xfe")).status_code == 303


async def test_forged_lost_and_foreign_links_look_alike(bench: PrivacyBench) -> None:
    _, path = await put_work(bench)
    order = path.split("/")[2]
    link = read_staff_link(order, bench.keys.link)
    assert link is not None
    colleague = address(bench, link.matter, "jy-engineering-2")
    pages = []
    for each in (colleague, address(bench, link.matter, OWN, 1), address(bench, link.matter, "no")):
        answer = await tap(bench, each, digits=DIGITS)
        pages.append((answer.status_code, answer.text))
    forged = await bench.http.post("/w/abc.def/person", data={"form": "x"})

    assert {*pages} == {(404, forged.text)}
    assert await bench.audit("person.revealed") == []


async def test_a_lost_telephone_is_marked_no_more(bench: PrivacyBench) -> None:
    _, path = await put_work(bench)
    link = read_staff_link(path.split("/")[2], bench.keys.link)
    assert link is not None
    await tap(bench, path, digits=DIGITS)
    lost = {"person": OWN, "generation": 1, "at": bench.now(), "addresses": []}
    await bench.store.documents("rosters").update_one(
        {"_id": HEAD}, {"$set": {"lost": [lost]}, "$inc": {"revision": 1}}
    )
    await bench.platform.duty.refresh()

    assert (await tap(bench, path)).status_code == 404
    new = await tap(bench, address(bench, link.matter, OWN, 1))
    assert (new.status_code, FLAT in new.text, "后四位" in new.text) == (200, False, True)


async def test_three_wrong_answers_kill_the_link_in_all_replicas_and_the_lead_is_told(
    bench: PrivacyBench,
) -> None:
    await bench.add_replica()
    number, path = await put_work(bench)

    unreadable = await tap(bench, path, digits="12")
    first, second = [await tap(bench, path, n=n, digits="0000") for n in (0, 1)]
    third = await tap(bench, path, digits="0001")
    right = [await tap(bench, path, n=n, digits=DIGITS) for n in (0, 1)]

    assert [a.status_code for a in (unreadable, first, second)] == [422, 422, 422]
    left = [re.findall(r"可以试的次数：.*?(\d)", a.text) for a in (unreadable, first, second)]
    assert left == [[], ["2"], ["1"]]
    assert {(a.status_code, a.text) for a in (third, *right)} == {(404, third.text)}
    [said] = await bench.said(LinkLocked)
    assert (said.number, said.person, said.recipients) == (number, OWN, ("jy-engineering-3",))
    assert await bench.audit("person.revealed") == []


async def test_of_many_answers_at_once_three_count(bench: PrivacyBench) -> None:
    await bench.add_replica()
    _, path = await put_work(bench)
    typed = [f"{n:04}" for n in range(10)]

    answers = await asyncio.gather(
        *(tap(bench, path, n=n % 2, digits=each) for n, each in enumerate(typed))
    )
    # After the others: the right one takes back what was wrong before it.
    right = await tap(bench, path, digits=DIGITS)

    assert sum(a.status_code == 422 for a in answers) == MOST_TRIES - 1
    assert right.status_code not in {200, 422}
    assert len(await bench.said(LinkLocked)) == 1
    found = await bench.store.get("link_tries", read_id(bench, path))
    assert (found or {})["wrong"] == MOST_TRIES


def read_id(bench: PrivacyBench, path: str) -> str:
    link = read_staff_link(path.split("/")[2], bench.keys.link)
    assert link is not None
    return link.id


async def test_a_firm_outside_has_the_flat_alone(bench: PrivacyBench) -> None:
    report = {"text": "三号楼电梯门关不上，请来修", "type": "repair", "area": "elevator"}
    _, path = await put_work(bench, "lift_firm", FIRM, report=LAMP | report)
    digits = last_digits(str(bench.platform.duty.current.person(FIRM).phone))  # type: ignore[union-attr]

    shown = await tap(bench, path, digits=str(digits))

    assert shown.status_code == 200
    assert FLAT in shown.text
    assert NUMBER not in shown.text
    assert "tel:" not in shown.text
    assert "服务台转接" in shown.text


async def test_whom_the_caller_named_opens_the_door(bench: PrivacyBench) -> None:
    _, path = await put_work(bench, on_site_contact=LI)

    shown = await tap(bench, path, digits=DIGITS)

    assert str(LI["phone"]) in shown.text
    assert NUMBER not in shown.text


async def test_who_wanted_confidence_or_whose_telephone_nobody_knows_goes_through_the_desk(
    bench: PrivacyBench,
) -> None:
    _, secret = await put_work(bench, confidential=True)
    answers = [await tap(bench, secret, digits=DIGITS)]
    await bench.store.documents("rosters").update_one(
        {"_id": "jinyuan/engineering"}, {"$set": {"people.0.phone": ""}}
    )
    await bench.store.documents("rosters").update_one({"_id": HEAD}, {"$inc": {"revision": 1}})
    await bench.platform.duty.refresh()
    bench.http.cookies.clear()
    _, path = await put_work(bench)
    answers.append(await tap(bench, path, digits="0000"))

    for answer in answers:
        assert (answer.status_code, FLAT in answer.text) == (403, False)
        assert "由服务台" in answer.text


async def test_work_that_is_done_or_not_accepted_shows_nobody(bench: PrivacyBench) -> None:
    number = await bench.register()
    given = Dispatch(by="service:router", department="engineering", assignee=OWN)
    ticket = await bench.act(number, given)
    order = ticket.work_orders[-1].id
    path = address(bench, order)
    assert (await tap(bench, path, digits=DIGITS)).status_code == 404

    await bench.act(number, Accept(by=OWN, order=order))
    assert (await tap(bench, path, digits=DIGITS)).status_code == 200
    done = Resolve(by=OWN, order=order, outcome="done", proof=("x",))
    await bench.act(number, Start(by=OWN, order=order), done)
    answers = [await tap(bench, path) for _ in range(31)]
    assert {answer.status_code for answer in answers} == {404}  # no guesses


async def test_who_was_alerted_sees_the_flat_while_the_danger_runs(bench: PrivacyBench) -> None:
    number, _ = await put_work(bench, report=STUCK)
    doc = {"_id": number, "ended_at": None, "alerts": [{"recipients": [OWN]}]}
    await bench.store.insert_once("emergencies", doc)
    path = f"/w/{sign_link('alert', f'{number}/{OWN}', bench.keys.link)}/person"

    assert FLAT in (await tap(bench, path, digits=DIGITS)).text
    [entry] = await bench.audit("person.revealed")
    assert entry["why"] == "emergency"
    other = f"/w/{sign_link('alert', f'{number}/jy-security-1', bench.keys.link)}/person"
    assert (await tap(bench, other, digits="8004")).status_code == 404
