"""What the page of a ticket shows of what the services answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from services.console.clients.shapes.tickets import Related
from services.console.clients.shapes.whole import OrderSeen, QuoteSeen, TicketSeen
from services.console.clients.telephony import TicketCall
from services.console.clients.told import Messages, MessageSeen, SurveySeen
from services.console.frame.times import span
from services.console.tickets.acts import acts_now
from services.console.tickets.promises import clocks_of, promises_of
from services.console.tickets.rows import marks_of, matter_of, place_of, related_of
from services.console.tickets.saying import Saying
from services.console.tickets.story import rounds_of

EMERGENCY: Final = "emergency"
NOT_OVER: Final = frozenset({"failed", "unknown", "unconfirmed"})
"""States of a message that a person should look at."""


@dataclass(frozen=True, slots=True)
class Told:
    """What stands beside a ticket elsewhere; None for what is away or not for this reader."""

    related: Related
    messages: Messages | None = None
    surveys: Sequence[SurveySeen] | None = None
    shows_messages: bool = False
    shows_surveys: bool = False
    calls: Sequence[TicketCall] | None = None
    shows_calls: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: its id, its template, and what that shows."""

    id: str
    template: str
    facts: Mapping[str, Any]


def people_in(ticket: TicketSeen, told: Told) -> set[str]:
    """Whose names the page needs."""
    found = {entry.by for entry in ticket.timeline} | {each.by for each in ticket.promised}
    for order in ticket.work_orders:
        found |= {order.assignee or "", *order.offered_to}
        found |= {quote.by for quote in order.quotes}
    related = told.related
    beside = [*related.matter, *(related.incident.tickets if related.incident else ())]
    found |= {each.owner or "" for each in beside}
    found |= {ticket.owner or "", *(ticket.about.people if ticket.about else ())}
    if ticket.extension:
        found.add(ticket.extension.by)
    if told.messages:
        found |= {each.recipient for each in told.messages.items}
    found |= {each.person or "" for each in told.calls or ()}
    return {id for id in found if id and ":" not in id}


def parts_of(ticket: TicketSeen, told: Told, saying: Saying) -> list[Part]:
    """The page, part by part; each has an id of its own, and none has a form in it."""
    number = ticket.number
    parts = [
        Part("part-head", "part_head.html", head_of(ticket, told.related, saying)),
        Part(
            "part-promises",
            "part_promises.html",
            {"promises": promises_of(ticket, saying), "clocks": clocks_of(ticket, saying)},
        ),
        Part("part-orders", "part_orders.html", {"orders": orders_of(ticket, saying)}),
    ]
    if told.shows_messages:
        parts.append(Part("part-messages", "part_messages.html", messages_of(told, saying)))
    if told.shows_surveys:
        parts.append(Part("part-surveys", "part_surveys.html", surveys_of(told, saying)))
    if told.shows_calls and (told.calls is None or told.calls):
        parts.append(Part("part-calls", "part_calls.html", calls_of(told, saying)))
    related = told.related
    if related.emergency is None and ticket.joins is not None:
        related = related.model_copy(update={"emergency": ticket.joins})
    parts.append(Part("part-related", "part_related.html", related_of(related, saying)))
    parts += [
        Part(f"round-{each.n}", "part_round.html", {"round": each})
        for each in rounds_of(ticket, saying)
    ]
    can = " ".join(sorted(acts_now(ticket)))
    return [*parts, Part("part-can", "part_can.html", {"can": can, "number": number})]


def head_of(ticket: TicketSeen, related: Related, saying: Saying) -> dict[str, Any]:
    """What it is, where, how it stands, and what the caller said."""
    extension, asked = ticket.extension, ticket.asked_appointment
    return {
        "urgent": ticket.urgency == EMERGENCY,
        "urgency": saying.names.urgency(ticket.urgency or "", saying.language),
        "type": saying.names.type(ticket.type or "", saying.language),
        "matter": matter_of(ticket, saying),
        "place": place_of(ticket, saying),
        "location": ticket.location,
        "status": saying.code("ticket_statuses", ticket.status),
        "round": ticket.round,
        "marks": marks_of(ticket, saying),
        "held": ticket.held and saying.code("held_reasons", ticket.held.reason),
        "words": ticket.scrubbed,
        "words_lang": ticket.language,
        "channel": ticket.channel and saying.code("channels", ticket.channel),
        "registered": saying.at(ticket.registered_at),
        "over": ticket.over_at and saying.at(ticket.over_at),
        "owner": ticket.owner and saying.who(ticket.owner),
        "asked": asked and f"{saying.at(asked.from_)}–{asked.to.astimezone(saying.zone):%H:%M}",
        "emergency": related.emergency or ticket.joins,
        "feedback": ticket.feedback
        and {
            "attempts": ticket.feedback.attempts,
            "left": ticket.feedback.left,
            "next": ticket.feedback.next_attempt_at and saying.at(ticket.feedback.next_attempt_at),
            "by_call": ticket.feedback.by_call,
        },
        "extension": extension
        and {
            "until": saying.until(extension.until),
            "who": saying.who(extension.by),
            "reason": saying.code("more_time_reasons", extension.reason),
        },
    }


