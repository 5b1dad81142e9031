"""What a downtime left is told to each person at once: rules of digests. Pure.

Each message that waits stands by itself, under the id of its cause, so that a repeat of its event
finds it there. A digest is made of all that waits for a person, and its list is fixed when it is
inserted. Digests of a person are numbered: of two replicas that make the same one, one inserts it,
and the next one is made only after all that the last one tells is folded. So nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.notifier.brakes.domain import TELLS_UNTOUCHED, is_untouched
from services.notifier.domain import Cause, Notice, can_wait
from services.notifier.messages import RECEIPTS, TOGETHER, Message, Status, new_message
from shared.contracts import Step
from shared.policy.ladder import BREACH
from shared.policy.templates import Language

AT_MOST: Final = timedelta(minutes=5)
"""So long a digest is waited for, though more and more comes for it."""
LISTED: Final = 100
"""So many lines somebody reads; the rest is counted, and stands in the console."""
CAUSE: Final = "overdue"
LOOK_AGAIN: Final = timedelta(seconds=2)
"""So often it is looked what became of the message that tells several."""


def await_digest(message: Message) -> Message:
    """A new message, to be told in its reader's digest and not by itself."""
    return replace(message, status=Status.WAITING, next_at=message.at + AT_MOST)


def is_complete(first: datetime, last: datetime, now: datetime, *, after: timedelta) -> bool:
    """Whether a digest may be made of what came between two moments: nothing came for a while, or
    somebody has waited long enough.
    """
    return now - last >= after or now - first >= AT_MOST


def new_digest(
    waiting: Sequence[Message], last: Message | None, *, language: Language, now: datetime
) -> Message:
    """The digest after `last` of the one person whom all these messages are for."""
    estates = {message.estate for message in waiting}
    notice = Notice(
        Cause("report", CAUSE, f"{_turn(last) + 1:06}"),
        "digest",
        waiting[0].recipient,
        estate=estates.pop() if len(estates) == 1 else None,
        facts={"count": len(waiting), "lines": _lines(waiting)},
    )
    message = new_message(notice, lane="routine", language=language, now=now)
    entries = tuple(message.id for message in waiting)
    return replace(message, status=Status.GATHERING, entries=entries)


def new_bundle(
    queued: Sequence[Message],
    last: Message | None,
    *,
    language: Language,
    now: datetime,
    call: str | None = None,
) -> Message:
    """The message after `last` that tells one person several which had no turn of their own; or a
    caller the receipts of one `call`.
    """
    estates = {message.estate for message in queued}
    turn = f"{_turn(last) + 1:06}"
    is_drill = all(message.facts.get("test") for message in queued)
    notice = Notice(
        Cause("report", TOGETHER, turn) if call is None else Cause("call", call, turn),
        TOGETHER if call is None else RECEIPTS,
        queued[0].recipient,
        estate=estates.pop() if len(estates) == 1 else None,
        facts={
            "count": len(queued),
            "lines": [{"number": m.number} for m in queued],
            **({TELLS_UNTOUCHED: True} if any(map(is_untouched, queued)) else {}),
            **({"test": True} if call is not None and is_drill else {}),
        },
    )
    message = new_message(notice, lane="routine", language=language, now=now)
    entries = tuple(message.id for message in queued)
    return replace(message, status=Status.GATHERING, entries=entries, call=call)


def bundle(message: Message, telling: Message, now: datetime) -> Step[Message]:
    """It is told by that message, and shares its fate: `next_at` is when somebody looks."""
    folded = replace(message, status=Status.FOLDED, digest=telling.id, next_at=now + LOOK_AGAIN)
    return Step(folded)


def look_later(message: Message, now: datetime) -> Step[Message]:
    """What became of the message that tells it is not known yet."""
    return Step(replace(message, next_at=now + LOOK_AGAIN))


def _turn(last: Message | None) -> int:
    return int(last.cause.occurrence) if last else 0


def _lines(waiting: Sequence[Message]) -> list[dict[str, Any]]:
    """What is furthest up and longest due comes first."""
    lines = [_line(message) for message in waiting]
    lines.sort(key=lambda line: (-line["level"], line["due"], line["number"]))
    return lines[:LISTED]


def _line(message: Message) -> dict[str, Any]:
    facts = message.facts
    line = {
        "number": message.number,
        "estate": message.estate,
        "purpose": message.purpose,
        "clock": facts["clock"],
        "due": facts["due"],
        "level": facts.get("level", BREACH),
    }
    return line | ({"test": True} if facts.get("test") else {})


def fold(message: Message, digest: Message, now: datetime) -> Step[Message]:
    """It is told in that digest."""
    return Step(
        replace(message, status=Status.FOLDED, digest=digest.id, next_at=None, ended_at=now)
    )


def release(digest: Message, now: datetime, *, not_before: datetime | None = None) -> Step[Message]:
    """All that it tells is folded: it may go out."""
    return Step(replace(digest, status=Status.PENDING, next_at=not_before or now))


def is_quiet(entries: Sequence[Message]) -> bool:
    """Whether nothing of what it tells is needed at night."""
    return all(can_wait(message.purpose, message.facts) for message in entries)
