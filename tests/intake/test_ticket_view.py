"""The typed answer shows all of a ticket that staff may see, of whatever age it is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final

import pytest

from services.intake.finding import views
from services.intake.finding.views import TicketView, ticket_view
from shared.identity import Principal
from shared.tickets import TICKET, Ticket
from shared.tickets.clocks import ClockState, RungTime, Segment
from shared.tickets.costs import Consent, Item, Quote
from shared.tickets.model import (
    About,
    ExtensionWish,
    Held,
    Planned,
    Promise,
    TimelineEntry,
    WorkOrder,
)
from tests.store.test_old_documents import documents

HIDDEN: Final = {"principal", "repeat_of"}
"""Who registered it, and that the same caller came before: that is `duplicate_of`, for the desk."""
ONLY_COMPARED: Final = {"place"}
"""Where work was given out: by it the router sees that the ticket is elsewhere now."""
SHOWN_AS: Final = [
    (Ticket, views.TicketView, HIDDEN),
    (WorkOrder, views.WorkOrderView, ONLY_COMPARED),
    (Planned, views.PlanView, set()),
    (Promise, views.PromiseView, set()),
    (TimelineEntry, views.EntryView, set()),
    (ClockState, views.ClockView, set()),
    (Segment, views.SegmentView, set()),
    (RungTime, views.RungView, set()),
    (Quote, views.QuoteView, set()),
    (Item, views.ItemView, set()),
    (Consent, views.ConsentView, set()),
    (Held, views.HeldView, set()),
    (About, views.AboutView, set()),
    (ExtensionWish, views.ExtensionView, set()),
]


@pytest.mark.parametrize(
    ("value", "view", "hidden"), SHOWN_AS, ids=lambda each: getattr(each, "__name__", "")
)
def test_every_field_is_shown_or_hidden_on_purpose(value: Any, view: Any, hidden: set[str]) -> None:
    assert {each.name for each in fields(value)} - set(view.model_fields) == hidden


@pytest.mark.parametrize("doc", documents("tickets"), ids=lambda doc: str(doc["_id"]))
def test_a_ticket_of_an_older_release_is_shown(doc: dict[str, Any]) -> None:
    whole = {**doc, **TICKET.to_doc(TICKET.from_doc(doc))}

    shown = TicketView.model_validate(ticket_view(whole, Principal("a", "agent")))

    assert shown.number == doc["_id"]
    assert len(shown.timeline) == len(doc["timeline"])
    assert [order.id for order in shown.work_orders] == [each["id"] for each in doc["work_orders"]]
