"""Use case: somebody on their way taps for the flat and the number, once asked whose telephone it
is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.intake.field.domain import (
    LinkTries,
    Shown,
    goer_of,
    is_telephone_of,
    last_digits,
    order_in_hand,
    reason_for,
    shown_of,
    superiors_of,
    tried,
    whom,
)
from services.intake.privacy.reveals import Openings, Wish
from shared.contracts import Step
from shared.contracts.intake import LinkLocked
from shared.contracts.refusals import Gone, NotThere
from shared.documents import Shape
from shared.identity import Forbidden, Principal, is_about
from shared.identity.staff_links import StaffLink, is_device_token, is_form_token
from shared.policy.duty import Person
from shared.readers.dead_links import LINK_TRIES, honoured_link
from shared.readers.rosters import shift_now
from shared.runtime.platform import Platform
from shared.store import Collection, CollectionSpec, Doc
from shared.tickets import TICKET, Ticket, WorkOrder

_TASKS: Final = "follow_ups"
TRIES: Final = CollectionSpec(
    name=LINK_TRIES,
    kind="link_tries",
    shape=Shape(value=LinkTries, lean={LinkTries: ("right_at",)}),
)


class NoSuchLink(Exception):
    """A link opens nothing: it was not signed here, or is dead."""


class NotTheirs(NoSuchLink):
    """A link that was good once: its work is done or somebody else's."""


class NotFromPage(Exception):
    """A form that did not come from the page of its link."""


class RingDesk(Exception):
    """Whoever asks is not shown anything here: the desk puts them through."""


class WhoseTelephone(Exception):
    """The last digits of the person's duty telephone are wanted; `left` tries, where some were in
    vain, `is_unreadable` where they were not four.
    """

    def __init__(self, *, left: int | None = None, is_unreadable: bool = False) -> None:
        self.left = left
        self.is_unreadable = is_unreadable
        super().__init__("the last digits of the telephone are wanted")


@dataclass(frozen=True, slots=True)
class Knock:
    """What somebody sends: the form's token, the mark of their telephone, what they typed, and from
    where.
    """

    form: str
    device: str
    digits: str | None
    source: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """What is shown, and the link, where the telephone is to be marked as its person's."""

    shown: Shown
    link: StaffLink
    marks: bool


class PersonVisits:
    """Shows flat and number to whoever has work there, on record and within their allowance."""

    def __init__(self, platform: Platform, openings: Openings) -> None:
        self._platform = platform
        self._store = platform.store
        self._openings = openings
        self._tries = Collection(platform.store, TRIES)

    async def open(self, token: str, knock: Knock) -> Opened:
        """Raises NoSuchLink, NotTheirs, NotFromPage, RingDesk, WhoseTelephone, and TooOften beyond
        the allowance.
        """
        link, person = await self._alive(token)
        doc = await self._store.get("tickets", link.number or await self._number_of_task(link))
        if doc is None:
            raise NoSuchLink
        if not is_form_token(knock.form, link, self._platform.keys.link):
            raise NotFromPage
        ticket = TICKET.from_doc(doc)
        goer = await self._goer(link, ticket)
        marks = not is_device_token(knock.device, link, self._platform.keys.link)
        if marks:
            await self._ask(link, ticket, person, knock.digits)
        return Opened(await self._show(link, goer, doc, ticket, knock.source), link, marks)

    async def _alive(self, token: str) -> tuple[StaffLink, Person]:
        duty = self._platform.duty.current
        link = await honoured_link(self._store, token, self._platform.keys.link, duty)
        person = duty.person(link.person) if link is not None else None
        if link is None or person is None:
            raise NoSuchLink
        return link, person

    async def _number_of_task(self, link: StaffLink) -> str:
        """The ticket of a call, while it is this person's to make."""
        fields = ("number", "why", "state", "person")
        task = await self._store.get(_TASKS, link.matter, fields=fields)
        if task is None or task["why"] != "tell":
            raise NoSuchLink
        if task["state"] != "open" or task["person"] != link.person:
            raise NotTheirs
        return str(task["number"])

    async def _goer(self, link: StaffLink, ticket: Ticket) -> Principal:
        """Whoever has the work, or was called to the danger while it runs."""
        order, duty = order_in_hand(ticket, link), self._platform.duty.current
        if order is None and not await self._is_wanted(link):
            raise NotTheirs
        goer = goer_of(link, ticket, order, duty)
        if goer is None:
            raise RingDesk
        if is_about(ticket, goer):
            raise NoSuchLink
        return goer

    async def _is_wanted(self, link: StaffLink) -> bool:
        """Whether somebody without work of it has to do with it: to ring, or called to a danger."""
        match link.kind:
            case "work":
                return False
            case "alert":
                return await self._is_called(link)
            case "task":
                return True

    async def _is_called(self, link: StaffLink) -> bool:
        fields = ("alerts", "ended_at")
        found = await self._store.get("emergencies", link.matter, fields=fields)
        if found is None or found["ended_at"] is not None:
            return False
        return any(link.person in alert["recipients"] for alert in found["alerts"])

    async def _ask(
        self, link: StaffLink, ticket: Ticket, person: Person, digits: str | None
    ) -> None:
        """Return when whoever asks knows the person's telephone."""
        if last_digits(person.phone) is None:
            raise RingDesk
        is_right = is_telephone_of(digits, person) if digits is not None else None
        if is_right is None:
            raise WhoseTelephone(is_unreadable=digits is not None)
        superiors = superiors_of(link, ticket, self._platform.duty.current)
        last = LinkLocked(
            number=ticket.number,
            estate=ticket.estate,
            link=link.id,
            person=link.person,
            test=ticket.test,
            recipients=superiors,
        )

        def decide(tries: LinkTries, now: Any) -> Step[LinkTries] | None:
            return tried(tries, now, is_right=bool(is_right), last=last)

        changed = await self._tries.change(link.id, decide, new=LinkTries(id=link.id), attempts=30)
        assert changed is not None, "tries are made at the first one"
        if changed.after.is_dead:
            raise NoSuchLink
        if not is_right:
            raise WhoseTelephone(left=changed.after.left)

    async def _show(
        self, link: StaffLink, goer: Principal, doc: Doc, ticket: Ticket, source: str | None
    ) -> Shown:
        which, policy = whom(link, doc["persons"]), self._platform.policy.at(ticket.estate)
        now = self._store.clock.now()
        shift = await shift_now(self._store, link.person, now)
        day = f"{now.astimezone(policy.calendar.zone):%Y-%m-%d}"
        order = order_in_hand(ticket, link)
        errand = f"{ticket.number}/{which}/{_errand_of(link, order)}/{shift or day}"
        wish = Wish(ticket.number, which, reason_for(link, ticket))
        try:
            found = await self._openings.show(wish, goer, errand=errand, source=source)
        except (Forbidden, NotThere, Gone) as error:
            raise RingDesk from error
        person: Mapping[str, Any] = found.person or {}
        return shown_of(person, goer, policy)


def _errand_of(link: StaffLink, order: WorkOrder | None) -> str:
    """What they are about, which is opened for once however often they look."""
    if link.kind == "task":
        return link.matter
    return order.id if order else "alert"
