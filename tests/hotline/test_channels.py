"""What `hotline doctor` says of who is reached and who is not."""

from __future__ import annotations

import pytest

from hotline.doctor import NAMED, NO_CALLERS, TRIAL, Channels, Unreached, calendar_words, said_of
from shared.policy.duty import Person

TRAY = Channels(trial=True, callers=("sandbox",), staff=("webhook", "sandbox"))
NONE = Channels(trial=False, callers=(), staff=("webhook",))
MAIL = Channels(trial=False, callers=(), staff=("webhook", "mail"))
BY_MAIL = Person(id="li", name="李四", mail="li@duty.example")
BY_CHAT = Person(id="wu", name="吴五", mail="", webhook="https://im.example/hook")
BY_NOTHING = Person(id="qi", name="齐六", mail="")
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
