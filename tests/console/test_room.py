"""The room of an emergency: who was called, what happened, and what each reader may do in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.console.emergencies.live import emergencies_source
from tests.console.bench import Bench

PART = {"hx-request": "true"}
FORMS = re.compile(r"<(form|button|input|select|textarea)")


async def desk(bench: Bench, id: str = "xiao.he", role: str = "agent", **facts: Any) -> Any:
    await bench.hire(id, role, **facts)
    return await bench.signed_in_browser(id)


def acts_in(text: str, number: str) -> set[str]:
    return set(re.findall(rf'action="/emergencies/{number}/([\w-]+)"', text))


async def test_the_room_tells_all_of_it_and_offers_what_the_reader_may(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench)

    page = await browser.get(f"/emergencies/{number}")
    listed = await browser.get("/emergencies")

    assert page.status_code == 200
    assert "电梯困人" in page.text
    assert "三号楼电梯困人了" in page.text
    assert "无人应答" in page.text
    assert "先做什么" in page.text
    assert {"acknowledge", "check", "log"} <= acts_in(page.text, number)
    assert acts_in(page.text, number) & {"end", "release", "arrive", "review"} == set()
    assert f'href="/emergencies/{number}"' in listed.text


async def test_it_is_taken_ticked_off_and_written_down(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench)
    path = f"/emergencies/{number}"
    step = re.search(r'name="step" value="(\w+)"', (await browser.get(path)).text)
    assert step

    taken = await browser.post(f"{path}/acknowledge", headers=PART)
    ticked = await browser.post(f"{path}/check", data={"step": step[1]}, headers=PART)
    said = await browser.post(f"{path}/log", data={"text": "两人被困，情绪稳定"}, headers=PART)

    assert [answer.status_code for answer in (taken, ticked, said)] == [204, 204, 204]
    assert taken.headers["hx-redirect"] == path
    page = await browser.get(path)
    assert "已接警" in page.text
    assert "☑" in page.text
    assert "两人被困，情绪稳定" in page.text
    assert "acknowledge" not in acts_in(page.text, number)


async def test_what_happened_is_numbered_and_says_confirmed_only_where_somebody_did(
    bench: Bench,
) -> None:
    number = await bench.emergency()
    browser = await desk(bench)

    page = (await browser.get(f"/emergencies/{number}")).text

    assert re.search(r'<ol class="plain" reversed[ >]', page)
    story = page[page.index('id="story-title"') :]
    assert "人工登记，按属实处置" in story
    assert "确认属实" not in story


async def test_the_list_s_number_leads_to_the_room_and_says_how_long_before_any_script(
    bench: Bench,
) -> None:
    number = await bench.emergency()
    await bench.forward_to_another_minute()
    browser = await desk(bench)

    listed = (await browser.get("/emergencies")).text

    assert f'<a class="number" href="/emergencies/{number}">' in listed
    lasts = re.search(r'data-since="[^"]+">([^<]+)</time>', listed)
    assert lasts
    assert re.fullmatch(r"\d+(秒|分|小时|天)", lasts[1])


async def test_the_desk_counts_the_emergencies_that_nobody_has_and_says_so(bench: Bench) -> None:
    taken = await bench.emergency()
    await bench.emergency(estate="binjiang", text="天然气漏了，味道很大")
    browser = await desk(bench)
    await browser.post(f"/emergencies/{taken}/acknowledge", headers=PART)

    page = (await browser.get("/desk")).text

    assert re.search(r'data-words="无人应答" data-count="emergencies">1</span>', page)


async def test_what_nobody_has_named_leads_to_where_kind_and_place_are_changed(
    bench: Bench,
) -> None:
    known = await bench.emergency()
    unnamed = await bench.emergency(text="", estate=None, emergency_kind="unknown")
    browser = await desk(bench)
    manager = await desk(bench, "jing.li", "manager")

    pages = {n: (await browser.get(f"/emergencies/{n}")).text for n in (known, unnamed)}

    for number, page in pages.items():
        assert f'href="/tickets/{number}#act-reclassify"' in page
        assert 'id="act-reclassify"' in (await browser.get(f"/tickets/{number}")).text
    assert "弄清后马上改" in pages[unnamed]
    assert "弄清后马上改" not in pages[known]
    assert "#act-reclassify" not in (await manager.get(f"/emergencies/{known}")).text


async def test_what_to_do_first_stands_in_three_parts(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench)

    page = (await browser.get(f"/emergencies/{number}")).text

    parts = re.findall(r"<p><strong>(对来电人说|问清|同时做)</strong>", page)
    assert parts == ["对来电人说", "问清", "同时做"]


async def test_without_a_script_an_act_leads_back_to_the_room(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench)

    answer = await browser.post(f"/emergencies/{number}/acknowledge")

    assert (answer.status_code, answer.headers["location"]) == (303, f"/emergencies/{number}")


async def test_who_is_there_ends_it_and_somebody_reviews_it(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench, "jing.li", "manager")
    path = f"/emergencies/{number}"

    early = await browser.post(f"{path}/end", headers=PART)
    for act in ("arrive", "release", "end"):
        answer = await browser.post(f"{path}/{act}", headers=PART)
        assert answer.status_code == 204, answer.text
    over = await browser.get(path)
    form = {"verdict": "handled_well", "note": "很快"}
    reviewed = await browser.post(f"{path}/review", data=form, headers=PART)

    assert early.status_code in {403, 409}
    assert "data-runs" not in over.text
    assert acts_in(over.text, number) >= {"review"}
    assert reviewed.status_code == 204
    assert "复盘结论" in (await browser.get(path)).text
    assert number in (await browser.get("/emergencies/over")).text
    assert number not in (await browser.get("/emergencies")).text


async def test_what_was_none_is_called_off_with_a_reason(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench, "jing.li", "manager")
    path = f"/emergencies/{number}"
    await browser.post(f"{path}/arrive", headers=PART)

    nothing = await browser.post(f"{path}/false-alarm", data={"reason": ""}, headers=PART)
    called_off = await browser.post(
        f"{path}/false-alarm", data={"reason": "misreported"}, headers=PART
    )

    assert nothing.status_code == 422
    assert called_off.status_code == 204
    assert "误报" in (await browser.get(path)).text


@pytest.mark.parametrize(
    ("act", "form", "status"),
    [
        ("log", {"text": ""}, 422),
        ("log", {"text": "   "}, 422),
        ("check", {"step": "no such step"}, 422),
        ("part", {"ticket": "x", "reason": "unrelated"}, 404),
        ("nonsense", {}, 404),
        ("end", {}, 403),
        ("review", {"verdict": "handled_well"}, 403),
    ],
)
async def test_what_cannot_be_done_is_said(
    bench: Bench, act: str, form: dict[str, str], status: int
) -> None:
    number = await bench.emergency()
    browser = await desk(bench)

    answer = await browser.post(f"/emergencies/{number}/{act}", data=form, headers=PART)

    assert answer.status_code == status
    assert "<form" not in answer.text


async def test_foreign_and_missing_rooms_look_alike(bench: Bench) -> None:
    number = await bench.emergency()
    browser = await desk(bench, places=["cuihu"])

    foreign = await browser.get(f"/emergencies/{number}")
    missing = await browser.get("/emergencies/23456789")
    act = await browser.post(f"/emergencies/{number}/acknowledge", headers=PART)

    assert (foreign.status_code, missing.status_code, act.status_code) == (404, 404, 404)
    assert re.findall("<h1>.*", foreign.text) == re.findall("<h1>.*", missing.text)


async def test_a_drill_says_so_across_the_page(bench: Bench) -> None:
    number = await bench.emergency(test=True)

    page = await (await desk(bench)).get(f"/emergencies/{number}")

    assert "这是演练" in page.text


async def test_words_of_callers_and_of_the_log_stay_words(bench: Bench) -> None:
    number = await bench.emergency(
        text="三号楼电梯困人了<script>alert(1)</script>", emergency_kind="elevator_entrapment"
    )
    browser = await desk(bench)
    await browser.post(f"/emergencies/{number}/log", data={"text": "<img src=x>来了"}, headers=PART)

    page = await browser.get(f"/emergencies/{number}")

    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "来了" in page.text


async def test_the_stream_shows_running_emergencies_and_counts_those_that_nobody_has(
    bench: Bench,
) -> None:
    taken, waiting = await bench.emergency(), await bench.emergency(
        estate="binjiang", text="天然气漏了，味道很大"
    )  # fmt: skip
    browser = await desk(bench)
    await browser.post(f"/emergencies/{taken}/acknowledge", headers=PART)
    token = bench.signed_in("agent", id="xiao.he")["Authorization"].removeprefix("Bearer ")
    source = emergencies_source(bench.console.state.house)

    listing = await source("emergencies", token, "zh")
    forbidden = bench.signed_in("auditor", id="audit")["Authorization"].removeprefix("Bearer ")

    assert [card.id for card in listing.cards] == [f"emergency-{waiting}", f"emergency-{taken}"]
    assert (listing.total, listing.counts) == (2, 1)
    assert [card.id for card in listing.cards if FORMS.search(card.html)] == []
    assert (await source("emergencies", forbidden, "zh")).cards == ()
