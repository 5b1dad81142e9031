"""WeCom and DingTalk on real servers: what their answers mean, and what people are shown."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import pytest

from services.notifier.messages import Handover
from services.notifier.senders import (
    DingtalkApp,
    DingtalkRobot,
    Letter,
    ProviderReply,
    Robots,
    WecomApp,
    WecomRobot,
)
from services.notifier.senders.addresses import Addresses
from services.notifier.senders.chat import ChatSender, text_of
from services.notifier.senders.dingtalk import DingtalkAccount, signature
from services.notifier.senders.http import Http
from services.notifier.senders.tokens import Token, Tokens
from services.notifier.senders.wecom import WecomAccount
from shared.contracts import Lane
from tests.notifier.test_rates import Clock
from tests.support import chat_tools
from tests.support.bench import until
from tests.support.chat_tools import ChatTools, Mood, running_chat_tools

Make = Callable[[ChatTools, Http], ChatSender]
TIMEOUTS: dict[Lane, timedelta] = {
    "routine": timedelta(seconds=10),
    "urgent": timedelta(seconds=2),
}
CHAT: Final = "chat:jinyuan/security"


def wecom(tools: ChatTools, http: Http, **more: Any) -> WecomApp:
    facts: dict[str, Any] = {"url": tools.url, "corp_id": chat_tools.CORP,
                             "agent_id": chat_tools.AGENT, "secret": chat_tools.SECRET}  # fmt: skip
    return WecomApp(WecomAccount(**facts | more), http)


def dingtalk(tools: ChatTools, http: Http, **more: Any) -> DingtalkApp:
    facts: dict[str, Any] = {"url": tools.url, "app_key": chat_tools.APP_KEY,
                             "agent_id": chat_tools.AGENT,
                             "secret": chat_tools.APP_SECRET}  # fmt: skip
    return DingtalkApp(DingtalkAccount(**facts | more), http)


def wecom_robot(tools: ChatTools, http: Http) -> WecomRobot:
    return WecomRobot(tools.url, chat_tools.ROBOT_KEY, "robot jinyuan", http)


def dingtalk_robot(tools: ChatTools, http: Http, **more: Any) -> DingtalkRobot:
    return DingtalkRobot(tools.url, chat_tools.ROBOT_TOKEN, "robot jinyuan", http, **more)


APPS: Final[tuple[Make, ...]] = (wecom, dingtalk)
ALL: Final[tuple[Make, ...]] = (wecom, dingtalk, wecom_robot, dingtalk_robot)


@pytest.fixture
async def tools() -> AsyncIterator[ChatTools]:
    async with running_chat_tools() as running:
        yield running


@asynccontextmanager
async def opened(
    make: Make, tools: ChatTools, hosts: tuple[str, ...] = ("127.0.0.1",)
) -> AsyncIterator[ChatSender]:
    sender = make(tools, Http(TIMEOUTS, {"routine": 20, "urgent": 20}, Addresses(hosts, ())))
    try:
        yield sender
    finally:
        await sender.aclose()


def letter(id: str = "abc123def", lane: Lane = "routine", **more: str) -> Letter:
    facts = {"cause": "ticket/26-1/round/1", "address": "ZhangSan", "subject": "【派单】26-1",
             "body": "您有新的工单\nhttps://work.example/w/token",
             "stamp": f"26-1 · 2026-11-30 14:52:07 · {id[:6]}"}  # fmt: skip
    return Letter(id=id, lane=lane, purpose="assignment", **facts | more)


async def send(make: Make, tools: ChatTools, what: Letter | None = None) -> ProviderReply:
    async with opened(make, tools) as sender:
        return await sender.send(what or letter())


@pytest.mark.parametrize("make", ALL)
async def test_a_text_arrives_with_number_time_and_link(tools: ChatTools, make: Make) -> None:
    answer = await send(make, tools)

    assert (answer.outcome, answer.code, answer.wait) == (Handover.ACCEPTED, "0", timedelta())
    (shown,) = tools.shown
    assert shown.to == ("ZhangSan" if make in APPS else "*")
    assert shown.text == (
        "【派单】26-1\n您有新的工单\nhttps://work.example/w/token\n"
        "26-1 · 2026-11-30 14:52:07 · abc123"
    )


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    ("mood", "outcome", "code"),
    [
        ("html", Handover.UNCLEAR, "unknown_answer"),
        ("empty", Handover.UNCLEAR, "unknown_answer"),
        ("not ours", Handover.UNCLEAR, "unknown_answer"),
        ("hangs", Handover.UNCLEAR, "TimeoutError"),
        ("cut", Handover.UNCLEAR, "RemoteProtocolError"),
        ("breaks", Handover.UNCLEAR, "502"),
        ("busy", Handover.LATER, "503"),
        ("redirects", Handover.REFUSED, "307"),
    ],
)
async def test_what_is_no_answer_of_theirs_leaves_it_open(
    tools: ChatTools, make: Make, mood: Mood, outcome: Handover, code: str
) -> None:
    """A status of 200 says nothing, and a redirect leads to nobody else."""
    tools.mood = mood
    what = letter(lane="urgent" if mood == "hangs" else "routine")

    answer = await send(make, tools, what)

    assert (answer.outcome, answer.code) == (outcome, code)
    assert len(tools.posted) == 1


@pytest.mark.parametrize("make", ALL)
async def test_an_error_in_the_body_of_a_200_is_a_refusal(tools: ChatTools, make: Make) -> None:
    tools.code = 40058

    answer = await send(make, tools)

    assert (answer.outcome, answer.code, tools.shown) == (Handover.REFUSED, "40058", [])


@pytest.mark.parametrize("make", ALL)
async def test_who_is_busy_gets_it_later(tools: ChatTools, make: Make) -> None:
    tools.code = -1

    assert (await send(make, tools)).outcome is Handover.LATER


@pytest.mark.parametrize("make", ALL)
async def test_nobody_there_means_later(make: Make, unused_tcp_port: int) -> None:
    answer = await send(make, ChatTools(port=unused_tcp_port))

    assert (answer.outcome, answer.code) == (Handover.LATER, "ConnectError")


@pytest.mark.parametrize("make", ALL)
async def test_a_host_within_that_nobody_named_gets_nothing(tools: ChatTools, make: Make) -> None:
    async with opened(make, tools, hosts=()) as sender:
        answer = await sender.send(letter())

        assert sender.faults == {sender.channel: "address"}
    assert (answer.code, tools.calls) == ("address", [])


async def test_whom_wecom_does_not_know_did_not_get_it_though_it_says_0(tools: ChatTools) -> None:
    unknown = await send(wecom, tools, letter(address="nobody"))
    tools.licensed = False
    unlicensed = await send(wecom, tools, letter(address="LISI"))

    assert (unknown.outcome, unknown.code) == (Handover.REFUSED, "invaliduser")
    assert (unlicensed.outcome, unlicensed.code) == (Handover.REFUSED, "unlicenseduser")


@pytest.mark.parametrize("make", APPS)
async def test_many_at_once_fetch_one_token_and_go_on_with_it(tools: ChatTools, make: Make) -> None:
    tools.may_give.clear()
    async with opened(make, tools) as sender:
        sends = [asyncio.create_task(sender.send(letter(f"m{n:05}", address="lisi")))
                 for n in range(5)]  # fmt: skip
        await until(lambda: tools.calls == ["token"])
        tools.may_give.set()
        answers = await asyncio.gather(*sends)
        answers.append(await sender.send(letter()))

    assert {answer.outcome for answer in answers} == {Handover.ACCEPTED}
    assert tools.calls.count("token") == 1


@pytest.mark.parametrize("make", APPS)
async def test_who_gives_up_waiting_leaves_the_token_to_the_others(
    tools: ChatTools, make: Make
) -> None:
    tools.may_give.clear()
    async with opened(make, tools) as sender:
        given_up = asyncio.create_task(sender.send(letter("a")))
        waits = asyncio.create_task(sender.send(letter("b")))
        await until(lambda: tools.calls == ["token"])
        given_up.cancel()
        tools.may_give.set()

        assert (await waits).outcome is Handover.ACCEPTED
    assert tools.calls.count("token") == 1


@pytest.mark.parametrize("make", APPS)
@pytest.mark.parametrize("code", [40014, 42001])
async def test_a_token_that_counts_no_more_is_renewed_within_the_attempt(
    tools: ChatTools, make: Make, code: int
) -> None:
    async with opened(make, tools) as sender:
        await sender.send(letter("a"))
        tools.stale[tools.tokens[0]] = code

        answer = await sender.send(letter("b"))

    assert answer.outcome is Handover.ACCEPTED
    assert (len(tools.tokens), len(tools.shown), len(tools.posted)) == (2, 2, 3)


async def test_a_token_that_is_taken_by_nobody_is_not_asked_for_without_end(
    tools: ChatTools,
) -> None:
    tools.stale = {f"token-value-{n}": 40014 for n in range(9)}

    answer = await send(wecom, tools)

    assert (answer.outcome, answer.code) == (Handover.LATER, "40014")
    assert len(tools.posted) == 2


async def test_a_token_is_fetched_anew_shortly_before_it_expires() -> None:
    clock, given = Clock(), iter([Token("a", 7200.0), Token("b", 60.0), Token("c", 7200.0)])

    async def fetch() -> Token:
        return next(given)

    tokens = Tokens(fetch, clock)
    assert [await tokens.get(), await tokens.get()] == ["a", "a"]
    clock.now += 6899
    assert await tokens.get() == "a"
    clock.now += 2
    assert await tokens.get() == "b"
    clock.now += 31
    assert await tokens.get() == "c"
    tokens.reject("b")
    assert await tokens.get() == "c"


@pytest.mark.parametrize("make", APPS)
@pytest.mark.parametrize("mood", ["html", "hangs", "cut", "breaks", "redirects"])
async def test_without_a_token_nothing_has_left_the_house(
    tools: ChatTools, make: Make, mood: Mood
) -> None:
    tools.token_mood = mood

    answer = await send(make, tools)

    assert answer.outcome is Handover.LATER
    assert tools.posted == []


@pytest.mark.parametrize(("make", "code"), [(wecom, "40001"), (dingtalk, "40089")])
async def test_a_wrong_secret_is_named_until_it_is_right(
    tools: ChatTools, make: Any, code: str
) -> None:
    def wrong(tools: ChatTools, http: Http) -> ChatSender:
        sender: ChatSender = make(tools, http, secret="another")
        return sender

    async with opened(wrong, tools) as sender:
        answer = await sender.send(letter())

        assert sender.faults == {sender.channel: code}
    assert (answer.outcome, answer.code) == (Handover.LATER, code)


@pytest.mark.parametrize("make", APPS)
async def test_an_address_that_is_not_trusted_is_named_and_letters_wait(
    tools: ChatTools, make: Make
) -> None:
    tools.trusts_us = False
    async with opened(make, tools) as sender:
        answer = await sender.send(letter("a"))
        named = sender.faults
        tools.trusts_us = True
        again = await sender.send(letter("a"))

        assert (answer.outcome, answer.code) == (Handover.LATER, "60020")
        assert (named, sender.faults) == ({sender.channel: "60020"}, {})
        assert again.outcome is Handover.ACCEPTED


@pytest.mark.parametrize("make", APPS)
async def test_a_letter_that_goes_out_again_because_nobody_knew_is_shown_once(
    tools: ChatTools, make: Make
) -> None:
    async with opened(make, tools) as sender:
        tools.mood = "hangs"
        unclear = await sender.send(letter(lane="urgent"))
        tools.mood = "answers"
        again = await sender.send(letter(lane="urgent"))

    assert (unclear.outcome, again.outcome) == (Handover.UNCLEAR, Handover.ACCEPTED)
    assert len(tools.to("ZhangSan")) == 1


@pytest.mark.parametrize("make", ALL)
async def test_two_letters_of_equal_words_are_both_shown(tools: ChatTools, make: Make) -> None:
    async with opened(make, tools) as sender:
        for id in ("first1", "second"):
            assert (await sender.send(letter(id))).outcome is Handover.ACCEPTED

    assert len(tools.shown) == 2


@pytest.mark.parametrize("make", [wecom_robot, dingtalk_robot])
async def test_more_than_a_robots_rate_waits_and_the_robot_is_never_barred(
    tools: ChatTools, make: Make
) -> None:
    async with opened(make, tools) as sender:
        answers = [await sender.send(letter(f"m{n:05}", "urgent")) for n in range(30)]
        routine = [await sender.send(letter(f"r{n:05}")) for n in range(10)]

    waiting = [a for a in answers if a.code == "rate"]
    assert (len(waiting), sum(a.code == "rate" for a in routine)) == (15, 5)
    assert {a.outcome for a in waiting} == {Handover.LATER}
    assert all(timedelta() < a.wait <= timedelta(seconds=62) for a in waiting)
    assert tools.by_robot == len(tools.shown) == 20


async def test_a_member_gets_no_more_than_wecom_shows(tools: ChatTools) -> None:
    async with opened(wecom, tools) as sender:
        answers = [await sender.send(letter(f"m{n:05}", "urgent")) for n in range(30)]
        other = await sender.send(letter(address="lisi", lane="urgent"))

    assert sum(a.outcome is Handover.ACCEPTED for a in answers) == 22
    assert other.outcome is Handover.ACCEPTED


@pytest.mark.parametrize(("make", "minutes"), [(wecom_robot, 1), (dingtalk_robot, 10)])
async def test_a_robot_that_was_too_fast_all_the_same_is_left_in_peace(
    tools: ChatTools, make: Make, minutes: int
) -> None:
    tools.by_robot = chat_tools.A_MINUTE  # somebody else speaks through it
    async with opened(make, tools) as sender:
        first = await sender.send(letter("a"))
        second = await sender.send(letter("b"))

    assert (first.outcome, first.wait) == (Handover.LATER, timedelta(minutes=minutes))
    assert (second.outcome, second.code) == (Handover.LATER, "rate")
    assert len(tools.posted) == 1


async def test_a_robot_of_dingtalk_is_known_by_its_signature(tools: ChatTools) -> None:
    tools.signed = True

    refused = await send(dingtalk_robot, tools)
    taken = await send(lambda t, h: dingtalk_robot(t, h, secret=chat_tools.ROBOT_SECRET), tools)

    assert (refused.outcome, refused.code) == (Handover.REFUSED, "310000")
    assert taken.outcome is Handover.ACCEPTED


def test_a_signature_is_made_as_the_document_says() -> None:
    assert signature("this is secret", 1577262236757) == {
        "timestamp": "1577262236757",
        "sign": "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM=",
    }


async def test_a_robot_of_dingtalk_is_known_by_its_keyword(tools: ChatTools) -> None:
    tools.keyword = "物业"

    refused = await send(dingtalk_robot, tools)
    taken = await send(lambda t, h: dingtalk_robot(t, h, keyword="物业"), tools)

    assert refused.code == "310000"
    assert taken.outcome is Handover.ACCEPTED
    assert tools.shown[-1].text.startswith("物业\n【派单】26-1")


@pytest.mark.parametrize(("make", "code"), [(wecom_robot, 93000), (dingtalk_robot, 400102)])
async def test_a_robot_that_is_no_more_refuses_and_is_named(
    tools: ChatTools, make: Make, code: int
) -> None:
    tools.code = code
    async with opened(make, tools) as sender:
        answer = await Robots({"jinyuan/security": sender}).send(letter(address=CHAT))

        assert sender.faults == {"robot jinyuan": str(code)}
    assert (answer.outcome, answer.code) == (Handover.REFUSED, str(code))


async def test_a_robot_says_nothing_to_a_person(tools: ChatTools) -> None:
    async with opened(wecom_robot, tools) as sender:
        robots = Robots({"jinyuan/security": sender})

        for address in ("ZhangSan", "jinyuan/security", "chat:jinyuan"):
            assert (await robots.send(letter(address=address))).outcome is Handover.NO_CHANNEL
        assert (await robots.send(letter(address=CHAT))).outcome is Handover.ACCEPTED
    assert len(tools.posted) == 1


async def test_nobodys_words_become_a_link_in_wecom(tools: ChatTools) -> None:
    await send(wecom, tools, letter(body='请看 <a href="https://evil.example">这里</a>'))

    assert "<" not in tools.shown[0].text


@pytest.mark.parametrize("make", ALL)
async def test_of_a_long_text_the_beginning_and_the_link_at_the_end_arrive(
    tools: ChatTools, make: Make
) -> None:
    lines = [f"26-{n} 锦园 办结 已超时（督办第 1 级）" for n in range(100)]
    body = "\n".join([*lines, "https://work.example/w/token"])

    await send(make, tools, letter(body=body))

    (shown,) = tools.shown
    assert len(shown.text.encode()) <= chat_tools.MOST_BYTES
    first, *_, dots, _last, link, stamp = shown.text.split("\n")
    assert (first, dots, link) == ("【派单】26-1", "…", "https://work.example/w/token")
    assert stamp.endswith("abc123")


def test_a_text_of_one_endless_line_is_cut_and_keeps_its_stamp() -> None:
    text = text_of(letter(body="漏" * 5000))

    assert len(text.encode()) <= 1900
    assert text.endswith("abc123")


SENDS_WITH_ALL_LOGS = """
import asyncio, sys
from shared.telemetry import configure_logs, logger
from tests.notifier.test_chat_tools import ALL, letter, opened
from tests.support.chat_tools import ChatTools

async def main():
    tools = ChatTools(port=int(sys.argv[1]))
    for make in ALL:
        async with opened(make, tools) as sender:
            for _ in range(2):
                logger.info("sent", outcome=(await sender.send(letter())).outcome)

configure_logs("notifier", "DEBUG")
asyncio.run(main())
"""


@pytest.mark.parametrize("code", [0, 40058, 60020])
async def test_no_token_key_secret_or_address_is_ever_logged(tools: ChatTools, code: int) -> None:
    tools.code = code

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SENDS_WITH_ALL_LOGS, str(tools.port),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()

    assert said.count(b'"outcome"') == 8, said.decode()
    for secret in (b"token-value", b"secret-value", b"ZhangSan"):
        assert secret not in said
