"""The resident's page: two languages, no script, nothing personal, nothing lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.survey.app import LARGEST_BODY
from services.survey.domain import ANSWER_WITHIN
from shared.identity import sign_link
from shared.runtime.web import LANGUAGES, choose_language, words
from shared.tickets.acts import DANGER, Cancel, Reopen
from tests.survey.bench import Bench, closed, counted
from tests.survey.reading import Page

BEST = {"score": "5"}
HOTLINE = "400-000-0000"
"""That of the sample policy."""


async def test_the_page_is_chinese_first_and_names_the_matter(bench: Bench) -> None:
    answer = await bench.http.get(await bench.ask("JY0001"))

    page = Page(answer.text)
    assert (answer.status_code, page.language) == (200, "zh-CN")
    assert "JY0001" in page.words
    assert "报修(报事) · 电梯" in page.words
    assert [f.value for f in page.fields if f.name == "score"] == ["5", "4", "3", "2", "1"]
    assert "非常满意" in page.words
    assert "非常不满意" in page.words


@pytest.mark.parametrize(
    ("query", "accepted"), [("?lang=en", "zh-CN"), ("", "en-GB,en;q=0.8,zh;q=0.1")]
)
async def test_the_page_is_english_when_asked(bench: Bench, query: str, accepted: str) -> None:
    address = await bench.ask("JY0002")

    answer = await bench.http.get(address + query, headers={"Accept-Language": accepted})

    page = Page(answer.text)
    assert page.language == "en"
    assert "Repair / work request · " in page.words
    assert "Very dissatisfied" in page.words
    assert "?lang=zh" in page.links


async def test_the_page_needs_no_script_and_is_labelled_throughout(bench: Bench) -> None:
    answer = await bench.http.get(await bench.ask("JY0003"))

    page = Page(answer.text)
    assert page.scripts == []
    assert page.labelled == {"comment"}
    assert page.legends == 4
    assert page.described <= page.ids


async def test_who_asks_for_the_head_alone_gets_it_and_answers_nothing(bench: Bench) -> None:
    address = await bench.ask("JY0005")

    head, page = await bench.http.head(address), await bench.http.get(address)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == page.headers["content-length"]
    assert (await bench.http.head("/s/forged")).status_code == 404
    assert (await bench.http.head("/v1/surveys")).status_code == 405


async def test_the_page_keeps_its_address_to_itself(bench: Bench) -> None:
    address = await bench.ask("JY0004")

    for answer in (
        await bench.http.get(address),
        await bench.http.post(address, data={}),
        await bench.http.post(address, data={"score": "4"}),
        await bench.http.get("/s/forged"),
    ):
        assert answer.headers["content-security-policy"].startswith(
            "default-src 'none'; style-src 'self'; form-action 'self'"
        )
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_style_is_ours(bench: Bench) -> None:
    answer = await bench.http.get("/s/static/pages.css")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "url(" not in answer.text


@pytest.mark.parametrize(
    "token",
    [
        "forged",
        "Slkx.AAAA",
        "%E4%BD%A0.%E5%A5%BD",
        sign_link("survey", "JY0005-1", b"another secret"),
        sign_link("survey", "JY0099-1", b"another secret"),
    ],
)
async def test_a_link_that_is_not_ours_is_refused_in_both_languages(
    bench: Bench, token: str
) -> None:
    await bench.ask("JY0005")

    for answer in (
        await bench.http.get(f"/s/{token}"),
        await bench.http.post(f"/s/{token}", data={"score": "1"}),
    ):
        page = Page(answer.text)
        assert answer.status_code == 404
        assert "这个地址没有对应的评价" in page.words
        assert "There is no survey at this address" in page.words
        assert HOTLINE in page.words
    assert (await bench.doc("JY0005-1"))["answer"] is None


async def test_a_link_of_ours_to_a_matter_that_is_not_over_says_so_and_whom_to_ring(
    bench: Bench,
) -> None:
    address = bench.link("JY0404-1")

    for answer in (await bench.http.get(address), await bench.http.post(address, data=BEST)):
        page = Page(answer.text)
        assert answer.status_code == 404
        assert "现在还不能评价" in page.words
        assert "It is not open yet" in page.words
        assert HOTLINE in page.words


async def test_who_opens_a_link_too_early_often_is_not_taken_for_one_who_guesses(
    bench: Bench,
) -> None:
    address = bench.link("JY0404-1")

    answers = [(await bench.http.get(address)).status_code for _ in range(32)]

    assert answers == [404] * 32


async def test_one_link_does_not_open_another_survey(bench: Bench) -> None:
    mine, theirs = await bench.ask("JY0006"), await bench.ask("JY0007")
    subject, signature = theirs.rsplit(".", 1)[0], mine.rsplit(".", 1)[1]

    answer = await bench.http.post(f"{subject}.{signature}", data={"score": "1"})

    assert answer.status_code == 404


async def test_faults_stand_beside_the_field_and_nothing_typed_is_lost(bench: Bench) -> None:
    address = await bench.ask("JY0008")
    typed = {"skill": "3", "comment": '<b>修得"不错"</b>\r\n但是 ' + "慢" * 500}

    answer = await bench.http.post(f"{address}?lang=en", data=typed)

    page = Page(answer.text)
    assert answer.status_code == 422
    assert {"score-fault", "comment-fault"} <= page.ids
    assert page.described <= page.ids
    assert page.chosen() == {
        "attitude": "", "skill": "3", "efficiency": "",
        "comment": typed["comment"].replace("\r\n", "\n"),
    }  # fmt: skip
    assert page.action == "?lang=en"
    assert (await bench.doc("JY0008-1"))["answer"] is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"score=6",
        b"score=5&attitude=9",
        b"\xff\xfe",
        b"score=" + b"5&score=" * 40,
        b"score=%00",
    ],
)
async def test_what_no_form_sends_is_refused_kindly(bench: Bench, body: bytes) -> None:
    address = await bench.ask("JY0009")

    answer = await bench.http.post(
        address, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 422
    assert Page(answer.text).action is not None


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_beyond_any_answer_is_not_read(bench: Bench, *, declared: bool) -> None:
    address = await bench.ask(f"JY0010{int(declared)}")
    body = b"comment=" + b"a" * LARGEST_BODY

    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 1024):
            yield body[start : start + 1024]

    answer = await bench.http.post(address, content=body if declared else stream())

    assert answer.status_code == 413
    assert "太长" in Page(answer.text).words


async def test_the_longest_comment_fits(bench: Bench) -> None:
    address = await bench.ask("JY0011")

    answer = await bench.http.post(address, data={"score": "5", "comment": "😀" * 500})

    assert answer.status_code == 200


async def test_thanks_are_given_again_for_the_same_form(bench: Bench) -> None:
    address = await bench.ask("JY0012")
    form = {"score": "4", "attitude": "5", "comment": "师傅很耐心"}
    before = counted(4)

    first = await bench.http.post(address, data=form)
    again = await bench.http.post(address, data=form)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.text == again.text
    assert "感谢您的评价" in Page(first.text).words
    assert "重新开启" not in first.text
    assert counted(4) == before + 1


async def test_a_later_answer_does_not_count(bench: Bench) -> None:
    address = await bench.ask("JY0013")
    await bench.http.post(address, data={"score": "4"})

    other = await bench.http.post(address, data={"score": "1"})
    shown = await bench.http.get(address)

    assert other.status_code == 409
    assert "您已经评价过了" in Page(other.text).words
    assert Page(shown.text).action is None
    assert (await bench.doc("JY0013-1"))["answer"]["score"] == 4


@pytest.mark.parametrize("score", ["1", "2"])
async def test_whoever_is_not_satisfied_is_told_what_follows(bench: Bench, score: str) -> None:
    await bench.put_answered(f"JY0014{score}")
    address = await bench.ask(f"JY0014{score}")

    answer = await bench.http.post(f"{address}?lang=en", data={"score": score})

    assert "Your matter is being reopened" in Page(answer.text).words


async def test_whoever_is_not_satisfied_too_late_is_told_that_nothing_follows(bench: Bench) -> None:
    await bench.let_places_differ(jinyuan={"rules": {"reopen_within": "P7D"}})
    await bench.put_answered("JY0017", ago=timedelta(days=7, hours=12))
    address = await bench.ask("JY0017")

    answer = await bench.http.post(f"{address}?lang=en", data={"score": "1"})
    again = await bench.http.post(f"{address}?lang=en", data={"score": "1"})

    for page in (answer, again):
        assert "it is too late to reopen this matter" in Page(page.text).words
        assert "being reopened" not in page.text


async def test_what_was_reopened_meanwhile_is_said_to_be(bench: Bench) -> None:
    await bench.put_answered("JY0018", ago=timedelta(days=90))
    address = await bench.ask("JY0018")
    await bench.act("JY0018", Reopen(by="he", reason=DANGER))

    answer = await bench.http.post(f"{address}?lang=en", data={"score": "1"})

    assert "Your matter is being reopened" in Page(answer.text).words


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("", "it stays closed"),
        ("厨房着火了", "It is a new emergency of its own"),
    ],
)
async def test_of_what_was_reopened_and_cancelled_since_nobody_says_that_it_is_reopened(
    bench: Bench, comment: str, said: str
) -> None:
    await bench.put_answered("JY0019")
    address = await bench.ask("JY0019")
    await bench.act("JY0019", Reopen(by="he", reason="caller"), Cancel(by="he"))

    form = {"score": "1", "comment": comment}
    pages = [await bench.http.post(f"{address}?lang=en", data=form) for _ in range(2)]

    for page in pages:
        assert said in Page(page.text).words
        assert "being reopened" not in page.text


async def test_a_danger_that_reopens_the_matter_is_said_to(bench: Bench) -> None:
    await bench.put_answered("JY0020", ago=timedelta(days=90))
    address = await bench.ask("JY0020")

    form = {"score": "5", "comment": "厨房着火了"}
    answer = await bench.http.post(f"{address}?lang=en", data=form)

    assert "Your matter is being reopened" in Page(answer.text).words


async def test_an_old_link_has_expired(bench: Bench) -> None:
    address = await bench.ask("JY0015")
    # Each process measures the database's clock for itself, and may be some milliseconds behind.
    long_ago = bench.now() - ANSWER_WITHIN - timedelta(minutes=1)
    await bench.store.documents("surveys").update_one(
        {"_id": "JY0015-1"}, {"$set": {"ended_at": long_ago}}
    )

    shown = await bench.http.get(address)
    answered = await bench.http.post(address, data={"score": "5"})

    assert (shown.status_code, answered.status_code) == (410, 410)
    assert "评价已经截止" in Page(answered.text).words
    assert (await bench.doc("JY0015-1"))["answer"] is None


async def test_a_link_opens_until_its_last_minute(bench: Bench) -> None:
    await bench.handle(closed("JY0016"), at=bench.now() - ANSWER_WITHIN + timedelta(minutes=1))

    answer = await bench.http.post(bench.link("JY0016-1"), data={"score": "5"})

    assert answer.status_code == 200


async def test_a_kind_the_policy_no_longer_knows_is_left_out(bench: Bench) -> None:
    answer = await bench.http.get(await bench.ask("JY0017", type="gone", area="gone"))

    assert answer.status_code == 200
    assert "gone" not in answer.text


async def test_without_the_store_the_page_asks_for_patience(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pymongo.errors import AutoReconnect

    address = await bench.ask("JY0018")

    async def away(*_: object) -> None:
        raise AutoReconnect

    monkeypatch.setattr(bench.platform.store, "get", away)
    answers = [await bench.http.get(address), await bench.http.post(address, data={"score": "5"})]

    for answer in answers:
        assert answer.status_code == 503
        assert "只算一次" in Page(answer.text).words


@pytest.mark.parametrize(
    ("asked", "accepted", "chosen"),
    [
        (None, "", "zh"),
        (None, "fr", "zh"),
        (None, "en", "en"),
        (None, "fr,en;q=0.2", "en"),
        (None, "zh-TW,en;q=0.9", "zh"),
        (None, "en;q=0.5,zh;q=0.5", "zh"),
        (None, "en;q=nonsense", "zh"),
        ("zh", "en", "zh"),
        ("klingon", "en", "en"),
    ],
)
def test_the_reader_chooses_the_language(asked: str | None, accepted: str, chosen: str) -> None:
    assert choose_language(asked, accepted) == chosen


def test_every_text_is_there_in_both_languages() -> None:
    for language in LANGUAGES:
        assert all(text.strip() for text in words("services.survey", language).values())


async def test_links_that_open_nothing_are_counted_by_address_and_a_real_one_still_opens(
    bench: Bench,
) -> None:
    address = await bench.ask("JY0500")
    guesses = [await bench.http.get(f"/s/abc.guess-{n}") for n in range(31)]

    assert [answer.status_code for answer in guesses] == [404] * 30 + [429]
    assert int(guesses[-1].headers["retry-after"]) >= 1
    page = Page(guesses[-1].text)
    assert "尝试次数过多" in page.words
    assert "Too many tries" in page.words
    assert (await bench.http.get(address)).status_code == 200
