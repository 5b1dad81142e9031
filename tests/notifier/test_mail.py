from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest

from services.notifier.messages import Handover
from services.notifier.senders import Letter, MailSender, ProviderReply
from services.notifier.senders import mail as connections
from services.notifier.senders.mail import MailServer, to_mail
from shared.contracts import Lane
from tests.notifier.postbox import Postbox
from tests.support.bench import until

SHORT = timedelta(seconds=0.3)


@asynccontextmanager
async def sender(
    port: int, *, starttls: bool | None = None, username: str = ""
) -> AsyncIterator[MailSender]:
    server = MailServer(
        host="127.0.0.1", port=port, username=username, password="x", starttls=starttls,
        sender="hotline@estateline.example",
    )  # fmt: skip
    made = MailSender(server, {"routine": timedelta(seconds=5), "urgent": SHORT})
    try:
        yield made
    finally:
        await made.aclose()


async def send(port: int, lane: Lane = "routine", **how: Any) -> ProviderReply:
    """Hand one letter to a server that we have not spoken to before."""
    async with sender(port, **how) as mail:
        return await mail.send(letter(lane))


def letter(lane: Lane = "routine", **more: str) -> Letter:
    facts = {"id": "abc", "cause": "ticket/26-1/round/1", "address": "xu@duty.example",
             "subject": "【派单】26-1", "body": "您有新的工单"}  # fmt: skip
    return Letter(lane=lane, purpose="assignment", **facts | more)


async def test_a_letter_arrives_with_its_words_its_cause_and_a_stable_id(postbox: Postbox) -> None:
    answers = [await send(postbox.port) for _ in range(2)]

    assert [answer.outcome for answer in answers] == [Handover.ACCEPTED] * 2
    mail = postbox.mails[0]
    assert mail["Subject"] == "【派单】26-1"
    assert mail.get_content().strip() == "您有新的工单"
    assert mail["X-Hotline-Cause"] == "ticket/26-1/round/1"
    assert mail["To"] == "xu@duty.example"
    assert {str(m["Message-ID"]) for m in postbox.mails} == {"<abc@estateline.example>"}


@pytest.mark.parametrize(
    ("rcpt", "data", "outcome", "code"),
    [
        ("451 later", "250 taken", Handover.LATER, "451"),
        ("550 nobody", "250 taken", Handover.REFUSED, "550"),
        ("250 fine", "452 full", Handover.LATER, "452"),
        ("250 fine", "554 no", Handover.REFUSED, "554"),
    ],
)
async def test_what_the_server_says_decides(
    postbox: Postbox, rcpt: str, data: str, outcome: Handover, code: str
) -> None:
    postbox.rcpt_says, postbox.data_says = rcpt, data

    answer = await send(postbox.port)

    assert (answer.outcome, answer.code) == (outcome, code)


async def test_a_server_that_hangs_before_the_letter_was_given_means_later(
    postbox: Postbox,
) -> None:
    postbox.rcpt_says = None

    answer = await send(postbox.port, "urgent")

    assert answer.outcome is Handover.LATER


async def test_a_server_that_hangs_with_the_letter_in_hand_leaves_it_unclear(
    postbox: Postbox,
) -> None:
    postbox.data_says = None

    answer = await send(postbox.port, "urgent")

    assert answer.outcome is Handover.UNCLEAR


async def test_no_server_means_later(unused_tcp_port: int) -> None:
    answer = await send(unused_tcp_port)

    assert answer.outcome is Handover.LATER


@pytest.mark.parametrize("how", [{"starttls": True}, {"username": "hotline"}])
async def test_a_server_without_what_is_asked_for_gets_no_letter(
    postbox: Postbox, how: dict[str, Any]
) -> None:
    answer = await send(postbox.port, **how)

    assert answer.outcome is Handover.LATER
    assert postbox.mails == []


