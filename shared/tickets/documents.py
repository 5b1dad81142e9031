"""Tickets to MongoDB documents and back, and the difference between two versions as an update.

Only the fields of `Ticket` are touched here; what is sealed beside them belongs to intake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from shared.policy.ladder import BREACH
from shared.policy.taxonomy import Limit
from shared.tickets.clocks import ClockState, Rung, Segment
from shared.tickets.costs import Consent, Item, Quote
from shared.tickets.lifecycle import Clock, OrderStatus, TicketStatus
from shared.tickets.model import (
    NOBODY,
    About,
    ExtensionWish,
    Held,
    Planned,
    Promise,
    Ticket,
    TimelineEntry,
    WorkOrder,
)

Doc = dict[str, Any]


def ticket_to_doc(ticket: Ticket) -> Doc:
    """The document of a ticket; `status`, `next_due` and the like are kept for indexes."""
    plan = ticket.plan
    return {
        "_id": ticket.number,
        "version": ticket.version,
        "registered_at": ticket.registered_at,
        "channel": ticket.channel,
        "estate": ticket.estate,
        "plans": [_planned_to_doc(p) for p in ticket.plans],
        "promised": [_promise_to_doc(p) for p in ticket.promised],
        "round": ticket.round,
        "mark": ticket.mark.value if ticket.mark else None,
        "held": {"reason": ticket.held.reason, "since": ticket.held.since} if ticket.held else None,
        "work_orders": [_order_to_doc(o) for o in ticket.work_orders],
        "clocks": _clocks_to_doc(ticket.clocks),
        "timeline": [_entry_to_doc(e) for e in ticket.timeline],
        "feedback_attempts": ticket.feedback_attempts,
        "cancel_requested": ticket.cancel_requested,
        "extension": _wish_to_doc(ticket.extension),
        "extensions": ticket.extensions,
        "over_at": ticket.over_at,
        "owner": ticket.owner,
        "level": ticket.level,
        "incident": ticket.incident,
        "risk": ticket.risk,
        "building": ticket.building,
        "test": ticket.test,
        "about": _about_to_doc(ticket.about),
        "repeat_of": ticket.repeat_of,
        "principal": ticket.principal,
        "place_differs": ticket.place_differs,
        "status": ticket.status.value,
        "next_due": ticket.next_due,
        # A drill is on the boards, and in no figure and no index that figures come from.
        "open_work": None if ticket.test else " ".join(ticket.at_work) or None,
        "type": plan.type,
        "area": plan.area,
        "urgency": plan.urgency,
        "emergency_kind": plan.emergency_kind,
    }


def ticket_from_doc(doc: Mapping[str, Any]) -> Ticket:
    """The ticket of a document; derived fields are derived anew, not read."""
    held = doc.get("held")
    mark = doc.get("mark")
    return Ticket(
        number=doc["_id"],
        version=doc["version"],
        registered_at=doc["registered_at"],
        channel=doc["channel"],
        estate=doc["estate"],
        plans=tuple(_planned_from_doc(p) for p in doc["plans"]),
        promised=tuple(Promise(**p) for p in doc["promised"]),
        round=doc["round"],
        mark=TicketStatus(mark) if mark else None,
        held=Held(**held) if held else None,
        work_orders=tuple(_order_from_doc(o) for o in doc["work_orders"]),
        clocks=_clocks_from_doc(doc["clocks"]),
        timeline=tuple(TimelineEntry(**e) for e in doc["timeline"]),
        feedback_attempts=doc["feedback_attempts"],
        cancel_requested=doc["cancel_requested"],
        extension=ExtensionWish(**wish) if (wish := doc.get("extension")) else None,
        extensions=doc.get("extensions", 0),
        over_at=doc["over_at"],
        owner=doc.get("owner"),
        level=doc.get("level", 0),
        incident=doc.get("incident"),
        risk=doc.get("risk", False),
        building=doc.get("building"),
        test=doc["test"],
        about=_about_from_doc(doc.get("about")),
        repeat_of=doc.get("repeat_of"),
        principal=doc.get("principal"),
    )


def changes_of(before: Ticket, after: Ticket) -> tuple[Doc, Doc]:
    """What differs, as `$set` and `$push` of an update: lists that only grew are pushed."""
    old, new = ticket_to_doc(before), ticket_to_doc(after)
    setting: Doc = {}
    pushing: Doc = {}
    for key, value in new.items():
        was = old[key]
        if key == "_id" or value == was:
            continue
        if isinstance(value, list) and value[: len(was)] == was:
            pushing[key] = value[len(was) :]
        elif isinstance(value, list) and len(value) == len(was):
            setting |= {f"{key}.{i}": v for i, v in enumerate(value) if v != was[i]}
        else:
            setting[key] = value
    return setting, pushing


def _wish_to_doc(wish: ExtensionWish | None) -> Doc | None:
    return None if wish is None else asdict(wish)


def _about_to_doc(about: About) -> Doc | None:
    if about == NOBODY:
        return None
    return {"departments": list(about.departments), "people": list(about.people)}


def _about_from_doc(doc: Mapping[str, Any] | None) -> About:
    return About(tuple(doc["departments"]), tuple(doc["people"])) if doc else NOBODY


def _limit_to_doc(limit: Limit | None) -> Doc | None:
    return {"seconds": limit.for_.total_seconds(), "on": limit.on} if limit else None


def _limit_from_doc(doc: Mapping[str, Any] | None) -> Limit | None:
    return Limit(for_=timedelta(seconds=doc["seconds"]), on=doc["on"]) if doc else None


def _planned_to_doc(planned: Planned) -> Doc:
    return {
        "at": planned.at,
        "by": planned.by,
        "policy": planned.policy,
        "type": planned.type,
        "area": planned.area,
        "urgency": planned.urgency,
        "emergency_kind": planned.emergency_kind,
        "departments": list(planned.departments),
        "undecided": list(planned.undecided),
        "confidence": planned.confidence,
        "limits": {clock: _limit_to_doc(limit) for clock, limit in planned.limits.items()},
        "reason": planned.reason,
    }


def _planned_from_doc(doc: Mapping[str, Any]) -> Planned:
    limits = {c: limit for c, d in doc["limits"].items() if (limit := _limit_from_doc(d))}
    return Planned(
        **(dict(doc) | {
            "departments": tuple(doc["departments"]),
            "undecided": tuple(doc["undecided"]),
            "limits": limits,
        })
    )  # fmt: skip


def _promise_to_doc(promise: Promise) -> Doc:
    return {
        "at": promise.at,
        "by": promise.by,
        "how": promise.how,
        "policy": promise.policy,
        "times": dict(promise.times),
        "told": promise.told,
    }


def _entry_to_doc(entry: TimelineEntry) -> Doc:
    return {
        "at": entry.at,
        "transition": str(entry.transition),
        "by": entry.by,
        "order": entry.order,
        "note": entry.note,
        **({"public": True} if entry.public else {}),
    }


def _order_to_doc(order: WorkOrder) -> Doc:
    return {
        "id": order.id,
        "round": order.round,
        "department": order.department,
        "status": order.status.value,
        "assignee": order.assignee,
        "before": order.before.value if order.before else None,
        "clocks": _clocks_to_doc(order.clocks),
        "outcome": order.outcome,
        "reason": order.reason,
        "resume_at": order.resume_at,
        "decided": order.decided,
        "offered_to": list(order.offered_to),
        **_costs_to_doc(order),
        "proof": list(order.proof),
        "place_differs": order.place_differs,
    }


def _costs_to_doc(order: WorkOrder) -> Doc:
    """Most work costs nobody anything, and its document says nothing of it."""
    costs: Doc = {}
    if order.quotes:
        costs["quotes"] = [
            asdict(quote) | {"items": [asdict(item) for item in quote.items]}
            for quote in order.quotes
        ]
    if order.used:
        costs["used"] = [asdict(item) for item in order.used]
    return costs


def _quote_from_doc(doc: Mapping[str, Any]) -> Quote:
    items, consent = tuple(Item(**item) for item in doc["items"]), doc["consent"]
    return Quote(**(dict(doc) | {
        "items": items, "consent": Consent(**consent) if consent else None,
    }))  # fmt: skip


def _order_from_doc(doc: Mapping[str, Any]) -> WorkOrder:
    return WorkOrder(
        id=doc["id"],
        round=doc["round"],
        department=doc["department"],
        status=OrderStatus(doc["status"]),
        assignee=doc["assignee"],
        before=OrderStatus(doc["before"]) if doc["before"] else None,
        clocks=_clocks_from_doc(doc["clocks"]),
        outcome=doc["outcome"],
        reason=doc.get("reason"),
        resume_at=doc.get("resume_at"),
        decided=doc.get("decided", False),
        offered_to=tuple(doc.get("offered_to", ())),
        quotes=tuple(_quote_from_doc(quote) for quote in doc.get("quotes", ())),
        used=tuple(Item(**item) for item in doc.get("used", ())),
        proof=tuple(doc.get("proof", ())),
        place_differs=doc.get("place_differs", False),
    )


def _clocks_to_doc(clocks: Mapping[Clock, ClockState]) -> Doc:
    return {
        clock.value: {
            "limit": _limit_to_doc(state.limit),
            "segments": [{"kind": s.kind, "start": s.start, "end": s.end} for s in state.segments],
            "due": state.due,
            "next": _rung_to_doc(state.next) if state.next else None,
            "fired": [_rung_to_doc(rung) for rung in state.fired],
            "stopped_at": state.stopped_at,
            "extended_at": state.extended_at,
            "extended_to": state.extended_to,
        }
        for clock, state in clocks.items()
    }


def _rung_to_doc(rung: Rung) -> Doc:
    return {"level": rung.level, "at": rung.at}


def _clocks_from_doc(doc: Mapping[str, Any]) -> dict[Clock, ClockState]:
    return {Clock(clock): _clock_from_doc(state) for clock, state in doc.items()}


def _clock_from_doc(doc: Mapping[str, Any]) -> ClockState:
    state = doc if "fired" in doc else _with_rungs(doc)
    return ClockState(
        limit=_limit_from_doc(state["limit"]),
        segments=tuple(Segment(**s) for s in state["segments"]),
        due=state["due"],
        next=Rung(**state["next"]) if state["next"] else None,
        fired=tuple(Rung(**rung) for rung in state["fired"]),
        stopped_at=state["stopped_at"],
        extended_at=state["extended_at"],
        extended_to=state["extended_to"],
    )


def _with_rungs(doc: Mapping[str, Any]) -> Doc:
    """A clock as it was kept when it warned once, broke once and nobody heard of it later."""
    due, warn_at, warned, broken = (
        doc[key] for key in ("due", "warn_at", "warned_at", "breached_at")
    )
    fired, coming = [], None
    if warned is not None and warned != broken:
        fired.append({"level": BREACH - 1, "at": warned})
    if broken is not None:
        fired.append({"level": BREACH, "at": broken})
    elif due is not None:
        waits = warned is None and warn_at is not None
        coming = {"level": BREACH - 1, "at": warn_at} if waits else {"level": BREACH, "at": due}
    return dict(doc) | {"fired": fired, "next": coming}
