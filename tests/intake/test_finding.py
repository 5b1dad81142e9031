"""Lists and counts are one question: what somebody may see of what they asked for, in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import httpx
import pytest

from shared.readers import ticket_lists
from shared.tickets.acts import FeedbackAttempt
from tests.intake.privacy_bench import PrivacyBench, problem

TAP: Final = {"text": "厨房水龙头滴水，请来修一下", "type": "repair", "area": "plumbing"}
LIFT: Final = {"text": "三号楼电梯困人了，快来人"}
LATE: Final = {"text": "楼上装修太吵了，请保安去看看", "type": "complaint", "area": "noise"}


async def found(bench: PrivacyBench, path: str = "", **asked: Any) -> dict[str, Any]:
    answer = await bench.ask("GET", f"/v1/tickets{path}", as_="agent", params=asked)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def numbers(bench: PrivacyBench, **asked: Any) -> list[str]:
    """All of a list, two a page, so that the cursor is used."""
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = await found(bench, **{"limit": 2, **asked, **after})
        seen += [item["number"] for item in page["items"]]
        if page["next"] is None:
            return seen
        after = {"after": page["next"]}


async def test_each_filter_holds_what_it_says_and_is_counted_alike(bench: PrivacyBench) -> None:
    tap = await bench.register(TAP)
    noise = await bench.register(LATE, estate="cuihu", channel="wechat")
    lift = await bench.register(LIFT)
    cancelled = await bench.register(TAP, estate="cuihu")
    await bench.end(cancelled)
    order = await bench.give(tap)
    all_ = {tap, noise, lift, cancelled}
    at = (await found(bench, f"/{lift}"))["registered_at"]

    for asked, wanted in (
        ({}, all_),
        ({"estate": "cuihu"}, {noise, cancelled}),
        ({"estate": ["cuihu", "jinyuan"]}, all_),
        ({"estate": "nowhere"}, set()),
        ({"status": ["dispatched", "cancelled"]}, {tap, cancelled}),
        ({"over": True}, {cancelled}),
        ({"over": False}, all_ - {cancelled}),
        ({"over": True, "status": "dispatched"}, set()),
        ({"type": "complaint"}, {noise}),
        ({"area": ["noise", "plumbing"]}, {noise, tap, cancelled}),
        ({"urgency": "emergency"}, {lift}),
        ({"channel": "wechat"}, {noise}),
        ({"department": "engineering"}, {tap}),
        ({"assignee": "li"}, {tap}),
        ({"owner": "agent-1", "over": False}, {tap, noise, lift}),
        ({"risk": False}, all_),
        ({"risk": True}, set()),
        ({"level": 1}, set()),
        ({"incident": "none"}, set()),
        ({"registered_from": at}, {lift, cancelled}),
        ({"registered_to": at}, {tap, noise}),
        ({"due_before": "2099-01-01T00:00:00Z", "estate": "cuihu"}, {noise}),
        ({"q": "水龙头", "estate": "jinyuan"}, {tap}),
        ({"q": "厨房 水龍頭", "registered_from": "2000-01-01T00:00:00Z"}, {tap, cancelled}),
    ):
        assert set(await numbers(bench, **asked)) == wanted, asked
        assert await found(bench, "/counts", **asked) == {"count": len(wanted), "more": False}, (
            asked
        )
    assert order


async def test_the_building_of_the_flat_is_found_where_nothing_else_names_one(
    bench: PrivacyBench,
) -> None:
    flat = {"caller": {"name": "王芳", "phone": "13800138000", "room": "3-1-502"}}
    at_home = await bench.register(TAP, **flat)
    elsewhere = await bench.register(TAP, **flat, location="9号楼大堂")
    secret = await bench.register(TAP, **flat, confidential=True)
    danger = await bench.register({"text": "电梯困人了，快来人"}, **flat)
    nowhere = await bench.register(TAP, caller={"name": "王芳", "phone": "13800138000"})

    told = await found(bench, q="锦园 3号楼")

    assert [(item["number"], item["building"]) for item in told["items"]] == [(at_home, "3")]
    assert set(await numbers(bench, q="锦园")) == {
        at_home, elsewhere, secret, danger, nowhere,
    }  # fmt: skip


async def test_a_search_is_kept_to_the_place_that_its_words_name(bench: PrivacyBench) -> None:
    three = await bench.register(TAP, location="3号楼402")
    phase = await bench.register(TAP, location="二期3栋")
    nine = await bench.register(LATE, location="9号楼")
    cuihu = await bench.register(TAP, estate="cuihu", location="3幢")
    long_ago = {"registered_from": "2000-01-01T00:00:00Z"}

    for asked, wanted, place in (
        ({"q": "3号楼", "estate": "jinyuan"}, {three, phase}, {"building": "3"}),
        ({"q": "三栋", **long_ago}, {three, phase, cuihu}, {"building": "3"}),
        ({"q": "锦园"}, {three, phase, nine}, {"estate": "jinyuan"}),
        ({"q": "锦园小区的水龙头"}, {three, phase}, {"estate": "jinyuan"}),
        ({"q": "錦園三號樓"}, {three, phase}, {"estate": "jinyuan", "building": "3"}),
        (
            {"q": "Jinyuan, tower 3"},
            {three, phase},
            {"estate": "jinyuan", "building": "3"},
        ),
        ({"q": "锦园二期3栋水龙头"}, {phase}, {"estate": "jinyuan", "building": "2期3"}),
        ({"q": "锦园 9号楼 装修"}, {nine}, {"estate": "jinyuan", "building": "9"}),
        ({"q": "锦园 9号楼 水龙头"}, set(), {"estate": "jinyuan", "building": "9"}),
        ({"q": "锦园", "estate": "cuihu"}, set(), None),
        ({"q": "3-1-402", "estate": "jinyuan"}, set(), None),
        ({"q": three}, {three}, None),
    ):
        assert set(await numbers(bench, **asked)) == wanted, asked
        assert (await found(bench, "/counts", **asked))["count"] == len(wanted), asked
        told = (await found(bench, **asked)).get("place")
        whole: dict[str, Any] = {"estate": None, "building": None, **(place or {})}
        assert told == (whole if place else None), asked


@pytest.mark.parametrize("sort", ["newest", "oldest", "due", "urgent"])
async def test_every_sort_holds_all_of_it_once_and_its_cursor_counts_for_it_alone(
    bench: PrivacyBench, sort: str
) -> None:
    made = [await bench.register(TAP) for _ in range(3)]
    made += [await bench.register(LIFT), await bench.register(LATE)]
    await bench.end(made[1])

    listed = await numbers(bench, sort=sort)
    page = await found(bench, sort=sort, limit=2)
    other = "due" if sort != "due" else "newest"
    strange = await bench.ask(
        "GET", "/v1/tickets", as_="agent", params={"sort": other, "after": page["next"]}
    )

    assert sorted(listed) == sorted(made)
    assert strange.status_code == 422
    docs = {each["number"]: each for each in (await found(bench, limit=9))["items"]}
    if sort == "newest":
        assert listed == made[::-1]
    if sort == "oldest":
        assert listed == made
    if sort in {"due", "urgent"}:
        assert listed[-1] == made[1]
    if sort == "urgent":
        assert listed[0] == made[3]
    if sort == "due":
        dues = [docs[number]["due"] or "9" for number in listed]
        assert dues == sorted(dues)


async def test_a_number_is_found_however_it_is_said_and_a_slip_is_told(
    bench: PrivacyBench,
) -> None:
    number = await bench.register(TAP)
    slip = number[:-1] + ("2" if number[-1] != "2" else "3")

    for said in (number, f"{number[:4]} {number[4:]}".lower(), f" {number[:4]}-{number[4:]} "):
        assert await numbers(bench, q=said) == [number]
    answer = await bench.ask("GET", "/v1/tickets", as_="agent", params={"q": slip})
    if any(c.isdigit() for c in slip) and any(c.isalpha() for c in slip):
        [fault] = answer.json()["faults"]
        assert "check character" in fault["fault"]
        assert "校验" in fault["fault_zh"]


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "水龙头"},
        {"q": "灯", "estate": "jinyuan"},
        {"colour": "red"},
        {"sort": "random"},
        {"status": "lost"},
        {"after": "rubbish"},
        {"after": "bmV3ZXN0Ljkg"},
        {"limit": 0},
        {"level": 0},
        {"registered_from": "yesterday"},
        {"to_tell": "false"},
        {"fields": "all"},
        {"estate": ["x"] * 51},
    ],
    ids=str,
)
async def test_what_cannot_be_asked_is_refused_by_name(
    bench: PrivacyBench, asked: dict[str, Any]
) -> None:
    answer = await bench.ask("GET", "/v1/tickets", as_="agent", params=asked)

    assert answer.status_code == 422, answer.text
    assert answer.json()["faults"][0]["field"].split(".")[0] in {*asked, "query"}
    assert all(fault["fault_zh"] for fault in answer.json()["faults"])


async def test_a_matter_about_somebody_is_in_no_list_count_search_or_likeness_of_theirs(
    bench: PrivacyBench,
) -> None:
    await bench.have_account("agent-7")
    about = {"people": ["agent-7"]}
    hidden = await bench.register(TAP, about=about)
    sketch = {"estate": "jinyuan", "area": "plumbing", "text": TAP["text"]}

    assert await numbers(bench) == []
    assert await numbers(bench, q=hidden) == []
    assert await numbers(bench, q="水龙头", estate="jinyuan") == []
    assert await found(bench, "/counts", q="水龙头", estate="jinyuan", by="area") == {
        "count": 0, "more": False, "by": [],
    }  # fmt: skip
    like = await bench.ask("POST", "/v1/tickets/similar", as_="agent", json=sketch)
    assert like.json() == {"items": []}
    theirs = await bench.ask("POST", "/v1/tickets/similar", as_="agent", id="lin", json=sketch)
    assert [item["ticket"]["number"] for item in theirs.json()["items"]] == [hidden]


async def test_a_foreign_place_is_in_no_list_whatever_is_asked_for(bench: PrivacyBench) -> None:
    await bench.register(TAP, estate="cuihu")
    for asked in ({}, {"estate": "cuihu"}, {"q": "水龙头"}, {"sort": "urgent"}):
        answer = await bench.ask("GET", "/v1/tickets", as_="agent", place="jinyuan", params=asked)
        assert answer.json() == {"items": [], "next": None}, asked
    for q in ("翠湖", "翠湖水龙头"):
        answer = await bench.ask(
            "GET", "/v1/tickets", as_="agent", place="jinyuan", params={"q": q}
        )
        assert answer.json()["items"] == [], q


async def test_a_department_learns_nothing_of_who_asked_for_confidence(
    bench: PrivacyBench,
) -> None:
    number = await bench.register(TAP, channel="wechat", confidential=True)
    open_ = await bench.register(TAP, channel="wechat")
    for each in (number, open_):
        await bench.give(each)

    async def ask(path: str, **params: Any) -> httpx.Response:
        return await bench.ask(
            "GET", f"/v1/tickets{path}", as_="department", departments="engineering", params=params
        )

    assert [t["number"] for t in (await ask("", channel="wechat")).json()["items"]] == [open_]
    shown = (await ask(f"/{number}")).json()
    assert not {"caller", "contact", "channel", "caller_role", "location"} & shown.keys()
    assert (await ask(f"/{open_}")).json()["caller"]["name"] == "王**"


async def test_counts_stop_and_say_so(bench: PrivacyBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_lists, "MOST_COUNTED", 2)
    for _ in range(3):
        await bench.register(TAP)
    await bench.register(LATE, estate="cuihu")

    assert await found(bench, "/counts") == {"count": 2, "more": True}
    assert await found(bench, "/counts", estate="cuihu", by="status") == {
        "count": 1, "more": False, "by": [{"value": "registered", "count": 1}],
    }  # fmt: skip
    assert (await found(bench, "/counts", by="department"))["count"] == 2


async def test_a_card_says_what_there_is_to_say_and_no_more(bench: PrivacyBench) -> None:
    number = await bench.register(TAP, text="三号楼" + "漏水了" * 100)

    [card] = (await found(bench, fields="card"))["items"]

    assert card["number"] == number
    assert card["building"] == "3"
    assert len(card["words"]) == 121
    assert card["due"] > card["next_due"]
    assert not {"held", "incident", "risk", "channel", "level"} & card.keys()


async def test_what_a_person_has_to_tell_is_a_filter_and_the_ticket_says_how_far_it_is(
    bench: PrivacyBench,
) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"feedback_by_call": ["complaint"]}})
    noise, tap, waiting = [await bench.register(each) for each in (LATE, TAP, TAP)]
    for each in (noise, tap, waiting):
        await bench.finish(each, await bench.give(each))
    await bench.store.documents("follow_ups").insert_one(
        {"_id": "t", "number": tap, "state": "open", "why": "tell", "due_at": bench.now()}
    )
    await bench.act(noise, FeedbackAttempt(by="agent-7"))

    assert set(await numbers(bench, to_tell="true")) == {noise, tap}
    assert (await found(bench, "/counts", to_tell="true"))["count"] == 2
    told = (await found(bench, f"/{noise}"))["feedback"]
    rules = bench.platform.policy.rules
    assert told["attempts"] == 1
    assert told["left"] == rules.feedback_attempts - 1
    assert told["by_call"]
    assert told["next_attempt_at"] is not None
    await bench.forward(rules.feedback_gap + timedelta(seconds=1))
    assert (await found(bench, f"/{noise}"))["feedback"]["next_attempt_at"] is None
    assert "feedback" not in await found(bench, f"/{await bench.register(TAP)}")


async def test_words_from_before_are_found_after_the_loop_has_been_there(
    bench: PrivacyBench,
) -> None:
    from services.intake.privacy.old_words import WAY, OldWords

    number = await bench.register(TAP)
    await bench.store.documents("tickets").update_one({"_id": number}, {"$unset": {"terms": ""}})
    await bench.store.documents("reindexing").delete_one({"_id": WAY})
    assert await numbers(bench, q="水龙头", estate="jinyuan") == []

    await OldWords(bench.store).look()

    assert await numbers(bench, q="水龙头", estate="jinyuan") == [number]


async def test_who_is_not_there_is_told_alike(bench: PrivacyBench) -> None:
    foreign = await bench.register(TAP, estate="cuihu")
    for path in ("", "/related"):
        answers = [
            await bench.ask("GET", f"/v1/tickets/{number}{path}", as_="agent", place="jinyuan")
            for number in (foreign, "22222222")
        ]
        assert {problem(answer) for answer in answers} == {(404, "not-found")}
