"""What can be wrong: each kind of finding with its promise, what it means and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Group = Literal[
    "lost", "stuck", "deadlines", "doubled", "disagreeing", "unknown", "repeated", "waiting"
]
BROKEN: Final[frozenset[Group]] = frozenset(
    {"lost", "stuck", "deadlines", "doubled", "disagreeing"}
)
"""The other groups are counted and break nothing: an outcome that nobody knows, an urgent message
sent again after a crash, and what waits for a person where the operator sees it."""

PROMISES: Final[Mapping[int, str]] = {
    1: "Accepted is kept",
    2: "The queue and the store agree",
    3: "Done once",
    4: "A person gets a message once",
    5: "Deadlines fire once",
    6: "Emergencies do not wait",
    7: "Emergencies survive the broker",
    8: "Nothing is dropped silently",
    9: "Private stays private",
    10: "Nobody handles what is not theirs",
}
ELSEWHERE: Final[Mapping[int, str]] = {
    7: "tried by `make faults`; what it left behind shows under 2 and 6",
    9: "`hotline doctor --search FILE`",
    10: "decided at each request, not kept in the store",
}
"""Promises that the store cannot tell about."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that can be wrong; `id` says whether a ticket's number or what else is named."""

    code: str
    promise: int
    group: Group
    means: str
    remedy: str
    id: str = "ticket"

    @property
    def breaks(self) -> bool:
        """Whether a promise is broken by it."""
        return self.group in BROKEN


