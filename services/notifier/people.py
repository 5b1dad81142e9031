"""Who a recipient is: the address is looked up (and opened) right before it is used, never kept.

This is the notifier's only module that opens what is sealed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from typing_extensions import override

from services.notifier.group_chats import chat_of, is_group_chat, members_of
from services.notifier.messages import Message
from shared.contracts.notifier import CALLER
from shared.policy.duty import MAIL, Duty, Person
from shared.policy.templates import Language
from shared.privacy import CannotOpen, mask_name, mask_phone, read_telephone
from shared.privacy.open import Opener
from shared.readers.rosters import DutyReader
from shared.store import Doc, Store
from shared.telemetry import logger

OWN_ADDRESSES: Final = ("webhook", "wecom", "dingtalk")
"""Channels by which somebody has an address of their own, beside mail."""


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """A person for the moment of one message; never logged, never stored. Of a caller, `kind` is
    the kind of emergency that their ticket is.
    """

    name: str
    address: str
    kind: str | None = None

    @override
    def __repr__(self) -> str:
        """Nothing of the person."""
        return "Contact(…)"

    def masked(self) -> Contact:
        """The same person as staff may see them."""
        return Contact(mask_name(self.name) or "", _masked(self.address))


def _masked(address: str) -> str:
    """A phone number, a mail address, a webhook, whose path often is a secret, or somebody's id in
    a chat tool. The name of a group chat is no secret.
    """
    if is_group_chat(address):
        return address
    if mail := MAIL.fullmatch(address):
        return f"{address[0]}***@{mail.group(1)}"
    if (url := urlsplit(address)).scheme:
        return f"{url.scheme}://{url.hostname}/***"
    if address and not any(map(str.isdigit, address)):
        return f"{address[0]}***"
    return mask_phone(address) or ""


class People:
    """Recipients: staff from the duty list, callers from the sealed person of their ticket."""

    def __init__(self, store: Store, duty: DutyReader, opener: Opener) -> None:
        self._store = store
        self._duty = duty
        self._opener = opener

    @property
    def duty(self) -> Duty:
        """Who is on duty now."""
        return self._duty.current

    async def ticket(self, number: str) -> Doc | None:
        """What a message is about: place, time, language, state of a ticket, the call in which it
        was told of; nothing personal.
        """
        fields = (
            "estate", "building", "language", "mark", "status", "round", "clocks.resolve.due",
            "call",
        )  # fmt: skip
        return await self._store.get("tickets", number, fields=fields)

    async def is_about(self, message: Message) -> bool:
        """Whether the ticket has turned out to be about whoever was to get this message of it."""
        is_of_ticket = message.cause.kind == "ticket"
        number = message.number if is_of_ticket else message.facts.get("ticket")
        if message.recipient == CALLER or number is None:
            return False
        whom = await self.whom_it_is_about(number)
        return message.recipient in whom or not whom.isdisjoint(self.members(message.recipient))

    def members(self, recipient: str) -> frozenset[str]:
        """Who of the staff reads what a group chat is told; nobody where it is a person."""
        return (
            members_of(chat_of(recipient), self.duty) if is_group_chat(recipient) else frozenset()
        )

    async def whom_it_is_about(self, number: str) -> frozenset[str]:
        """Everybody whom a ticket is about as it is now, or whose department it is about."""
        found = await self._store.get("tickets", number, fields=("about",)) or {}
        about = found.get("about") or {"people": (), "departments": ()}
        return self.duty.of_departments(about["departments"]) | frozenset(about["people"])

    def language(self, recipient: str, ticket: Mapping[str, Any] | None) -> Language:
        """The language somebody is written to in."""
        if recipient == CALLER:
            return _language((ticket or {}).get("language"))
        person = self._duty.current.person(recipient)
        return _language(person.language if person else None)

    async def contact(
        self, recipient: str, number: str, channel: str | None = None
    ) -> Contact | None:
        """Name and address of a recipient, by a channel or else by their own; None when there is no
        way to reach them.
        """
        if recipient == CALLER:
            return await self.caller(number)
        return contact_of(await self.staff(recipient), channel)

    async def staff(self, id: str) -> Person | None:
        """Somebody of the duty list; None for the caller and for who is not on it. A group
        chat stands for itself: it has no address but its name.
        """
        if is_group_chat(id):
            return Person(id=id, name="", mail="")
        person = self._duty.current.person(id)
        if person is None and id != CALLER:  # perhaps added within the last second
            await self._duty.refresh()
            person = self._duty.current.person(id)
        return person

    async def caller(self, number: str) -> Contact | None:
        """The caller of a ticket, opened for this moment; without an address where what they left
        is no number that a message can be sent to. None where they left none.
        """
        found = await self._store.get(
            "tickets", number, fields=("persons.caller", "emergency_kind")
        )
        sealed = found.get("persons", {}).get("caller") if found else None
        if sealed is None:
            return None
        try:
            person = await self._opener.open_person(sealed)
        except CannotOpen:  # an erased person's key is gone, on purpose
            logger.warning("caller_cannot_be_opened", ticket=number)
            return None
        given = str(person.get("phone") or "").strip()
        if not given:
            return None
        telephone = read_telephone(given)
        address = telephone.e164 if telephone is not None and telephone.takes_texts else ""
        return Contact(str(person.get("name") or ""), address, (found or {}).get("emergency_kind"))


def contact_of(person: Person | None, channel: str | None = None) -> Contact | None:
    """Where somebody of the duty list is reached, by a channel or else by their own: the webhook
    before the mail.
    """
    if person is None:
        return None
    if is_group_chat(person.id):
        return Contact("", person.id)
    if channel is None and person.webhook is not None:
        channel = "webhook"
    if channel in OWN_ADDRESSES:
        address: str | None = getattr(person, channel)
        return Contact(person.name, address) if address is not None else None
    return Contact(person.name, person.mail) if person.can_be_mailed else None


def _language(value: object) -> Language:
    return "en" if value == "en" else "zh"
