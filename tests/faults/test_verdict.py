"""The verdict of a fault run: each check holds for a sound run, and fails for what it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from faults.kills import Done
from faults.outage import Cry
from faults.plan import Fault
from faults.verdict import Facts, checks
from hotline.promises import Finding, Findings, Kind, kinds

SENT = "message in sending"
NOTIFIER = Fault(0, 100, "service", ("notifier",))
CUT = Fault(1, 200, "wire", ("broker",), "cut")
NO_BROKER = Fault(2, 300, "no_broker", seconds=60)


def found(*findings: Finding) -> Findings:
    made = Findings(datetime(2026, 11, 23, tzinfo=UTC))
    made.add(findings)
    return made


def sound() -> Facts:
    """A run in which everything went as promised, and something went wrong on the way."""
    return Facts(
        findings=found(
            Finding(kinds.TOLD_AGAIN, SENT), Finding(kinds.UNKNOWN, SENT),
            Finding(kinds.WAITS_FOR_PERSON, "p", "malformed, intake.triage"),
        ),
        done=[
            Done(NOTIFIER, 10, kills=1, sending={SENT}),
            Done(CUT, 20, met=3),
            Done(NO_BROKER, 30, kills=1),
        ],
        cries=[Cry("26-1", 201, "delayed", ("138 0013 8000",), 0.1, heard=1.2)],
        planned_kills=2,
        expected=7,
        tickets=7,
    )  # fmt: skip


def broken(facts: Facts) -> list[str]:
    return [check.what for check in checks(facts) if not check.holds]


def with_finding(kind: Kind, id: str = "26-1") -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        facts.findings.add([Finding(kind, id)])
        return facts

    return change


def with_done(n: int, **changes: object) -> Callable[[Facts], Facts]:
    def change(facts: Facts) -> Facts:
        done = list(facts.done)
        done[n] = replace(done[n], **changes)  # type: ignore[arg-type]
        return replace(facts, done=done)

    return change


def with_facts(**changes: object) -> Callable[[Facts], Facts]:
    return lambda facts: replace(facts, **changes)  # type: ignore[arg-type]


def test_a_sound_run_keeps_every_promise() -> None:
    assert broken(sound()) == []


DOUBLED = "doubled, but urgent messages nobody knew of"
AGAIN = "urgent messages sent again (each of 1 in sending at the faults)"
UNKNOWN = "unknown messages (each of 1 in sending at the faults)"
KILLS = "processes killed with -9"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (with_finding(kinds.NO_TICKET), "lost"),
        (with_finding(kinds.MESSAGE_WAITS), "stuck"),
        (with_finding(kinds.FIRED_TWICE), "deadlines missed or fired twice"),
        (with_finding(kinds.GOT_UNSAID), "store, events and receivers disagree"),
        (with_finding(kinds.SECOND_ORDER), DOUBLED),
        (with_finding(kinds.TOLD_TWICE, SENT), DOUBLED),
        (with_finding(kinds.TOLD_AGAIN, "in sending at no fault"), AGAIN),
        (with_finding(kinds.UNKNOWN, "in sending at no fault"), UNKNOWN),
        (with_finding(kinds.WAITS_FOR_PERSON), "parked other than poison"),
        (with_facts(left={"messages": ["m"]}), "all settled in time"),
        (with_facts(tickets=6), "tickets, one for each report"),
        (with_facts(tickets=8), "tickets, one for each report"),
        (with_facts(troubles=["answered 500"]), "senders answered amiss"),
        (with_facts(planned_kills=3), KILLS),
        (with_done(0, kills=0), KILLS),
        (with_done(1, met=0), "every cut and every full queue met somebody"),
        (
            with_done(1, missing=["intake.triage"]),
            "every queue has its consumers after every fault",
        ),
        (with_facts(cries=[]), "emergencies without a broker reach a person within 3 s"),
        (
            with_facts(cries=[Cry("26-1", 201, "delayed", ("1",), 0.1, heard=3.1)]),
            "emergencies without a broker reach a person within 3 s",
        ),
        (
            with_facts(cries=[Cry("26-1", 201, "at once", ("1",), 0.1, heard=1.0)]),
            "emergencies without a broker reach a person within 3 s",
        ),
    ],
)
def test_each_check_fails_for_what_it_is_there_for(
    change: Callable[[Facts], Facts], what: str
) -> None:
    assert broken(change(sound())) == [what]


def test_an_extra_kill_elsewhere_hides_no_service_that_was_spared() -> None:
    facts = with_done(2, kills=60)(with_done(0, kills=0)(sound()))
    assert broken(facts) == [KILLS]
