"""Use case: a system does something about its own ticket over the queue."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.intake.desk.actions import DeskActions
from services.intake.inbound.arrivals import unwrap
from services.intake.inbound.publishers import Senders, name_of_external, sender_of
from services.intake.inbound.replies import Replies
from services.intake.queues import COMMAND_OF
from services.intake.registration.domain import idempotency_key
from shared.bus import Inbound
from shared.contracts import MalformedMessage
from shared.contracts.json_body import read_any_json_object
from shared.contracts.refusals import NotThere
from shared.identity import UNNAMED, Principal
from shared.readers.tickets import NoSuchTicket
from shared.store import Store
from shared.telemetry import logger
from shared.tickets import Ticket
from shared.tickets.acts import Reopen

CLEARED: Final = "alarm.cleared"
"""A signal that a danger is over."""


class Command(BaseModel):
    """Which ticket, by its number or by the sender's own id of the report, and what is added."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    number: Annotated[str, Field(max_length=20)] | None = None
    external_id: Annotated[str, Field(max_length=200)] | None = None
    text: Annotated[str, Field(max_length=2_000)] | None = None
    time: AwareDatetime | None = None


class Commands:
    """Reads commands, carries them out on the sender's own tickets and answers."""

    def __init__(
        self,
        store: Store,
        desk_actions: DeskActions,
        replies: Replies,
        senders: Senders,
        *,
        secret: bytes,
    ) -> None:
        self._store = store
        self._desk_actions = desk_actions
        self._replies = replies
        self._senders = senders
        self._secret = secret

    async def take(self, message: Inbound) -> None:
        """Carry a command out. What comes before its report is tried again; what cannot be done is
        answered and parked with the reason.
        """
        sender = sender_of(self._secret, message)
        principal = self._senders.named(sender) if sender else UNNAMED
        async with self._replies.refusing(message, principal.id):
            command = _read(message)
            ticket = await self._do(COMMAND_OF[message.queue], command, principal)
        logger.info("command_done", ticket=ticket.number, command=COMMAND_OF[message.queue])
        await self._replies.send(message, _answer(ticket), principal.id)

    async def _do(self, key: str, command: Command, principal: Principal) -> Ticket:
        """Carry it out on the sender's own ticket: foreign and missing numbers look the same (404).

        Raises NoSuchTicket where the report of an `external_id` is not there yet.
        """
        if command.number is None:
            number = await self._number_of(command, principal)
            return await self._carry_out(key, number, command, principal)
        try:
            return await self._carry_out(key, command.number, command, principal)
        except NoSuchTicket:
            # A number is told after its ticket is written: it will not come later.
            raise NotThere from None

    async def _number_of(self, command: Command, principal: Principal) -> str:
        """The number that the sender's own id of a report stands for."""
        if command.external_id is None:
            raise MalformedMessage("number", "is missing", "name the ticket, or its external_id")
        name = name_of_external(self._secret, command.external_id)
        key = idempotency_key(self._secret, principal.id, name, {})
        found = await self._store.get("reservations", key.id) if key else None
        if found is None:
            raise NoSuchTicket("(not reported yet)")
        return str(found["number"])

    async def _carry_out(
        self, key: str, number: str, command: Command, principal: Principal
    ) -> Ticket:
        match key:
            case "ticket.supplement":
                return await self._desk_actions.supplement(number, principal, command.text)
            case "ticket.urge":
                ticket, _ = await self._desk_actions.urge(number, principal, command.text)
                return ticket
            case "ticket.cancel":
                return await self._desk_actions.cancel(number, principal)
            case "ticket.reopen":
                act = Reopen(by=principal.id, reason="caller")
                return await self._desk_actions.act(number, principal, act)
            case _:
                # A signal that clears ends no danger: it is put on record, and nothing else.
                at = command.time.isoformat() if command.time else "at an unknown time"
                return await self._desk_actions.supplement(number, principal, f"{CLEARED} {at}")


def _read(message: Inbound) -> Command:
    found, _ = read_any_json_object(message.body)
    raw, _ = unwrap(found, message.headers)
    try:
        return Command.model_validate(raw)
    except ValueError as error:
        raise MalformedMessage.from_error("command", error) from error


def _answer(ticket: Ticket) -> dict[str, Any]:
    return {"number": ticket.number, "status": ticket.status.value, "round": ticket.round}
