"""What `hotline doctor` says of who is reached and who is not."""

from __future__ import annotations

import pytest

from hotline.chat_faults import fault_words
from hotline.doctor import NAMED, NO_CALLERS, TRIAL, Channels, Unreached, calendar_words, said_of
from services.notifier.senders import dingtalk, wecom
from services.notifier.senders.chat import Codes
from shared.policy.duty import Duty, Person, sample_duty

TRAY = Channels(trial=True, callers=("sandbox",), staff=("webhook", "sandbox"))
NONE = Channels(trial=False, callers=(), staff=("webhook",))
MAIL = Channels(trial=False, callers=(), staff=("webhook", "mail"))
BY_MAIL = Person(id="li", name="李四", mail="li@duty.example")
BY_CHAT = Person(id="wu", name="吴五", mail="", webhook="https://im.example/hook")
BY_NOTHING = Person(id="qi", name="齐六", mail="")
CHATS = Channels(
    trial=False, callers=(), staff=("webhook", "wecom", "mail"),
    group_chats=("jinyuan", "jinyuan/security", "jinyuan/kitchen", "nowhere"),
)  # fmt: skip
BY_WECOM = Person(id="he", name="何七", mail="", wecom="HeQi")
BY_DINGTALK = Person(id="du", name="杜八", mail="du@duty.example", dingtalk="duba")
BY_A_SLIP = Person(id="ba", name="巴七", mail="ba.duty.example")


def test_a_trial_says_that_the_sandbox_reaches_nobody() -> None:
    assert list(said_of(TRAY, Unreached())) == [TRIAL]


def test_callers_without_a_channel_are_said_to_have_none() -> None:
    assert list(said_of(MAIL, Unreached())) == [NO_CALLERS]


def test_who_of_the_staff_is_not_reached_is_named_by_id() -> None:
    many = tuple(f"p-{n:02}" for n in range(NAMED + 3))

    (_, few), (_, more) = (
        said_of(NONE, Unreached(without=people)) for people in (("li", "qi"), many)
    )

    assert "li, qi" in few
    assert "HOTLINE_NOTIFIER_SMTP_HOST" in few
    assert f"{NAMED + 3} people" in more
    assert f"p-{NAMED - 1} … +3" in more


@pytest.mark.parametrize(
    ("left", "said"),
    [(None, None), (61, None), (60, "in 60 days"), (0, "in 0 days"), (-3, "3 days ago")],
)
def test_the_end_of_a_calendar_is_told_weeks_before(left: int | None, said: str | None) -> None:
    words = calendar_words(left)

    assert (words is None) if said is None else (words is not None and said in words)


def test_who_was_missed_by_their_last_message_is_named_with_why() -> None:
    missed = Unreached(in_vain={"wu": "no_answer", "li": "refused"})

    _, said = said_of(MAIL, missed)

    assert "2 people did not reach them: li (refused), wu (no_answer)" in said
    assert list(said_of(MAIL, Unreached())) == [NO_CALLERS]


def test_who_is_reached_depends_on_what_leads_to_them() -> None:
    reached = [
        [c.reach(p) for p in (BY_MAIL, BY_CHAT, BY_NOTHING, BY_A_SLIP)] for c in (TRAY, NONE, MAIL)
    ]

    assert reached == [
        [True, True, False, False],
        [False, True, False, False],
        [True, True, False, False],
    ]


def test_who_has_an_id_in_a_chat_tool_is_reached_where_it_is_set() -> None:
    by = [[c.by(p) for p in (BY_WECOM, BY_DINGTALK, BY_CHAT, BY_MAIL)] for c in (CHATS, NONE, TRAY)]

    assert by == [
        ["wecom", "mail", "webhook", "mail"],
        [None, None, "webhook", None],
        [None, "sandbox", "webhook", "sandbox"],
    ]
    assert [CHATS.lack_tool_of(p) for p in (BY_WECOM, BY_DINGTALK, BY_MAIL)] == [False, True, False]


def test_a_robot_for_nobody_is_found() -> None:
    duty = Duty.model_validate(sample_duty())

    assert CHATS.without_place(duty) == ("jinyuan/kitchen", "nowhere")


def test_how_many_are_reached_by_what_and_who_lacks_a_tool_is_said() -> None:
    found = Unreached(by={"wecom": 3, "mail": 40}, no_tool=("du",), no_place=("nowhere",))

    _, reached, tool, place = said_of(CHATS, found)

    assert "told by: mail 40, wecom 3; robots of group chats: jinyuan, jinyuan/security" in reached
    assert "1 people have an id" in tool
    assert "not there, and are told nothing: nowhere" in place
    assert not found


def test_a_tool_that_is_not_set_up_right_says_what_to_do() -> None:
    faults = {"wecom": "60020", "robot jinyuan": "310000", "dingtalk": "77777"}

    said = list(fault_words(faults))

    assert ["dingtalk" in said[0], "robot jinyuan" in said[1], "wecom" in said[2]] == [True] * 3
    assert "企业可信IP" in said[2]
    assert "`keyword`" in said[1]
    assert "77777" in said[0]


@pytest.mark.parametrize(
    "codes", [wecom.APP_CODES, wecom.ROBOT_CODES, dingtalk.APP_CODES, dingtalk.ROBOT_CODES]
)
def test_each_fault_that_a_sender_names_has_its_way_out(codes: Codes) -> None:
    for code in codes.set_up:
        (said,) = fault_words({"x": code})
        assert "look the code up" not in said, code


def test_an_older_notifiers_answer_is_read() -> None:
    answer = {"trial": False, "callers": [], "staff": ["webhook"]}

    assert Channels.from_answer(answer) == NONE
