"""How tickets lie in documents: by their annotations, and what lies otherwise.

Only the fields of `Ticket` are touched here; what is sealed beside them belongs to intake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from cattrs import Converter
from cattrs.gen import make_dict_structure_fn

from shared.documents import Doc, Shape
from shared.policy.ladder import BREACH
from shared.tickets.clocks import ClockState
from shared.tickets.model import (
    NOBODY,
    About,
    AskedVisit,
    Planned,
    Ticket,
    TimelineEntry,
    WorkOrder,
)
from shared.triage.taxonomy import Limit


def _kept_for_indexes(ticket: Ticket) -> Doc:
    plan = ticket.plan
    return {
        "place_differs": ticket.place_differs,
        "status": ticket.status.value,
        "next_due": ticket.next_due,
        "due": ticket.due,
        "changed_at": ticket.timeline[-1].at,
        # A drill is on the boards, and in no figure and no index that figures come from.
        "open_work": None if ticket.test else " ".join(ticket.at_work) or None,
        "in_hand": " ".join(ticket.in_hand) or None,
        "type": plan.type,
        "area": plan.area,
        "urgency": plan.urgency,
        "emergency_kind": plan.emergency_kind,
    }


def _teach(converter: Converter) -> None:
    converter.register_unstructure_hook(Limit, _limit_to_doc)
    converter.register_structure_hook(Limit, lambda doc, _: _limit_from_doc(doc))
    converter.register_unstructure_hook(About, _about_to_doc)
    converter.register_structure_hook(About, lambda doc, _: _about_from_doc(doc))
    _prepare(converter, Planned, _without_unlimited)
    _prepare(converter, ClockState, _with_rungs)


def _prepare(
    converter: Converter, kind: type, prepared: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> None:
    """Read documents of a kind after they were `prepared`."""

    def factory(asked: type) -> Callable[[Mapping[str, Any], type], Any]:
        structure: Callable[..., Any] = make_dict_structure_fn(asked, converter)
        return lambda doc, as_kind: structure(prepared(doc), as_kind)

    converter.register_structure_hook_factory(lambda asked: asked is kind, factory)


def _limit_to_doc(limit: Limit) -> Doc:
    return {"seconds": limit.for_.total_seconds(), "on": limit.on}


def _limit_from_doc(doc: Mapping[str, Any]) -> Limit:
    return Limit(for_=timedelta(seconds=doc["seconds"]), on=doc["on"])


def _about_to_doc(about: About) -> Doc | None:
    """Of most tickets nothing: the sparse indexes hold those that are about somebody."""
    if about == NOBODY:
        return None
    return {"departments": list(about.departments), "people": list(about.people)}


def _about_from_doc(doc: Mapping[str, Any] | None) -> About:
    return About(tuple(doc["departments"]), tuple(doc["people"])) if doc else NOBODY


def _without_unlimited(doc: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**doc, "limits": {clock: limit for clock, limit in doc["limits"].items() if limit}}


def _with_rungs(doc: Mapping[str, Any]) -> Mapping[str, Any]:
    """A clock as it was kept when it warned once, broke once and nobody heard of it later."""
    if "fired" in doc:
        return doc
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
    return {**doc, "fired": fired, "next": coming}


TICKET: Final = Shape(
    value=Ticket,
    key="number",
    # Few notes are public, most work costs nobody anything, and orders of before name no place:
    # their documents say nothing of it.
    names={AskedVisit: {"from_": "from"}},
    lean={TimelineEntry: ("public", "form_key"), WorkOrder: ("quotes", "used", "place")},
    beside=_kept_for_indexes,
    hooks=_teach,
)
"""`status`, `next_due` and the like are kept for indexes; read, they are derived anew."""
