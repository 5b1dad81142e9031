"""A contractor sees just the work, by a signed link, and moves it (design promise 10)."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from services.router.contractors.domain import STEPS_OF, Work
from services.router.proofs.domain import MOST
from services.router.proofs.uploads import LARGEST_PHOTO
from shared.contracts.intake import TicketRegistered
from shared.contracts.router import EmergencyAcknowledged, EmergencyArrived, EmergencyReleased
from shared.identity import sign_link
from shared.runtime.web import LANGUAGES, words
from shared.tickets import OrderStatus, Ticket
from shared.tickets.acts import Dispatch, Transfer
from tests.router.conftest import RouterBench
from tests.support.bench import until
from tests.support.photos import encoded, noise, photo, png_of
from tests.support.tickets import LIFT, moved, registered

FIRM = "lift-firm-1"
ORDER = "23456789-1"
GIVEN = Dispatch(by="router", department="lift_firm", assignee=FIRM)
LIFT_DOOR = "三号楼电梯门关不上，请来修"


def link(bench: RouterBench, order: str = ORDER, person: str = FIRM) -> str:
    return f"/w/{sign_link('work', f'{order}/{person}', bench.keys.link)}"


async def put_given(bench: RouterBench, *, test: bool = False) -> Ticket:
    now = bench.now()
    ticket = moved(replace(registered(LIFT_DOOR, at=now), test=test), GIVEN, at=now)
    await bench.put(ticket, building="3", scrubbed="电梯门关不上", caller_role="owner")
    return ticket


async def step(bench: RouterBench, name: str, path: str | None = None) -> int:
    answer = await bench.http.post(f"{path or link(bench)}/{name}")
    return answer.status_code


async def test_the_page_shows_the_work_in_the_readers_language_and_no_person(
    bench: RouterBench,
) -> None:
    await put_given(bench)

    chinese = await bench.http.get(link(bench))
    english = await bench.http.get(f"{link(bench)}?lang=en")

    assert "锦园 3 号楼" in chinese.text
    assert "电梯门关不上" in chinese.text
    assert "接单时限" in chinese.text
    assert "Jinyuan Gardens 3" in english.text
    assert "演练" not in chinese.text
    assert chinese.headers["cache-control"] == "no-store"
    assert chinese.headers["referrer-policy"] == "no-referrer"
    for hidden in ("persons", "caller", "owner", FIRM):
        assert hidden not in chinese.text


async def test_it_is_accepted_attended_and_done_each_once(bench: RouterBench) -> None:
    await put_given(bench)

    assert await step(bench, "done") == 303  # not possible yet: the page shows what is
    assert (await bench.read()).orders[0].status is OrderStatus.DISPATCHED
    for name in ("accept", "accept", "arrive", "done", "done"):
        assert await step(bench, name) == 303

    ticket = await bench.read()
    done = [(e.transition, e.by) for e in ticket.timeline if e.order == ORDER]
    assert done == [("accept", FIRM), ("arrive", FIRM), ("resolve", FIRM)]
    assert "无需您操作" in (await bench.http.get(link(bench))).text


async def test_a_link_opens_nothing_else(bench: RouterBench) -> None:
    ticket = await put_given(bench)
    own = replace(registered(at=bench.now()), number="34567892")
    engineers = moved(own, replace(GIVEN, department="engineering", assignee="jy-engineering-1"))
    await bench.put(engineers)

    for path in (
        "/w/forged",
        f"/w/{sign_link('work', f'{ORDER}/{FIRM}', b'another secret')}",
        f"/w/{sign_link('survey', f'{ORDER}/{FIRM}', bench.keys.link)}",
        link(bench, person="lift-firm-2"),
        link(bench, order="23456789-7"),
        link(bench, order="34567892-1", person="jy-engineering-1"),
    ):
        assert (await bench.http.get(path)).status_code == 404
        assert await step(bench, "accept", path) == 404
    assert await step(bench, "explode") == 404
    assert (await bench.read()).version == ticket.version


async def test_of_work_that_went_to_somebody_else_nothing_is_shown(bench: RouterBench) -> None:
    ticket = await put_given(bench)
    away = Transfer(by="desk", order=ORDER, to_department="engineering",
                    assignee="jy-engineering-1", reason="not_ours")  # fmt: skip
    await bench.platform.tickets.change(ticket.number, lambda _t, _now: away)

    page = await bench.http.get(link(bench))

    assert page.status_code == 410
    assert "链接已失效" in page.text
    assert "This link has ended" in page.text
    for gone in ("<button", "锦园", "电梯门关不上", ticket.number):
        assert gone not in page.text
    assert await step(bench, "accept") == 410
    assert (await send(bench, photo())).status_code == 410
    assert (await bench.read()).orders[0].status is OrderStatus.TRANSFERRED


async def test_a_firm_moves_its_share_of_an_emergency(bench: RouterBench) -> None:
    """Acknowledged, on site, people safe: each is said by the man who is there."""
    await bench.put(registered(LIFT, at=bench.now()))
    await bench.publish(TicketRegistered(number="23456789"), id="t/1/1/0", lane="urgent")
    await until(lambda: _has(bench, "lift_firm"))
    order = next(o for o in (await bench.read()).orders if o.department == "lift_firm")
    path = link(bench, order.id)

    assert await step(bench, "accept", path) == 303
    await bench.said(EmergencyAcknowledged)
    assert await step(bench, "arrive", path) == 303
    await bench.said(EmergencyArrived)
    assert "人员已脱险" in (await bench.http.get(path)).text
    assert await step(bench, "release", path) == 303
    await bench.said(EmergencyReleased)
    assert "人员已脱险" not in (await bench.http.get(path)).text


async def put_on_site(bench: RouterBench, *, wanted: bool) -> None:
    """The firm's work, of which the estate wants a photo or does not."""
    rules = {"proof_for": [{"areas": ["elevator"]}]} if wanted else {"proof_for": []}
    await bench.let_places_differ(jinyuan={"rules": rules})
    await put_given(bench)
    for name in ("accept", "arrive"):
        assert await step(bench, name) == 303


