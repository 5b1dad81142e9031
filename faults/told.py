"""Whether everybody was told, and once: the store's messages beside what people saw. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.contracts.notifier import ARRIVED, CALLER

ENDED: Final = frozenset({*ARRIVED, "failed", "unconfirmed", "unknown", "stopped", "folded"})
UNTOLD: Final = frozenset({"failed", "unconfirmed", "unknown"})
"""How a message has ended after which its reader cannot be expected to know."""
RUNG_UP: Final = "feedback"
"""What is told by telephone where no message told it, whatever the policy says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message as the store has it. `of` is whom it says that nothing reached, if it does."""

    id: str
    number: str
    purpose: str
    recipient: str
    status: str
    of: str | None = None

    @classmethod
    def from_doc(cls, doc: Mapping[str, Any]) -> Self:
        """Read what was projected to these fields, `facts.person` and `_id`."""
        plain = ("number", "purpose", "recipient", "status")
        return cls(
            id=doc["_id"],
            of=doc.get("facts", {}).get("person"),
            **{field: doc[field] for field in plain},
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, in words; `unknown` is no fault where a kill explains it. `unheard` were
    refused, and so was the word of it to somebody else: the log names them.
    """

    by_status: Counter[str]
    faults: tuple[str, ...]
    unknown: tuple[str, ...]
    unheard: tuple[str, ...]
    not_rung_up: int
    """Messages to callers that failed, of a purpose that no policy has told by telephone."""


def judge(
    messages: Collection[Told],
    shown: Mapping[tuple[str, str], int],
    tickets: Mapping[str, str],
    tasks: Collection[str],
    in_sending: Collection[str],
) -> Verdict:
    """`shown` is how often people saw a message, by id and channel, `tickets` the status by number,
    `tasks` are the numbers whose result somebody is to tell by telephone, and `in_sending` were
    being handed over at a kill.
    """
    unreached = {(m.number, m.of): m for m in messages if m.purpose == "unreached"}
    waits = [m for m in messages if m.status in UNTOLD and m.recipient == CALLER]
    failed = [m for m in messages if m.status in UNTOLD and m.recipient != CALLER]
    unknown = tuple(m.id for m in messages if m.status == "unknown")
    told_to_others = [m for m in failed if m.purpose != "unreached"]
    faults = (
        *_twice(shown),
        *_unsaid(messages, shown),
        *(f"{m.id} is {m.status}, {m.purpose} of {m.number}: not settled"
          for m in messages if m.status not in ENDED),
        *(f"{m.id} is unknown, and was not in sending at a kill"
          for m in messages if m.status == "unknown" and m.id not in in_sending),
        *(f"{m.id} is {m.status}, {m.purpose} of {m.number}, and nobody else heard"
          for m in told_to_others if (m.number, m.recipient) not in unreached),
        *_results(messages, tickets, tasks),
    )  # fmt: skip
    unheard = [unreached.get((m.number, m.recipient)) for m in told_to_others]
    return Verdict(
        Counter(m.status for m in messages),
        faults,
        unknown,
        tuple(m.id for m in unheard if m is not None and m.status in UNTOLD),
        sum(m.purpose != RUNG_UP for m in waits),
    )  # fmt: skip


def _twice(shown: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """By another channel somebody may see it once more: when no receipt came by the first."""
    for (id, channel), times in shown.items():
        if times > 1:
            yield f"{id} was shown {times} times by {channel}"


def _unsaid(messages: Iterable[Told], shown: Mapping[tuple[str, str], int]) -> Iterator[str]:
    seen = {id for id, _ in shown}
    for message in messages:
        if message.status in ARRIVED and message.id not in seen:
            yield f"{message.id} is {message.status}, and nobody was shown it"
        if message.status == "failed" and message.id in seen:
            yield f"{message.id} has failed, and somebody was shown it"


def _results(
    messages: Iterable[Told], tickets: Mapping[str, str], tasks: Collection[str]
) -> Iterator[str]:
    """A ticket is closed by a result that was received, and by nothing else; what was not received
    is open, and somebody has it to tell.
    """
    results = {m.number: m for m in messages if m.purpose == RUNG_UP and m.recipient == CALLER}
    for number, status in tickets.items():
        result = results.get(number)
        if result is None:
            yield f"{number} is {status}, and nobody was to be told its result"
        elif result.status in ARRIVED:
            if status != "closed":
                yield f"{number} is {status}, and its result was received"
        elif status == "closed":
            yield f"{number} is closed, and its result is {result.status}"
        elif number not in tasks:
            yield f"{number}: its result is {result.status}, and nobody has it to tell"
