"""Messages in: one call each."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.intake import queues
from services.intake.desk.actions import DeskActions
from services.intake.desk.rung_calls import RungCalls
from services.intake.desk.wishes import Wishes
from services.intake.inbound.arrivals import Arrivals
from services.intake.inbound.commands import Commands
from services.intake.privacy.privacy_requests import PrivacyRequests
from shared.bus import Consumers, Delivery, Inbound, Reject, RetryLater
from shared.contracts.notifier import MessageDelivered, MessageFailed, MessageReceived
from shared.contracts.privacy import PrivacyRequestGranted
from shared.contracts.router import FollowUpDangerTold, FollowUpRung
from shared.contracts.survey import SurveyDangerTold, SurveyDissatisfied

QUEUE_BACK_AFTER: Final = timedelta(seconds=1)


def add_handlers(consumers: Consumers, arrivals: Arrivals, desk_actions: DeskActions) -> None:
    """Subscribe intake to its queues."""

    @consumers.on_message(queues.TRIAGE)
    async def on_report(message: Inbound) -> None:
        """Sort a report by what it says."""
        await arrivals.sort(message)

    @consumers.on_message(queues.ARRIVALS_URGENT)
    async def on_urgent_report(message: Inbound) -> None:
        """Register an emergency at once."""
        await arrivals.take_urgent(message)

    @consumers.on_message(queues.REPORTS_URGENT, queues.REPORTS_ROUTINE)
    async def on_sorted_report(message: Inbound) -> None:
        """Register what triage passed on."""
        await arrivals.take_sorted(message)

    @consumers.on_event(queues.FEEDBACK)
    async def on_message_outcome(delivery: Delivery) -> None:
        """Close what the caller has been told, or cannot be told; note what they know now."""
        if isinstance(delivery.event, MessageReceived | MessageDelivered):
            await desk_actions.close_when_told(delivery.event)
            await desk_actions.note_told(delivery.event)
        elif isinstance(delivery.event, MessageFailed):
            await desk_actions.close_without_contact(delivery.event)

    @consumers.on_event(queues.DISSATISFIED_ROUTINE, queues.DISSATISFIED_URGENT)
    async def on_dissatisfied(delivery: Delivery) -> None:
        """Start the work again for whoever is not satisfied."""
        if isinstance(delivery.event, SurveyDissatisfied):
            await desk_actions.reopen_dissatisfied(delivery.event)


def add_wish_handlers(consumers: Consumers, commands: Commands, wishes: Wishes) -> None:
    """Subscribe intake to what systems, and callers elsewhere, say of their own tickets."""

    @consumers.on_message(*queues.COMMANDS)
    async def on_command(message: Inbound) -> None:
        """Do what a system wants of its own ticket."""
        await commands.take(message)

    @consumers.on_event(queues.DANGERS)
    async def on_danger_told(delivery: Delivery) -> None:
        """Make an emergency of what a survey's answer, or a call of the desk, tells of one."""
        match delivery.event:
            case SurveyDangerTold() as told:
                await wishes.heed(told.number, told.emergency_kind, how="survey", id=told.survey)
            case FollowUpDangerTold() as told:
                await wishes.heed(told.number, told.danger, how="follow_up", id=told.follow_up)
            case _:
                pass


def add_call_handlers(consumers: Consumers, rung_calls: RungCalls) -> None:
    """Subscribe intake to what came of calls that it did not take down itself."""

    @consumers.on_event(queues.CALLS_ROUTINE, queues.CALLS_URGENT)
    async def on_rung(delivery: Delivery) -> None:
        """Do to the ticket what follows from a call."""
        if isinstance(delivery.event, FollowUpRung):
            await rung_calls.heed(delivery.event)


def add_privacy_handlers(consumers: Consumers, privacy_requests: PrivacyRequests) -> None:
    """Subscribe intake to what people ask about their own data."""

    @consumers.on_event(queues.PRIVACY_REQUESTS)
    async def on_privacy_request(delivery: Delivery) -> None:
        """Copy, correct or erase what a privacy officer granted."""
        if isinstance(delivery.event, PrivacyRequestGranted):
            await privacy_requests.carry_out(delivery.event)


def add_stray_handlers(consumers: Consumers, arrivals: Arrivals) -> None:
    """Subscribe intake to what has no queue, or lost its own."""

    @consumers.on_message(queues.DEAD)
    async def on_dead(message: Inbound) -> None:
        """Park what the broker itself gave up, so that it is seen and can be replayed."""
        raise Reject(
            "dead_lettered",
            f"the broker gave up delivering it to {message.routing_key}",
            queue=message.routing_key,
        )

    @consumers.on_message(queues.UNROUTED)
    async def on_unrouted(message: Inbound) -> None:
        """Answer and park what came under a key that leads nowhere: its sender believes that it is
        taken. Whoever replays it says by that that it is a report. What came while its queue was
        missing goes to that queue when it is back.
        """
        if message.routing_key == queues.UNROUTED.name:
            await arrivals.sort(message)
            return
        if (queue := queues.BY_KEY.get(message.routing_key)) is not None:
            raise RetryLater("queue_missing", after=QUEUE_BACK_AFTER, queue=queue)
        await arrivals.refuse_key(message)
