"""The judge of a storm of messages finds each thing that it is there for, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from faults.messages import Mass
from faults.providers import fate_of
from faults.told import Told, judge

RESULT: Final = Told(id="r", number="26-1", purpose="feedback", recipient="caller",
                     status="received")  # fmt: skip
WORK: Final = Told(id="w", number="26-1", purpose="assignment", recipient="xu", status="received")
WORD: Final = Told(id="u", number="26-1", purpose="unreached", recipient="han", status="received",
                   of="xu")  # fmt: skip
SHOWN: Final = {("r", "text"): 1, ("w", "webhook"): 1, ("u", "webhook"): 1}


def faults(
    *messages: Told,
    shown: Mapping[tuple[str, str], int] = SHOWN,
    status: str = "closed",
    tasks: Sequence[str] = (),
    in_sending: Sequence[str] = (),
) -> list[str]:
    seen = {key: n for key, n in shown.items() if key[0] in {m.id for m in messages}}
    return list(judge(messages, seen, {"26-1": status}, tasks, in_sending).faults)


FAILED: Final = replace(RESULT, status="failed")
UNCONFIRMED: Final = replace(RESULT, status="unconfirmed")
UNTOLD_WORK: Final = replace(WORK, status="failed")
NOT_SHOWN: Final = {key: n for key, n in SHOWN.items() if key[0] == "u"}


@pytest.mark.parametrize(
    ("messages", "more"),
    [
        ((RESULT, WORK), {}),
        ((FAILED, WORK), {"status": "resolved", "tasks": ["26-1"], "shown": {("w", "webhook"): 1}}),
        ((UNCONFIRMED,), {"status": "resolved", "tasks": ["26-1"]}),
        ((RESULT, UNTOLD_WORK, WORD), {"shown": {("r", "text"): 1, ("u", "webhook"): 1}}),
        ((replace(RESULT, status="unknown"),),
         {"status": "resolved", "tasks": ["26-1"], "in_sending": ["r"]}),
        ((RESULT, WORK), {"shown": {**SHOWN, ("w", "mail"): 1}}),
    ],
)  # fmt: skip
def test_whoever_was_told_once_or_has_somebody_who_tells_them_is_no_fault(
    messages: tuple[Told, ...], more: dict[str, Any]
) -> None:
    assert faults(*messages, **more) == []


@pytest.mark.parametrize(
    ("messages", "more", "found"),
    [
        ((RESULT,), {"shown": {("r", "text"): 2}}, "r was shown 2 times by text"),
        ((RESULT, WORK), {"shown": {("r", "text"): 1}}, "w is received, and nobody was shown it"),
        ((RESULT, UNTOLD_WORK, WORD), {}, "w has failed, and somebody was shown it"),
        ((RESULT, replace(WORK, status="pending")), {}, "not settled"),
        ((RESULT, UNTOLD_WORK), {"shown": {("r", "text"): 1}}, "nobody else heard"),
        ((replace(RESULT, status="unknown"),), {"status": "resolved", "tasks": ["26-1"]},
         "was not in sending at a kill"),
        ((UNCONFIRMED,), {"status": "closed", "tasks": ["26-1"]},
         "26-1 is closed, and its result is unconfirmed"),
        ((UNCONFIRMED,), {"status": "resolved"}, "and nobody has it to tell"),
        ((RESULT,), {"status": "resolved"}, "26-1 is resolved, and its result was received"),
        ((WORK,), {}, "nobody was to be told its result"),
    ],
)  # fmt: skip
def test_each_fault_is_named(messages: tuple[Told, ...], more: dict[str, Any], found: str) -> None:
    (fault,) = faults(*messages, **more)

    assert found in fault


def test_the_word_of_what_was_refused_may_be_refused_and_is_listed() -> None:
    verdict = judge(
        (RESULT, UNTOLD_WORK, replace(WORD, status="failed")),
        {("r", "text"): 1}, {"26-1": "closed"}, (), (),
    )  # fmt: skip

    assert (verdict.faults, verdict.unheard) == ((), ("u",))


def test_of_five_messages_one_is_refused_and_of_fifty_receipts_one_is_lost() -> None:
    fates = Counter(fate_of(7, f"message-{n}") for n in range(20_000))

    assert 0.19 < fates["refused"] / 20_000 < 0.21
    assert 0.017 < fates["no_receipt"] / (fates["no_receipt"] + fates["arrives"]) < 0.023
    assert fate_of(7, "message-1") == fate_of(7, "message-1")


@pytest.mark.parametrize(
    ("mass", "found"),
    [
        (Mass(10, Counter(received=4, stopped=6), (3, 1, 0)), []),
        (Mass(10, Counter(received=4, stopped=6), (3, 1, 2)), ["2 left more than 5 s"]),
        (Mass(10, Counter(received=4, stopped=5), (3, 1, 0)), ["9 of 10"]),
        (Mass(10, Counter(received=4, stopped=5, pending=1), (3, 1, 0)), ["1 still wait"]),
        (Mass(10, Counter(received=10), (10, 0, 0)), ["it shows nothing"]),
    ],
)
def test_a_stop_holds_when_nothing_leaves_and_all_are_accounted_for(
    mass: Mass, found: list[str]
) -> None:
    assert len(mass.faults) == len(found)
    assert all(part in fault for part, fault in zip(found, mass.faults, strict=True))
