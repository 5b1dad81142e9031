"""Every code that people are shown has a name in both languages, and no name stands for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

import pytest

from services.intake.desk.api import FeedbackBody
from services.intake.privacy.domain import Reason as RevealReason
from services.intake.registration.domain import Alerting
from services.notifier.bundles import CHAT_TOOLS
from services.notifier.messages import NOT_TRIED
from services.notifier.messages import Status as MessageStatus
from services.notifier.senders.letter import Sandbox
from services.notifier.senders.mail import MailSender
from services.notifier.senders.robots import Robots
from services.notifier.senders.webhook import WebhookSender
from services.router.emergencies.emergency import Outcome, Verdict
from services.router.follow_ups.tasks import State
from services.router.follow_ups.untold import RESULT
from services.router.incidents.incident import OUTCOME
from services.router.incidents.incident import Status as IncidentStatus
from services.telephony.callbacks.domain import CallBackState, Heard, WhyNot
from services.telephony.calls.domain import Disposition
from services.telephony.lines.domain import Kind as LineKind
from services.telephony.lines.domain import LineState
from services.telephony.lines.domain import Why as LineWhy
from shared.calls.agents import AgentState
from shared.calls.facts import EndedBy, Left, Party, Presentation, RangOut, TransferKind
from shared.calls.gaps import Why
from shared.calls.load import ServiceLevel
from shared.calls.outcomes import Outcome as CallOutcome
from shared.codes import name_of, names, tables
from shared.contracts.intake import FeedbackOutcome
from shared.contracts.notifier import FailureReason, Purpose
from shared.contracts.report import CallerRole, Channel
from shared.contracts.router import (
    CallAnswer,
    ConsentHow,
    FollowUpOutcome,
    FollowUpSaid,
    FollowUpWhy,
    Payer,
    RaiseReason,
)
from shared.identity.principal import Role
from shared.policy.duty import EMERGENCY_CHAIN, MANAGEMENT
from shared.policy.policy import ANY_REASON
from shared.policy.wanted import ToldByTelephone
from shared.runtime.web import words
from shared.runtime.web.work.view import (
    DECLINE_REASONS,
    ITEM_KINDS,
    MORE_TIME_REASONS,
    PAUSE_REASONS,
)
from shared.tickets.acts import DANGER
from shared.tickets.costs import ItemKind
from shared.tickets.lifecycle import Clock, OrderStatus, TicketStatus, Transition
from shared.tickets.model import NOT_PLANNED, HeldReason
from shared.tickets.steps import DROPPED

CHINESE: Final = re.compile(r"[\u4e00-\u9fff]")
CODE: Final = re.compile(r"[a-z][a-z0-9_]*")


def _of(literal: Any) -> set[str]:
    """The words of a Literal, also of one that is made of others."""
    return {word for each in get_args(literal) for word in (_of(each) or {each})}


OWNERS: Final[Mapping[str, Iterable[str]]] = {
    "ticket_statuses": TicketStatus,
    "order_statuses": OrderStatus,
    "clocks": Clock,
    "transitions": {*Transition, DROPPED},
    "held_reasons": _of(HeldReason),
    "raise_reasons": _of(RaiseReason),
    "decline_reasons": DECLINE_REASONS,
    "pause_reasons": PAUSE_REASONS,
    "more_time_reasons": MORE_TIME_REASONS,
    "feedback_outcomes": {
        *_of(FeedbackOutcome),
        *_of(FeedbackBody.model_fields["outcome"].annotation),
    },
    "call_answers": _of(CallAnswer),
    "follow_up_reasons": {"limit_nears", "limit_broken", "watch", *RESULT, *_of(ToldByTelephone)},
    "follow_up_kinds": _of(FollowUpWhy),
    "follow_up_states": _of(State),
    "follow_up_outcomes": {*_of(FollowUpSaid), *_of(FollowUpOutcome)},
    "call_outcomes": CallOutcome,
    "call_dispositions": Disposition,
    "callback_states": CallBackState,
    "callback_attempts": _of(Heard),
    "callback_obstacles": WhyNot,
    "presentations": Presentation,
    "ways_out_of_queues": Left,
    "rings_unanswered": RangOut,
    "call_parties": Party,
    "call_ended_by": EndedBy,
    "call_transfers": TransferKind,
    "agent_states": AgentState,
    "line_verdicts": LineState,
    "line_troubles": LineWhy,
    "line_kinds": _of(LineKind),
    "pbx_gaps": Why,
    "service_levels": ServiceLevel,
    "alert_states": _of(Alerting),
    "emergency_outcomes": _of(Outcome),
    "emergency_verdicts": _of(Verdict),
    "incident_statuses": _of(IncidentStatus),
    "channels": _of(Channel),
    "message_channels": {
        NOT_TRIED,
        *CHAT_TOOLS,
        *(kind.channel for kind in (Sandbox, MailSender, WebhookSender, Robots)),
    },
    "caller_roles": _of(CallerRole),
    "payers": _of(Payer),
    "item_kinds": _of(ItemKind),
    "consent_ways": _of(ConsentHow),
    "purposes": _of(Purpose),
    "message_statuses": MessageStatus,
    "message_failures": {*_of(FailureReason), "no_answer"},
    "roles": _of(Role),
    "lists": {MANAGEMENT, EMERGENCY_CHAIN},
    "reveal_reasons": _of(RevealReason),
}
"""The codes that each table names, by who owns them."""
FREE: Final[Mapping[str, set[str]]] = {
    "reasons": {ANY_REASON, NOT_PLANNED, DANGER, "reclassified", "reopened", "conflict", "survey",
                "caller", "not_satisfied", "not_done"},
    "outcomes": {"done", OUTCOME},
    "marks": {"risk", "incident", "held", "place_differs"},
}  # fmt: skip
"""Of codes that anybody may add to: those that the product itself gives."""


def test_every_table_has_an_owner() -> None:
    assert {*tables()} == {*OWNERS, *FREE}


@pytest.mark.parametrize("table", OWNERS)
def test_a_table_names_every_code_of_its_owner_and_no_other(table: str) -> None:
    assert {*names(table)} == {str(code) for code in OWNERS[table]}


@pytest.mark.parametrize("table", FREE)
def test_what_the_product_itself_gives_is_named(table: str) -> None:
    assert FREE[table] - {*names(table)} == set()


@pytest.mark.parametrize("table", tables())
def test_each_name_stands_in_both_languages(table: str) -> None:
    for code, name in names(table).items():
        assert CODE.fullmatch(code), code
        assert {*name} == {"zh", "en"}, code
        assert CHINESE.search(name["zh"]), code
        assert name["en"].strip(), code
        assert not CHINESE.search(name["en"]), code


@pytest.mark.parametrize("table", tables())
def test_no_two_codes_of_a_table_are_called_the_same(table: str) -> None:
    for language in ("zh", "en"):
        called = [name[language] for name in names(table).values()]
        assert len(called) == len(set(called)), table


def test_a_code_that_nobody_has_named_is_shown_as_it_is() -> None:
    assert name_of("reasons", "no_ladder_here", "zh") == "no_ladder_here"
    assert name_of("reasons", "danger", "zh") != "danger"


@pytest.mark.parametrize(
    ("table", "prefix"),
    [
        ("order_statuses", "status_"),
        ("decline_reasons", "reason_"),
        ("pause_reasons", "reason_"),
        ("more_time_reasons", "reason_"),
        ("item_kinds", "item_"),
        ("payers", "payer_"),
    ],
)
def test_the_work_page_calls_them_the_same(table: str, prefix: str) -> None:
    pages = {language: words("shared.runtime.web.work", language) for language in ("zh", "en")}

    for code, name in names(table).items():
        told = {language: pages[language][f"{prefix}{code}"] for language in ("zh", "en")}
        assert told == dict(name), code
    assert {*ITEM_KINDS} == {*names("item_kinds")}