async def send(
    bench: RouterBench, raw: bytes, *, lang: str = "zh", tag: dict[str, str] | None = None
) -> httpx.Response:
    files = {"photo": ("IMG_0001.JPG", raw, "image/jpeg")}
    path = f"{link(bench)}/photo?lang={lang}"
    return await bench.http.post(path, files=files, data=tag or {})


async def test_where_a_photo_is_wanted_it_is_not_done_without(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=True)

    page = await bench.http.get(link(bench))
    assert "须先上传照片" in page.text
    assert "/done" not in page.text
    assert await step(bench, "done") == 303
    assert (await bench.read()).orders[0].status is OrderStatus.IN_PROGRESS

    sent = await send(bench, photo(), tag={"building": "3", "room": ""})
    assert sent.status_code == 303
    page = await bench.http.get(sent.headers["location"])
    assert "已收到照片张数" in page.text
    assert "/done" in page.text
    assert await step(bench, "done") == 303
    order = (await bench.read()).orders[0]
    assert (order.status, order.proof) == (OrderStatus.RESOLVED, (f"{ORDER}-p1",))


async def test_where_none_is_wanted_one_is_kept_all_the_same(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=False)
    assert "须先" not in (await bench.http.get(link(bench))).text

    assert (await send(bench, photo(), tag={"building": "7"})).status_code == 303
    assert await step(bench, "done") == 303

    order = (await bench.read()).orders[0]
    assert (order.proof, order.place_differs) == ((f"{ORDER}-p1",), True)


