"""Whoever must confirm a published policy is told, reminded, and reported to who stands above them;
and confirms by the link of their message.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx

from services.admin.app import announcements_of
from services.admin.policies.announcements import Announcements
from shared.contracts.admin import PolicyPublished, PolicyReminded, PolicyUnconfirmed
from shared.identity import sign_link
from tests.admin_policies.bench import AGENT, DRAFTER, Bench

CLERK, LEAD = "jy-customer-service-1", "jy-customer-service-2"
LOCAL = "local: {jinyuan: {rules: {decline_limit: 4}}}"
BEYOND = timedelta(days=2, seconds=1)


def looks(bench: Bench) -> Announcements:
    """The loop of the service, which a test turns by hand."""
    return announcements_of(bench.platform)


async def link(bench: Bench, id: str, person: str = CLERK) -> str:
    return f"/p/{sign_link('policy', f'{id}/{person}', bench.platform.keys.link)}"


async def test_it_is_told_once_to_those_of_its_places_however_many_look(bench: Bench) -> None:
    id = await bench.published(LOCAL, must_confirm=["agent"])

    await asyncio.gather(*(looks(bench).look() for _ in range(3)))
    await looks(bench).look()

    (told,) = await bench.said(PolicyPublished)
    assert told.policy == id
    assert CLERK in told.recipients
    assert not any(person.startswith("ch-") for person in told.recipients)


async def test_what_nobody_must_confirm_is_told_to_nobody(bench: Bench) -> None:
    await bench.published()

    await looks(bench).look()

    assert await bench.store.find("policy_announcements", {}, limit=9) == []


async def test_who_has_not_confirmed_is_reminded_and_then_reported(bench: Bench) -> None:
    id = await bench.published(LOCAL, must_confirm=["agent"])
    await looks(bench).look()
    await bench.http.post(await link(bench, id, LEAD))

    await bench.forward(BEYOND)
    await looks(bench).look()
    (reminded,) = await bench.said(PolicyReminded)
    await looks(bench).look()
    await bench.forward(BEYOND)
    await looks(bench).look()
    await looks(bench).look()

    assert CLERK in reminded.recipients
    assert LEAD not in reminded.recipients
    reports = await bench.said(PolicyUnconfirmed)
    assert {r.recipients: r.missing for r in reports}[(LEAD,)] == (CLERK,)
    missing = (await bench.get(f"/{id}/readers"))["missing"]
    assert CLERK in missing
    assert LEAD not in missing


async def test_when_all_have_confirmed_nobody_is_reminded(bench: Bench) -> None:
    id = await bench.published(LOCAL, must_confirm=["agent"])
    await looks(bench).look()
    (doc,) = await bench.store.find("policy_announcements", {}, limit=9)
    for person in doc["readers"]:
        assert (await bench.http.post(await link(bench, id, person))).status_code == 303

    await bench.forward(BEYOND)
    await looks(bench).look()

    (doc,) = await bench.store.find("policy_announcements", {}, limit=9)
    assert (doc["stage"], doc["next_at"]) == ("ended", None)


async def test_looking_at_the_link_confirms_nothing_and_pressing_twice_confirms_once(
    bench: Bench,
) -> None:
    id = await bench.published(LOCAL, must_confirm=["agent"])
    path = await link(bench, id)

    first = await bench.http.get(path, params={"lang": "zh"})
    assert first.status_code == 200
    assert "我已阅读" in first.text
    head = await bench.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert (await bench.get(f"/{id}/readers"))["confirmed"] == []

    for _ in range(2):
        assert (await bench.http.post(path)).status_code == 303
    after = await bench.http.get(path, params={"lang": "en"})

    (confirmed,) = (await bench.get(f"/{id}/readers"))["confirmed"]
    assert (confirmed["by"], confirmed["role"]) == (CLERK, "agent")
    assert "You have confirmed" in after.text
    assert "decline_limit" in after.text


async def test_a_forged_link_one_of_nobody_and_one_of_a_draft_look_the_same(bench: Bench) -> None:
    id = await bench.published(LOCAL, must_confirm=["agent"])
    draft = await bench.draft()
    good = await link(bench, id)
    tried = [
        f"{good[:-2]}xx",
        await link(bench, id, "nobody"),
        await link(bench, draft),
        f"/p/{sign_link('work', f'{id}/{CLERK}', bench.platform.keys.link)}",
    ]

    seen = [await bench.http.get(path, params={"lang": "zh"}) for path in tried]
    posted = await bench.http.post(tried[0])

    assert {answer.status_code for answer in (*seen, posted)} == {404}
    assert len({answer.text for answer in seen}) == 1


async def test_who_need_not_confirm_cannot_by_a_link_either(bench: Bench) -> None:
    id = await bench.published(LOCAL, must_confirm=["dispatcher"])

    answer: httpx.Response = await bench.http.post(await link(bench, id))

    assert answer.status_code == 404
    assert (await bench.get(f"/{id}/readers", DRAFTER))["confirmed"] == []


async def test_what_was_withdrawn_before_it_began_reminds_nobody(bench: Bench) -> None:
    begins = (bench.now() + timedelta(days=10)).isoformat()
    id = await bench.published(LOCAL, must_confirm=["agent"], begins=begins)
    await looks(bench).look()
    await bench.post(f"/{id}/withdraw", ("manager", "ma"))
    page = await bench.http.get(await link(bench, id), params={"lang": "zh"})

    await bench.forward(BEYOND)
    await looks(bench).look()

    assert (page.status_code, "已撤回" in page.text) == (410, True)
    (doc,) = await bench.store.find("policy_announcements", {}, limit=9)
    assert doc["stage"] == "ended"


async def test_by_the_api_it_is_the_same_act(bench: Bench) -> None:
    id = await bench.published(must_confirm=["agent"])

    await bench.post(f"/{id}/confirm", AGENT)

    assert [c["by"] for c in (await bench.get(f"/{id}/readers"))["confirmed"]] == [AGENT[1]]
