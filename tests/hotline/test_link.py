"""A survey's link is given out where somebody was asked; else the reason is."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from hotline.cli import build_app
from hotline.link import why_no_survey
from shared.tickets import Ticket
from shared.tickets.acts import Cancel
from shared.tickets.apply import apply
from tests.tickets.samples import MONDAY, registered, sample_rules


def cancelled() -> Ticket:
    act = Cancel(by="agent-7")
    return apply(registered(), act, MONDAY, sample_rules()).ticket


@pytest.mark.parametrize(
    ("ticket", "round_", "said"),
    [
        (registered(), 1, "is not over, it is registered"),
        (registered(), 2, "There is no round 2"),
        (registered(), 0, "There is no round 0"),
        (cancelled(), 1, "it was cancelled"),
    ],
    ids=["in hand", "a round to come", "no round", "nobody asked"],
)
def test_a_round_about_which_nobody_is_asked_has_no_link_and_the_reason_is_told(
    ticket: Ticket, round_: int, said: str
) -> None:
    why = why_no_survey(ticket, round_, surveys=())
    assert why is not None
    assert said in why
    assert ticket.number in why


def test_a_round_that_the_caller_was_asked_about_has_a_link_also_when_work_began_again() -> None:
    assert why_no_survey(registered(), 1, surveys={1}) is None


def test_there_is_no_round_0_which_is_not_taken_for_the_last() -> None:
    wrong = CliRunner().invoke(build_app(), ["link", "survey", "23456789", "--round", "0"])

    assert wrong.exit_code == 2  # a wrong option, as every command says it
    assert "--round" in wrong.output
