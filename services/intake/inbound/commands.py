"""Use case: a system does something about its own ticket over the queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.intake.desk.wishes import Wishes
from services.intake.inbound.arrivals import unwrap
from services.intake.inbound.publishers import Senders, name_of_external, sender_of
from services.intake.inbound.replies import Replies
from services.intake.queues import COMMAND_OF
from services.intake.registration.domain import idempotency_key
from shared.bus import Inbound
from shared.contracts import MalformedMessage
from shared.contracts.errors import faults_in
from shared.contracts.json_body import read_any_json_object
from shared.contracts.refusals import NotThere
from shared.contracts.report import MAX_NOTE, Note, errors_of, known
from shared.identity import UNNAMED, Principal
from shared.readers.tickets import NoSuchTicket
from shared.store import Doc, Store
from shared.telemetry import logger
from shared.tickets import Ticket
from shared.tickets.numbers import TicketNumber
from shared.words import legible

CLEARED: Final = "alarm.cleared"
"""A signal that a danger is over."""


class Command(BaseModel):
    """Which ticket, by its number or by the sender's own id of the report, and what is added."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    number: Annotated[TicketNumber, Field(max_length=20)] | None = None
    external_id: Annotated[str, Field(max_length=200)] | None = None
    note: Note | None = None
    text: Note | None = None
    """What `note` was called at first; whoever sends both has said both."""
    time: AwareDatetime | None = None

    @property
    def words(self) -> str | None:
        """What is added."""
        return "\n".join(dict.fromkeys(filter(None, (self.note, self.text)))) or None


class Commands:
    """Reads commands, carries them out on the sender's own tickets and answers."""

    def __init__(
        self, store: Store, wishes: Wishes, replies: Replies, senders: Senders, *, secret: bytes
    ) -> None:
        self._store = store
        self._wishes = wishes
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
            command = self._read(message)
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
        wishes, words = self._wishes, command.words
        match key:
            case "ticket.supplement":
                return await wishes.supplement(number, principal, words)
            case "ticket.urge":
                ticket, _ = await wishes.urge(number, principal, words)
                return ticket
            case "ticket.cancel":
                return await wishes.cancel(number, principal, words)
            case "ticket.reopen":
                return await wishes.reopen(number, principal, words)
            case _:
                # A signal that clears ends no danger: it is put on record, and nothing else.
                at = command.time.isoformat() if command.time else "at an unknown time"
                cleared = "\n".join(filter(None, (f"{CLEARED} {at}", words)))
                return await wishes.supplement(number, principal, cleared)

    def _read(self, message: Inbound) -> Command:
        """The command; raises MalformedMessage naming what cannot be read, unless its words tell
        of a danger: then whatever can be read of it counts.
        """
        found, _ = read_any_json_object(message.body)
        raw, _ = unwrap(found, message.headers)
        kept, faults = known(raw, Command)
        try:
            command = Command.model_validate(kept)
        except ValidationError as error:
            faults += errors_of(error)
            command = Command.model_validate(_as_far_as_possible(kept, faults))
        if faults and not self._wishes.tells_of_danger(command.words):
            raise MalformedMessage.naming(faults_in(faults, prefix="command"), of=len(faults))
        return command


def _as_far_as_possible(kept: Mapping[str, Any], faults: Sequence[Mapping[str, Any]]) -> Doc:
    """Fields without fault, and of words that are too long the beginning."""
    wrong = {str(fault["loc"][0]) for fault in faults}
    words = {
        field: legible(kept[field])[:MAX_NOTE]
        for field in wrong & {"note", "text"}
        if isinstance(kept.get(field), str)
    }
    return {field: value for field, value in kept.items() if field not in wrong} | words


def _answer(ticket: Ticket) -> dict[str, Any]:
    return {"number": ticket.number, "status": ticket.status.value, "round": ticket.round}