@pytest.mark.parametrize(
    ("raw", "status", "zh", "en"),
    [
        (b"", 422, "没有收到照片", "No photo arrived"),
        (b"<svg xmlns='x'/>", 422, "这不是照片", "This is no photo"),
        (b"\0\0\0\x18ftypheic", 422, "HEIC", "HEIC is not taken"),
        (photo()[:2_000], 422, "没有传完", "cut off"),
        (png_of(30_000, 30_000), 422, "像素过大", "too many pixels"),
        (bytes(LARGEST_PHOTO + 1), 413, "文件过大", "too large"),
    ],
    ids=["empty", "svg", "heic", "cut off", "many pixels", "large"],
)
async def test_what_is_wrong_with_a_photo_stands_on_the_page_in_words(
    bench: RouterBench, raw: bytes, status: int, zh: str, en: str
) -> None:
    await put_on_site(bench, wanted=True)

    chinese, english = await send(bench, raw), await send(bench, raw, lang="en")

    assert (chinese.status_code, english.status_code) == (status, status)
    assert zh in chinese.text
    assert en in english.text
    assert 'role="alert"' in chinese.text
    other = await bench.http.get(f"{link(bench)}/photo?lang=en")  # the page's link to English
    assert "Photos of your work" in other.text
    assert "IMG_0001" not in chinese.text
    assert await bench.store.find("proofs", {}, limit=9) == []


async def test_more_photos_than_are_kept_are_refused_in_words(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=True)
    for n in range(MOST):
        assert (await send(bench, encoded(noise(20 + n, 20)))).status_code == 303

    page = await bench.http.get(link(bench))
    refused = await send(bench, encoded(noise(99, 20)))

    assert 'type="file"' not in page.text
    assert refused.status_code == 409
    assert "照片已够" in refused.text


@pytest.mark.parametrize("ended", [True, False])
async def test_before_it_is_accepted_and_after_its_end_no_photo_is_taken(
    bench: RouterBench,
    ended: bool,  # noqa: FBT001 - two cases
) -> None:
    if ended:
        await put_on_site(bench, wanted=False)
        assert await step(bench, "done") == 303
    else:
        await put_given(bench)

    page, sent = await bench.http.get(link(bench)), await send(bench, photo())

    assert 'type="file"' not in page.text
    assert (sent.status_code, "现在不能这样操作" in sent.text) == (409, True)


async def test_a_forged_link_takes_no_photo(bench: RouterBench) -> None:
    await put_on_site(bench, wanted=True)

    answer = await bench.http.post("/w/forged/photo", files={"photo": ("a", photo())})

    assert answer.status_code == 404
    assert await bench.store.find("proofs", {}, limit=9) == []


def test_every_fault_of_a_photo_has_words_in_both_languages() -> None:
    codes = {"empty", "unknown", "heic", "damaged", "animated", "too_many_pixels", "too_hard",
             "too_large",
             "too_many", "too_slow", "busy", "malformed"}  # fmt: skip
    for language in LANGUAGES:
        assert {f"fault_{code}" for code in codes} <= set(
            words("services.router.contractors", language)
        )


async def _has(bench: RouterBench, department: str) -> bool:
    return any(order.department == department for order in (await bench.read()).orders)


async def test_a_drill_says_that_it_is_one(bench: RouterBench) -> None:
    await put_given(bench, test=True)

    assert "这是演练" in (await bench.http.get(link(bench))).text


def test_every_status_and_step_has_words_in_both_languages() -> None:
    for language in LANGUAGES:
        known = words("services.router.contractors", language)
        assert all(text.strip() for text in known.values())
        for status in OrderStatus:
            assert f"status_{status}" in known
        steps = {name for names in STEPS_OF.values() for name in names} | {"release"}
        assert {f"step_{name}" for name in steps} <= set(known)


@pytest.mark.parametrize("released", [True, False])
def test_only_in_an_emergency_people_are_released(released: bool) -> None:  # noqa: FBT001
    ticket = moved(registered(LIFT_DOOR), GIVEN)
    order = replace(ticket.orders[0], status=OrderStatus.IN_PROGRESS)

    assert Work(ticket, order, None, "", released=released).steps == ("done",)


async def test_links_that_open_nothing_are_counted_by_address_and_told_in_both_languages(
    bench: RouterBench,
) -> None:
    guesses = [await bench.http.get(f"/w/abc.guess-{n}") for n in range(31)]

    assert [answer.status_code for answer in guesses] == [404] * 30 + [429]
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert "尝试次数过多" in guesses[-1].text
    assert "Too many tries" in guesses[-1].text
