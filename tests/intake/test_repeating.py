"""Who comes about the same matter under another number is recognised, and only the desk is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from services.intake.registration import repeat_calls
from services.intake.registration.repeat_calls import (
    Matter,
    in_its_light,
    matter_of,
)
from shared.contracts.intake import TicketRegistered
from shared.readers.switchboards import SWITCHBOARD
from shared.store import Asked, Store
from shared.triage.classify import Classification
from tests.intake.test_registering import IntakeBench
from tests.support.tickets import policy

CALLER: Final[dict[str, Any]] = {
    "name": "王桂兰", "phone": "13800138000", "role": "owner", "room": "3-1-502",
}  # fmt: skip
LAMP: Final[dict[str, Any]] = {
    "estate": "jinyuan", "text": "楼道灯不亮，请来修", "caller": CALLER,
}  # fmt: skip
DAY: Final = timedelta(days=1)


def doc(id: str, **more: Any) -> dict[str, Any]:
    return {"_id": id, "estate": "jinyuan", "area": "lighting", "mark": None, **more}


@pytest.mark.parametrize(
    ("docs", "first"),
    [
        ([], None),
        ([doc("a"), doc("b")], "a"),
        ([doc("b", repeat_of="a"), doc("c", repeat_of="a")], "a"),
        ([doc("a", estate="cuihu"), doc("b", area="plumbing")], None),
        ([doc("a", mark="cancelled"), doc("b", mark="merged"), doc("c", mark="closed")], "c"),
        ([doc("a", test=True)], None),
        ([doc("a")] * (SWITCHBOARD + 1), None),
    ],
)
def test_the_first_of_a_matter_is_the_earliest_of_the_same_place_and_area(
    docs: list[dict[str, Any]], first: str | None
) -> None:
    matter = matter_of(docs, words("lighting"), estate="jinyuan", sure=True)

    assert matter == (Matter(first, "lighting") if first else None)


def words(area: str, *, refers_back: bool = False) -> Classification:
    return Classification(
        type="complaint", area=area, department="engineering", urgency="normal", emergency=False,
        emergency_kind=None, confidence=0.3, follow_up=refers_back, refers_back=refers_back,
        reasons=(),
    )  # fmt: skip


TWO = [doc("a"), doc("b", area="plumbing")]


@pytest.mark.parametrize(
    ("docs", "found", "first"),
    [
        ([doc("a")], words("lighting", refers_back=True), "a"),
        ([doc("a")], words("fees", refers_back=True), "a"),
        (TWO, words("plumbing", refers_back=True), "b"),
        (TWO, words("fees", refers_back=True), None),
        ([doc("a"), doc("b", area="odor", repeat_of="a")], words("fees", refers_back=True), "a"),
        ([doc("a")], words("lighting"), None),
        ([doc("a", estate="cuihu")], words("lighting", refers_back=True), None),
    ],
)
def test_unsure_words_come_back_to_a_matter_only_where_they_refer_to_one(
    docs: list[dict[str, Any]], found: Classification, first: str | None
) -> None:
    matter = matter_of(docs, found, estate="jinyuan", sure=False)

    assert (matter.first if matter else None) == first


def test_in_the_light_of_a_matter_only_what_is_unsure_is_about_its_area() -> None:
    unsure = in_its_light(words("fees"), Matter("a", "plumbing"), policy())
    department = policy().taxonomy.department_for("complaint", "plumbing")
    assert (unsure.area, unsure.department) == ("plumbing", department)
    assert unsure.confidence == policy().rules.hold_below_confidence

    sure = words("fees").model_copy(update={"confidence": 0.9})
    assert in_its_light(sure, Matter("a", "plumbing"), policy()) == sure


async def post(bench: IntakeBench, role: Any = "agent", **more: Any) -> dict[str, Any]:
    headers = bench.signed_in(role, id=more.pop("by", "agent-7"))
    answer = await bench.http.post("/v1/tickets", json={**LAMP, **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def first_of_kept(bench: IntakeBench, answer: dict[str, Any]) -> str | None:
    ticket = await bench.platform.tickets.get(answer["number"])
    assert ticket is not None
    return ticket.repeat_of


async def test_all_that_a_caller_comes_for_about_one_matter_names_the_first(
    bench: IntakeBench,
) -> None:
    first = await post(bench)
    second = await post(bench, text="楼道的灯还是不亮，请来修")
    third = await post(bench, text="灯还没修")

    assert "duplicate_of" not in first
    assert second["duplicate_of"] == third["duplicate_of"] == first["number"]
    assert await first_of_kept(bench, third) == first["number"]


@pytest.mark.parametrize(
    "other",
    [
        {"estate": "cuihu"},
        {"text": "厨房水龙头滴水，请来修一下"},
        {"caller": {"name": "王桂兰", "phone": "400-000-0000"}},
        {"caller": {"name": "王桂兰"}},
        {"caller": CALLER | {"phone": "13800138000转7"}},
        {"caller": CALLER | {"name": "李先生"}},
        {"caller": CALLER | {"room": "5-2-101"}},
        {"caller": CALLER | {"role": "staff"}},
        {"text": "三号楼电梯里困了人，快来"},
        {"test": True},
    ],
    ids=[
        "place",
        "area",
        "phone",
        "no phone",
        "extension",
        "family",
        "flat",
        "staff",
        "emergency",
        "drill",
    ],
)
async def test_another_matter_is_linked_to_nothing(
    bench: IntakeBench, other: dict[str, Any]
) -> None:
    await post(bench)

    answer = await post(bench, **other)

    assert await first_of_kept(bench, answer) is None


@pytest.mark.parametrize(
    "caller",
    [
        CALLER | {"name": "王女士"},
        {"phone": CALLER["phone"]},
        CALLER | {"phone": "+86 138-0013-8000", "room": "3号楼1单元502"},
    ],
    ids=["the same family", "says less", "written otherwise"],
)
async def test_the_same_household_is_known_however_it_is_told(
    bench: IntakeBench, caller: dict[str, Any]
) -> None:
    first = await post(bench, caller=CALLER)

    assert (await post(bench, caller=caller))["duplicate_of"] == first["number"]


async def test_what_is_older_than_the_policys_span_is_another_matter(bench: IntakeBench) -> None:
    first = await post(bench)
    await bench.forward(29 * DAY)
    second = await post(bench)
    await bench.forward(2 * DAY)
    third = await post(bench)
    await bench.forward(31 * DAY)
    fourth = await post(bench)

    assert await first_of_kept(bench, second) == first["number"]
    assert await first_of_kept(bench, third) == first["number"], "one matter keeps its first"
    assert await first_of_kept(bench, fourth) is None


async def test_a_publisher_and_a_department_are_not_told(bench: IntakeBench) -> None:
    await post(bench)

    by_system = await post(bench, "system", by="app-owners")
    shown = await bench.http.get(
        f"/v1/tickets/{by_system['number']}", headers=bench.signed_in("system", id="app-owners")
    )

    assert await first_of_kept(bench, by_system) is not None
    assert "duplicate_of" not in by_system
    assert not {"duplicate_of", "repeat_of"} & shown.json().keys()
    assert len(await bench.said(TicketRegistered, 2)) == 2
    assert "repeat_of" not in "".join(e.to_body().decode() for e in bench.heard)


async def test_the_desk_sees_it_on_the_ticket_but_nobody_whom_the_first_is_about(
    bench: IntakeBench,
) -> None:
    await bench.have_account("he")
    first = await post(bench, about={"people": ["he"]})
    second = await post(bench)
    path = f"/v1/tickets/{second['number']}"

    desk = await bench.http.get(path, headers=bench.signed_in("agent"))
    he = await bench.http.get(path, headers=bench.signed_in("agent", id="he"))
    his = await post(bench, by="he")

    assert desk.json()["duplicate_of"] == first["number"]
    assert "repeat_of" not in desk.json()
    assert (he.status_code, "duplicate_of" in he.json()) == (200, False)
    assert "duplicate_of" not in his


async def test_a_repeat_of_one_report_is_the_same_ticket_and_no_second(bench: IntakeBench) -> None:
    headers = bench.signed_in("agent") | {"Idempotency-Key": "k"}
    answers = [await bench.http.post("/v1/tickets", json=LAMP, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()


async def test_a_switchboard_is_nobody_and_is_not_asked_for_at_every_call(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeat_calls, "SWITCHBOARD", 2)
    asked = counted(monkeypatch)

    answers = [await post(bench) for _ in range(6)]

    firsts = [await first_of_kept(bench, answer) for answer in answers]
    assert firsts == [None, *[answers[0]["number"]] * 2, None, None, None]
    assert len(asked) == 4, "the fourth found it out"
    await bench.forward(timedelta(hours=1, seconds=1))
    await post(bench)
    assert len(asked) == 5


def counted(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every question by phone that is really asked."""
    asked: list[object] = []
    having = Store.having

    async def counting(self: Store, what: Asked, key: str) -> Any:
        if what.by == "index.phone":
            asked.append(key)
        return await having(self, what, key)

    monkeypatch.setattr(Store, "having", counting)
    return asked


async def test_nothing_is_asked_without_a_phone_nor_for_an_emergency(
    bench: IntakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = counted(monkeypatch)

    await post(bench, caller={"name": "王桂兰"})
    await post(bench, text="三号楼电梯里困了人，快来")
    await post(bench, estate="nowhere", address="某某路一号")

    assert asked == []
