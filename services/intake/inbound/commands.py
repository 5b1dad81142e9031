"""Use case: a system does something about its own ticket over the queue.

A command that cannot be done is refused. A danger in its words never is: nobody reads refusals in
the night, so the words become a report, and people are called.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.intake.desk.wishes import Wishes
from services.intake.inbound.arrivals import unwrap
from services.intake.inbound.publishers import Senders, digest, name_of_external
from services.intake.inbound.replies import Replies
from services.intake.queues import COMMAND_OF
from services.intake.registration.domain import idempotency_key
from services.intake.registration.reports import Reports
from shared.bus import Inbound
from shared.bus.senders import sender_of
from shared.contracts import MalformedMessage
from shared.contracts.errors import faults_in
from shared.contracts.json_body import read_any_json_object
from shared.contracts.refusals import NotThere, Refused
from shared.contracts.report import MAX_NOTE, Note, errors_of, known
from shared.contracts.times import written
from shared.identity import Forbidden, Principal, sees
from shared.readers.tickets import NoSuchTicket, Tickets
from shared.store import Contested, Doc, Store
from shared.telemetry import logger, metrics
from shared.tickets import NotAllowed, Ticket
from shared.tickets.numbers import TicketNumber
from shared.words import legible

CLEARED: Final = "alarm.cleared"
"""A signal that a danger is over."""
NOT_DONE: Final = (
    Refused,
    MalformedMessage,
    NotAllowed,
    Forbidden,
    NoSuchTicket,
    Contested,
)
"""Why a command is not done, now or ever: with a danger in its words nobody waits for a later try.
"""


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
        self,
        store: Store,
        tickets: Tickets,
        wishes: Wishes,
        reports: Reports,
        replies: Replies,
        senders: Senders,
        *,
        secret: bytes,
    ) -> None:
        self._store = store
        self._tickets = tickets
        self._wishes = wishes
        self._reports = reports
        self._replies = replies
        self._senders = senders
        self._secret = secret

    async def take(self, message: Inbound) -> None:
        """Carry a command out. What comes before its report is tried again; what cannot be done is
        answered and parked with the reason, or registered where its words tell of a danger.
        """
        sender = sender_of(self._secret, message)
        key, principal_id = COMMAND_OF[message.queue], self._senders.of(sender, emergency=True).id
        async with self._replies.refusing(message, principal_id):
            command = self._read(message)
            try:
                answer = _answer(await self._do(key, command, self._senders.of(sender)))
            except NOT_DONE:
                if not self._wishes.tells_of_danger(command.words):
                    raise
                answer = await self._cry(command, self._senders.of(sender, emergency=True))
        logger.info("command_done", ticket=answer["number"], command=key)
        await self._replies.send(message, answer, principal_id)

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
        number = await self._reserved(command.external_id, principal)
        if number is None:
            raise NoSuchTicket("(not reported yet)")
        return number

    async def _reserved(self, external_id: str, principal: Principal) -> str | None:
        name = name_of_external(self._secret, external_id)
        key = idempotency_key(self._secret, principal.id, name, {})
        found = await self._store.get("reservations", key.id) if key else None
        return None if found is None else str(found["number"])

    async def _cry(self, command: Command, principal: Principal) -> Doc:
        """Register the danger that a command's words tell of, once however often it comes; the
        answer is that of a report.
        """
        said = f"{command.number or ''}\n{command.external_id or ''}\n{command.words}"
        where = await self._place_of(command, principal)
        arrival = self._reports.read(
            {"text": command.words, "channel": "system", **where},
            name=digest(self._secret, f"command:{said}"),
            principal=principal,
        )
        answer, created = await self._reports.register(arrival, principal)
        metrics.REPORTS.labels("amqp", "created" if created else "repeated").inc()
        logger.warning("danger_registered_from_command", ticket=answer.number)
        return answer.to_json()

    async def _place_of(self, command: Command, principal: Principal) -> Doc:
        """Where the sender's own ticket is that a command names; nothing of anybody else's."""
        number = command.number
        if number is None and command.external_id is not None:
            number = await self._reserved(command.external_id, principal)
        ticket = await self._tickets.get(number) if number else None
        if ticket is None or not sees(principal, ticket):
            return {}
        building = f"{ticket.building}号楼" if ticket.building else None
        return {"estate": ticket.estate, "location": building, "test": ticket.test}

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
                at = written(command.time) if command.time else "at an unknown time"
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
