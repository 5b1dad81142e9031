"""What waits somewhere beyond its time: events in outboxes, messages, parked messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from hotline.promises.facts import LateTask, Message, Parked, WaitingEvent
from hotline.promises.findings import Finding
from hotline.promises.kinds import (
    EVENT_ODD,
    EVENT_WAITS,
    HELD_BY_NONE,
    MESSAGE_WAITS,
    NOT_FIRED,
    REPLAY_WAITS,
    WAITS_FOR_PERSON,
)
from shared.contracts import Lane


def judge_events(
    events: Sequence[WaitingEvent], relay_after: Mapping[Lane, timedelta], before: datetime
) -> Iterator[Finding]:
    """The outbox of one document: nothing waits longer than its lane's relay takes, and every
    event is this document's, once, of a version that it has.
    """
    seen = Counter(event.id for event in events)
    for event in events:
        if event.at + relay_after[event.lane] < before:
            why = f"written by {event.service} at {event.at:%F %T}Z"
            yield Finding(EVENT_WAITS, event.id, why)
        if seen[event.id] > 1 or not belongs(event):
            yield Finding(EVENT_ODD, event.id, f"in {event.document}")


def belongs(event: WaitingEvent) -> bool:
    """Whether the id is `<document>/<version>/<n>` with a version that the document has."""
    document, _, _ = event.id.rpartition("/")
    document, _, version = document.rpartition("/")
    return document == event.document and version.isdigit() and int(version) <= event.version


def judge_waiting_message(message: Message, before: datetime) -> Iterator[Finding]:
    """Pending or being sent, and its time is over."""
    if message.next_at is not None and message.next_at < before:
        why = f"{message.status}, {message.purpose} of {message.number}, due {message.next_at:%T}Z"
        yield Finding(MESSAGE_WAITS, message.id, why)


def judge_held_by_none(message: Message) -> Iterator[Finding]:
    """One that is found at all should have been let go."""
    yield Finding(HELD_BY_NONE, message.id, f"{message.purpose} of {message.number}")


def judge_late_task(task: LateTask) -> Iterator[Finding]:
    """One that is found at all should have moved on by itself."""
    why = f"follow-up task {task.id}, {task.state}, due {task.due:%F %T}Z"
    yield Finding(NOT_FIRED, task.number, why)


def judge_parked(entry: Parked, before: datetime) -> Iterator[Finding]:
    """One that is tried again is tried in time; one without a time waits for a person."""
    why = f"{entry.reason}, {entry.queue}"
    if entry.next_at is None:
        yield Finding(WAITS_FOR_PERSON, entry.id, why)
    elif entry.next_at < before:
        yield Finding(REPLAY_WAITS, entry.id, why)
