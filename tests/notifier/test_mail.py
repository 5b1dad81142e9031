from datetime import timedelta

import pytest

from services.notifier.messages import Handover
from services.notifier.senders import Letter, MailSender
from services.notifier.senders.mail import MailServer, to_mail
from shared.contracts import Lane
from tests.notifier.postbox import Postbox

SHORT = timedelta(seconds=0.3)


def sender(port: int, *, starttls: bool | None = None, username: str = "") -> MailSender:
    server = MailServer(
        host="127.0.0.1", port=port, username=username, password="x", starttls=starttls,
        sender="hotline@estateline.example",
    )  # fmt: skip
    return MailSender(server, {"routine": timedelta(seconds=5), "urgent": SHORT})


def letter(lane: Lane = "routine", **more: str) -> Letter:
    facts = {"id": "abc", "cause": "ticket/26-1/round/1", "address": "xu@duty.example",
             "subject": "【派单】26-1", "body": "您有新的工单"}  # fmt: skip
    return Letter(lane=lane, **facts | more)


async def test_a_letter_arrives_with_its_words_its_cause_and_a_stable_id(postbox: Postbox) -> None:
    answers = [await sender(postbox.port).send(letter()) for _ in range(2)]

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

    answer = await sender(postbox.port).send(letter())

    assert (answer.outcome, answer.code) == (outcome, code)


async def test_a_server_that_hangs_before_the_letter_was_given_means_later(
    postbox: Postbox,
) -> None:
    postbox.rcpt_says = None

    answer = await sender(postbox.port).send(letter("urgent"))

    assert answer.outcome is Handover.LATER


async def test_a_server_that_hangs_with_the_letter_in_hand_leaves_it_unclear(
    postbox: Postbox,
) -> None:
    postbox.data_says = None

    answer = await sender(postbox.port).send(letter("urgent"))

    assert answer.outcome is Handover.UNCLEAR


async def test_no_server_means_later(unused_tcp_port: int) -> None:
    answer = await sender(unused_tcp_port).send(letter())

    assert answer.outcome is Handover.LATER


@pytest.mark.parametrize("how", [{"starttls": True}, {"username": "hotline"}])
async def test_a_server_without_what_is_asked_for_gets_no_letter(
    postbox: Postbox, how: dict[str, str]
) -> None:
    answer = await sender(postbox.port, **how).send(letter())  # type: ignore[arg-type] # either

    assert answer.outcome is Handover.LATER
    assert postbox.mails == []


def test_no_header_can_be_smuggled_in() -> None:
    evil = "x\r\nBcc: everybody@example.com\x00"

    mail = to_mail(letter(subject=evil, cause=evil, body=f"{evil}\r\n.\r\nQUIT"), "a@b.example")

    headers = mail.as_bytes().partition(b"\r\n\r\n")[0]
    assert mail["Bcc"] is None
    assert b"\r\nBcc:" not in headers
    assert b"\x00" not in headers
