"""Messages in: one call each."""

from __future__ import annotations

from services.router import queues
from services.router.emergencies.alerting import Alerting
from services.router.emergencies.untaken import take_emergency
from services.router.follow_ups.reminders import Reminders
from services.router.follow_ups.untold import reason_to_tell, was_told_by_hand
from services.router.proofs.photos import WorkPhotos
from services.router.work_orders.repeat_calls import RepeatCalls, comes_back
from services.router.work_orders.routing import Routing
from shared.bus import Consumers, Delivery
from shared.contracts import Event
from shared.contracts.intake import (
    TicketClosed,
    TicketEvent,
    TicketFeedbackAttempted,
    TicketOwned,
    TicketPersonErased,
    TicketReclassified,
    TicketReopened,
    TicketTold,
)
from shared.contracts.notifier import MessageEvent
from shared.contracts.router import TicketResolved, WorkOrderExtended
from shared.tickets import Ticket


def add_handlers(
    consumers: Consumers,
    routing: Routing,
    alerting: Alerting,
    repeat_calls: RepeatCalls,
    reminders: Reminders,
) -> None:
    """Subscribe the router to its queues."""

    @consumers.on_event(queues.TICKETS_ROUTINE)
    async def on_ticket(delivery: Delivery) -> None:
        """Give the ticket to whoever should have it; what was an emergency may be none any more."""
        if isinstance(delivery.event, TicketReclassified):
            await alerting.heed_plan(delivery.event.number)
        await _look_after(delivery)

    @consumers.on_event(queues.TICKETS_URGENT)
    async def on_emergency(delivery: Delivery) -> None:
        """Alert first, then give out the work."""
        ticket = None
        if isinstance(delivery.event, queues.EMERGENCY_WORK):
            ticket = await take_emergency(alerting, routing, delivery.event.number)
        await _look_after(delivery, ticket)

    async def _look_after(delivery: Delivery, taken: Ticket | None = None) -> None:
        event, ticket = delivery.event, taken
        if isinstance(event, queues.WORK):
            ticket = taken or await routing.dispatch(event.number)
            await reminders.plan(ticket)
        if isinstance(event, TicketEvent) and comes_back(event, ticket):
            await repeat_calls.look(event)

    @consumers.on_event(queues.EMERGENCIES)
    async def on_progress(delivery: Delivery) -> None:
        """Let the plan follow what is done."""
        if isinstance(delivery.event, TicketEvent):
            await alerting.follow(delivery.event.number, delivery.event)


def add_task_handlers(consumers: Consumers, reminders: Reminders) -> None:
    """Subscribe the router to what moves the desk's tasks."""

    @consumers.on_event(queues.FOLLOW_UPS_ROUTINE, queues.FOLLOW_UPS_URGENT)
    async def on_moved_tasks(delivery: Delivery) -> None:
        """Let the desk's tasks follow their ticket."""
        match delivery.event:
            case TicketOwned(number=number, owner=owner):
                await reminders.pass_on(number, owner)
            case WorkOrderExtended(number=number):
                await reminders.plan_anew(number)
            case TicketPersonErased(number=number):
                await reminders.forget(number)
            case event:
                await _tell(reminders, event)


async def _tell(reminders: Reminders, event: Event) -> None:
    """What no message tells a caller is told by telephone, until it is told."""
    match event:
        case TicketResolved():
            await reminders.tell_by_call(event)
        case MessageEvent() if reason := reason_to_tell(event):
            await reminders.tell(event.number, event.round, reason, event.message)
        case TicketTold() | TicketFeedbackAttempted() | TicketReopened():
            await reminders.told(event.number)
        case TicketClosed() if was_told_by_hand(event):
            await reminders.told(event.number)
        case _:
            pass


def add_erasure_handlers(consumers: Consumers, work_photos: WorkPhotos) -> None:
    """Subscribe the router to what is to be forgotten."""

    @consumers.on_event(queues.ERASURES)
    async def on_person_erased(delivery: Delivery) -> None:
        """Forget what photos show of somebody's home."""
        if isinstance(delivery.event, TicketPersonErased):
            await work_photos.erase(delivery.event.number)
