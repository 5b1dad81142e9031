"""Tickets as values, for tests of rules: registered under the sample policy, moved by acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from services.router.deadlines.escalation import fire_due
from shared.policy.duty import Duty, sample_duty
from shared.policy.plan import Plan, Reported, plan
from shared.policy.policy import Policy, build_policy, sample_documents
from shared.readers.tickets import rules_of
from shared.tickets import NOBODY, About, Registration, Steps, Ticket, apply, register
from shared.tickets.acts import Act

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai, on a workday."""
LAMP = "楼道灯不亮了，请来修"
LIFT = "电梯里困了两个人，快来"


@cache
def policy() -> Policy:
    return build_policy("sample-1", sample_documents())


@cache
def duty() -> Duty:
    return Duty.model_validate(sample_duty())


def plan_of(text: str, at: datetime, *, estate: str = "jinyuan") -> Plan:
    """What a person at the desk decides about a report."""
    return plan(Reported(text=text, estate=estate, decided=True), policy(), at)


def registered(
    text: str = LAMP,
    *,
    estate: str | None = "jinyuan",
    at: datetime = MONDAY,
    about: About = NOBODY,
    number: str = "23456789",
    repeat_of: str | None = None,
) -> Ticket:
    made = plan(Reported(text=text, estate=estate), policy(), at)
    new = Registration(
        number=number, channel="phone", estate=estate, by="agent", told=False, about=about,
        repeat_of=repeat_of,
    )  # fmt: skip
    return register(new, made, at, rules_of(policy())).ticket


def moved(ticket: Ticket, *acts: Act, at: datetime = MONDAY) -> Ticket:
    for n, act in enumerate(acts):
        ticket = apply(ticket, act, at + timedelta(seconds=n), rules_of(policy())).ticket
    return ticket


def steps_of(ticket: Ticket, now: datetime, under: Policy | None = None) -> Steps:
    """The beginning of a change of the ticket at `now`."""
    return Steps.begin(ticket, now, lambda estate: rules_of((under or policy()).at(estate)))


def fired(ticket: Ticket, now: datetime, people: Duty | None = None) -> list[Act]:
    """What the router does because of what is due of a ticket at `now`."""
    return list(fire_due(steps_of(ticket, now), people or duty(), policy(), by="router").done)