def orders_of(ticket: TicketSeen, saying: Saying) -> list[dict[str, Any]]:
    """The work orders, the present round's first."""
    about = matter_of(ticket, saying)
    ordered = sorted(ticket.work_orders, key=lambda order: -order.round)
    return [_order(order, about, ticket.round, saying) for order in ordered]


def _order(order: OrderSeen, about: str, present: int, saying: Saying) -> dict[str, Any]:
    tables = ("decline_reasons", "pause_reasons", "reasons")
    return {
        "id": order.id,
        "department": saying.names.department(order.department, saying.language),
        "about": about,
        "status": saying.code("order_statuses", order.status),
        "is_present": order.round == present,
        "round": order.round,
        "assignee": order.assignee and saying.who(order.assignee),
        "offered": [saying.who(each) for each in order.offered_to] if not order.assignee else [],
        "reason": order.reason and (saying.coded(order.reason, tables) or ""),
        "outcome": order.outcome and saying.code("outcomes", order.outcome),
        "resumes": order.resume_at and saying.at(order.resume_at),
        "photos": len(order.proof),
        "differs": order.place_differs,
        "quotes": [_quote(quote, saying) for quote in order.quotes],
    }


def total_of(quote: QuoteSeen) -> str:
    """In yuan."""
    fen = sum(item.quantity * item.unit_price for item in quote.items)
    return f"{fen / 100:.2f}"


def _quote(quote: QuoteSeen, saying: Saying) -> dict[str, Any]:
    consent = quote.consent
    return {
        "version": quote.version,
        "total": total_of(quote),
        "payer": saying.code("payers", quote.payer),
        "items": [f"{item.text} ×{item.quantity}" for item in quote.items],
        "consent": consent
        and {
            "given": consent.given,
            "how": saying.code("consent_ways", consent.how),
            "who": saying.who(consent.by),
            "at": saying.at(consent.at),
        },
    }


def messages_of(told: Told, saying: Saying) -> dict[str, Any]:
    """What people were told, and what became of it."""
    items = [_message(each, saying) for each in told.messages.items] if told.messages else []
    return {
        "messages": items,
        "more": bool(told.messages and told.messages.next),
        "is_away": told.messages is None,
    }


def _message(message: MessageSeen, saying: Saying) -> dict[str, Any]:
    channel = message.channel
    return {
        "purpose": saying.code("purposes", message.purpose),
        "to": saying.who(message.recipient),
        "status": saying.code("message_statuses", message.status),
        "wants_a_person": message.status in NOT_OVER,
        "why": message.reason and (saying.coded(message.reason, ("message_failures",)) or ""),
        "channel": channel and saying.code("message_channels", channel),
        "at": saying.at(message.at),
    }


def calls_of(told: Told, saying: Saying) -> dict[str, Any]:
    """The calls of which it came: when, on which line, who waited how long, and who answered."""
    return {
        "calls": [
            {
                "id": each.id,
                "at": saying.at(each.offered_at),
                "line": each.line,
                "caller": each.caller,
                "is_withheld": each.presentation == "withheld",
                "waited": _span(each.wait_s, saying),
                # While it lasts nobody knows how long they will have talked.
                "talked": _span(each.talk_s, saying)
                if each.answered_at and each.ended_at
                else None,
                "was_answered": each.answered_at is not None,
                "answered_by": saying.who(each.person) if each.person else None,
                "agent": each.agent,
                "outcome": each.outcome and saying.code("call_outcomes", each.outcome),
                "is_incomplete": each.incomplete,
            }
            for each in told.calls or ()
        ],
        "is_away": told.calls is None,
    }


def _span(seconds: float | None, saying: Saying) -> str | None:
    return None if seconds is None else span(timedelta(seconds=seconds), saying.language)


def surveys_of(told: Told, saying: Saying) -> dict[str, Any]:
    """What the caller thought of it."""
    return {
        "surveys": [
            {
                "round": each.round,
                "asked": each.asked_at and saying.at(each.asked_at),
                "unreached": each.unreached is not None,
                "score": each.answer and each.answer.score,
                "dissatisfied": bool(each.answer and each.answer.dissatisfied),
                "comment": each.answer and each.answer.comment,
                "at": each.answer and saying.at(each.answer.at),
            }
            for each in told.surveys or ()
        ],
        "is_away": told.surveys is None,
    }