NO_TICKET: Final = Kind(
    "no_ticket", 1, "lost",
    "accepted, but there is no ticket",
    "find the sender by the log (ticket number) and have it sent again under the same key: it "
    "becomes the ticket of this number",
)  # fmt: skip
NOT_WRITTEN: Final = Kind(
    "not_written", 1, "lost",
    "a number was reserved and its ticket never written: lost, unless the sender was never "
    "answered and gave up",
    "look for its message under `hotline dead list`; else have the sender repeat it under the "
    "same key: it becomes the ticket of this number",
)  # fmt: skip
NOT_KEPT: Final = Kind(
    "not_kept", 1, "lost",
    "the broker confirmed the message, and it is neither a ticket nor parked",
    "look for it in the queues intake.* and hotline.dead; else have it published again under the "
    "same id",
    id="message of a sender",
)  # fmt: skip
UNREADABLE: Final = Kind(
    "unreadable", 1, "stuck",
    "the ticket's document cannot be read, so nothing moves it",
    "compare it with a sound one; was it written by another release, or by hand?",
)  # fmt: skip
NOT_DISPATCHED: Final = Kind(
    "not_dispatched", 1, "stuck",
    "open, and a department of its plan has neither a work order nor is it in the manual queue",
    "look for its event under `hotline dead list` and replay it; else reclassify the ticket, which "
    "gives out its work anew",
)  # fmt: skip
EVENT_WAITS: Final = Kind(
    "event_waits", 2, "stuck",
    "an event was written and is not published, long after its relay should have done it",
    "is RabbitMQ well, and does the service run that wrote it? It alone publishes it",
    id="event",
)  # fmt: skip
EVENT_ODD: Final = Kind(
    "event_odd", 2, "disagreeing",
    "an event in an outbox is there twice, of another document, or newer than its document",
    "something other than our services wrote to this document; compare the two",
    id="event",
)  # fmt: skip
CACHE_OLD: Final = Kind(
    "cache_old", 2, "disagreeing",
    "the fields kept for lists and deadlines do not say what the ticket itself says",
    "move the ticket by any act (a note will do): they are written anew with it",
)  # fmt: skip
CHANGE_MISSING: Final = Kind(
    "change_missing", 2, "disagreeing",
    "the ticket's version is ahead of its history: a change left no trace, or another overwrote it",
    "find who writes to `tickets` other than by Tickets.change",
)  # fmt: skip
NOT_CLOSED: Final = Kind(
    "not_closed", 2, "stuck",
    "the caller was told the result (or cannot be told), and the ticket is not closed",
    "look for message.delivered or message.failed under `hotline dead list` and replay it; else "
    "close it by POST /v1/tickets/{number}/feedback",
)  # fmt: skip
NOBODY_TELLS: Final = Kind(
    "nobody_tells", 2, "stuck",
    "the work is done, no message told the caller, and nobody has the task of telling by telephone",
    "ring the caller, and close it by POST /v1/tickets/{number}/feedback; look for message.failed "
    "or message.unknown under `hotline dead list`",
)  # fmt: skip
NOT_ASKED: Final = Kind(
    "not_asked", 2, "stuck",
    "over, and its caller was not asked how it went",
    "look for ticket.closed or ticket.answered under `hotline dead list` and replay it",
)  # fmt: skip
NOT_REOPENED: Final = Kind(
    "not_reopened", 2, "stuck",
    "the answer to the survey was dissatisfied, and the ticket was not reopened",
    "look for survey.dissatisfied under `hotline dead list` and replay it; else reopen it",
)  # fmt: skip
SECOND_TICKET: Final = Kind(
    "second_ticket", 3, "doubled",
    "two tickets of one report: its key is reserved for another number",
    "merge or cancel the one that nobody works on",
)  # fmt: skip
UNASKED: Final = Kind(
    "unasked", 3, "doubled",
    "a ticket of no report that was accepted: one was taken twice, under two keys",
    "compare its words and its principal with the other tickets of that minute; cancel the second",
)  # fmt: skip
SECOND_ORDER: Final = Kind(
    "second_order", 3, "doubled",
    "one department has two open work orders in the same round",
    "have one of them transferred or declined",
)  # fmt: skip
NOT_TOLD: Final = Kind(
    "not_told", 4, "stuck",
    "somebody should have been told, and there is no message",
    "look for the event under `hotline dead list` and replay it; for a deadline, is anybody named "
    "in the duty list?",
)  # fmt: skip
MESSAGE_WAITS: Final = Kind(
    "message_waits", 4, "stuck",
    "a message is due and nobody hands it over",
    "does a notifier run, and can it keep up? Look at hotline_messages_total",
    id="message",
)  # fmt: skip
HELD_BY_NONE: Final = Kind(
    "held_by_none", 4, "stuck",
    "a message is held, and no brake that holds it is in force",
    "does a notifier run, and can it keep up? It lets such messages go by itself",
    id="message",
)  # fmt: skip
TOLD_TWICE: Final = Kind(
    "told_twice", 4, "doubled",
    "a person got the same message more than once",
    "look at the attempts of the message, GET /v1/messages/{id}",
    id="message",
)  # fmt: skip
TOLD_AGAIN: Final = Kind(
    "told_again", 4, "repeated",
    "an urgent message was sent again because nobody knew of the first: that is promised",
    "nothing, unless there are many",
    id="message",
)  # fmt: skip
GOT_UNSAID: Final = Kind(
    "got_unsaid", 4, "disagreeing",
    "a receiver has the message, and the store says neither delivered nor unknown",
    "compare the message's attempts with the receiver's own log",
    id="message",
)  # fmt: skip
SAID_UNSENT: Final = Kind(
    "said_unsent", 4, "disagreeing",
    "the store says delivered, and no receiver has it",
    "compare the message's attempts with the receiver's own log",
    id="message",
)  # fmt: skip
DIGEST_ODD: Final = Kind(
    "digest_odd", 4, "disagreeing",
    "a digest and the messages it tells do not name each other: one is told by none, or by two",
    "compare the message's `digest` with the digest's `entries`; tell its reader by hand",
    id="message",
)  # fmt: skip
UNKNOWN: Final = Kind(
    "unknown", 4, "unknown",
    "handed over, and nobody knows whether it arrived; it is not repeated",
    "for a result (feedback) the desk has the task to ring the caller, which /feedback ends",
    id="message",
)  # fmt: skip
NOT_FIRED: Final = Kind(
    "not_fired", 5, "deadlines",
    "a deadline has passed and did not fire",
    "does a router run, and can it reach the database?",
)  # fmt: skip
FIRED_TWICE: Final = Kind(
    "fired_twice", 5, "deadlines",
    "a deadline fired more than once",
    "compare the ticket's timeline with its clocks",
)  # fmt: skip
NOT_ALERTED: Final = Kind(
    "not_alerted", 6, "stuck",
    "an emergency for which nobody was called in this round",
    "ring the department NOW; then look for its event under `hotline dead list` and replay it",
)  # fmt: skip
ALERT_UNHEARD: Final = Kind(
    "alert_unheard", 6, "stuck",
    "an emergency that nobody has acknowledged, and whose alerts reached nobody at all",
    "ring the chain NOW; `hotline doctor` says who has no channel: give them an id in WeCom or "
    "DingTalk or a webhook, or set HOTLINE_NOTIFIER_SMTP_HOST",
)  # fmt: skip
NOT_CALLED_NEXT: Final = Kind(
    "not_called_next", 6, "stuck",
    "nobody acknowledged an emergency in time, and the next of the chain was not called",
    "ring the chain NOW; does a router run?",
)  # fmt: skip
REPLAY_WAITS: Final = Kind(
    "replay_waits", 8, "stuck",
    "a parked message is due and is not tried again",
    "does its service run, and is RabbitMQ well? `hotline dead replay ID` tries it at once",
    id="parked message",
)  # fmt: skip
WAITS_FOR_PERSON: Final = Kind(
    "waits_for_person", 8, "waiting",
    "parked for a person to decide",
    "`hotline dead show ID`, mend what is at fault, `hotline dead replay ID`",
    id="parked message",
)  # fmt: skip

KINDS: Final = (
    NO_TICKET, NOT_WRITTEN, NOT_KEPT, UNREADABLE, NOT_DISPATCHED, EVENT_WAITS, EVENT_ODD, CACHE_OLD,
    CHANGE_MISSING, NOT_CLOSED, NOBODY_TELLS, NOT_ASKED, NOT_REOPENED, SECOND_TICKET, UNASKED,
    SECOND_ORDER, NOT_TOLD, MESSAGE_WAITS, HELD_BY_NONE, TOLD_TWICE, TOLD_AGAIN, GOT_UNSAID,
    SAID_UNSENT, DIGEST_ODD, UNKNOWN, NOT_FIRED, FIRED_TWICE, NOT_ALERTED, ALERT_UNHEARD,
    NOT_CALLED_NEXT, REPLAY_WAITS, WAITS_FOR_PERSON,
)  # fmt: skip