async def test_the_letters_of_a_lane_share_a_connection_and_the_lanes_share_none(
    postbox: Postbox,
) -> None:
    async with sender(postbox.port) as mail:
        for n in range(10):
            answer = await mail.send(letter("urgent" if n % 2 else "routine"))
            assert answer.outcome is Handover.ACCEPTED

    assert (len(postbox.mails), postbox.connections) == (10, 2)


async def test_a_connection_that_the_server_closed_while_idle_costs_no_letter(
    postbox: Postbox,
) -> None:
    postbox.idle_seconds = 0.3

    async with sender(postbox.port) as mail:
        for n in range(1, 4):
            answer = await mail.send(letter())
            assert answer.outcome is Handover.ACCEPTED
            await until(lambda n=n: postbox.hung_up == n)  # type: ignore[misc] # n is bound

    assert (len(postbox.mails), postbox.connections) == (3, 3)


async def test_a_server_that_has_had_enough_of_a_connection_gets_a_fresh_one(
    postbox: Postbox,
) -> None:
    postbox.mails_a_connection = 2

    async with sender(postbox.port) as mail:
        answers = [await mail.send(letter()) for _ in range(6)]

    assert {answer.outcome for answer in answers} == {Handover.ACCEPTED}
    assert (len(postbox.mails), postbox.connections) == (6, 3)


async def test_a_refused_letter_leaves_nothing_to_the_next(postbox: Postbox) -> None:
    async with sender(postbox.port) as mail:
        await mail.send(letter())
        postbox.rcpt_says = "550 nobody"
        refused = await mail.send(letter(id="nobody"))
        postbox.rcpt_says = "250 fine"
        answer = await mail.send(letter(id="next"))

    assert (refused.outcome, answer.outcome) == (Handover.REFUSED, Handover.ACCEPTED)
    assert [str(m["Message-ID"])[:5] for m in postbox.mails] == ["<abc@", "<next"]


async def test_a_quiet_lane_holds_no_connection(
    postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0.02)

    async with sender(postbox.port) as mail:
        await mail.send(letter())
        await until(lambda: postbox.hung_up == 1)
        answer = await mail.send(letter())

    assert (answer.outcome, postbox.connections) == (Handover.ACCEPTED, 2)


def test_no_header_can_be_smuggled_in() -> None:
    evil = "x\r\nBcc: everybody@example.com\x00"

    facts = {"subject": evil, "cause": evil, "address": evil, "body": f"{evil}\r\n.\r\nQUIT"}

    mail = to_mail(letter("urgent", **facts), "a@b.example")

    headers, _, body = mail.partition(b"\r\n\r\n")
    read = message_from_bytes(mail, policy=policy.default)
    assert read["Bcc"] is None
    assert len(read.keys()) == len(set(read.keys())) == 10
    assert b"\r\nBcc:" not in headers
    assert b"\x00" not in headers
    assert b"QUIT" not in body, "what is not encoded could end the letter"


@pytest.mark.parametrize(
    ("address", "subject", "body"),
    [
        ("xu@duty.example", "【紧急】" + "三号楼电梯困人，" * 30, "请立即到场。\n第二行\n"),
        ("a-very-long-name" * 3 + "@duty.example", "Work order " * 20 + "26-1", "Line\n\n.\nend"),
        ("许师傅@duty.example", "26-1", ""),
    ],
)
def test_whatever_the_words_every_line_is_short_and_all_is_read_as_it_was_written(
    address: str, subject: str, body: str
) -> None:
    mail = to_mail(letter(address=address, subject=subject, body=body), "a@b.example")

    read = message_from_bytes(mail, policy=policy.default)
    assert mail.isascii()
    assert max(map(len, mail.split(b"\r\n"))) <= 78
    assert b"\n" not in mail.replace(b"\r\n", b"")
    assert (read["Subject"], read.get_content()) == (subject.strip(), body)
    assert str(read["To"]).strip('"') == address
