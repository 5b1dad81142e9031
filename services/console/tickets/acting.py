"""Carries out what is asked for at the page of a ticket, and says what became of it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Literal

from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.tickets import Acted
from services.console.clients.shapes.whole import TicketSeen
from services.console.errors import FieldFault, faults_in, trouble_of
from services.console.frame.house import House
from services.console.session.reader import Reader
from services.console.tickets.acts import ActForm, Wish, acts_now, is_done, wish_of
from services.console.tickets.saying import Saying
from services.console.tickets.sent_forms import Forms, Sent, SentForm
from shared.tickets.numbers import is_number, read_number

APART: Final = timedelta(seconds=1)
"""So far the console's idea of the hotline's time may be ahead."""
IN_PLACE: Final = frozenset({403, 409, 410, 422, 429})
"""Refusals that are said in the form; all others are the page's."""
State = Literal["done", "refused", "unsure"]


def new_key() -> str:
    """What tells one form from every other."""
    return secrets.token_urlsafe(12)


@dataclass(frozen=True, slots=True)
class Said:
    """What became of a wish: in words, with the faults of fields and what may be done instead."""

    state: State
    title: str = ""
    detail: str = ""
    faults: tuple[FieldFault, ...] = ()
    stands: str = ""
    possible: tuple[str, ...] = ()
    wait: int | None = None
    status: int = 200


class Acting:
    """Does what readers ask for, with their own tokens."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._forms = Forms()

    async def do(
        self, number: str, act: ActForm, filled: Mapping[str, str], reader: Reader, saying: Saying
    ) -> Said:
        """Carry out a form. Raises Declined for what is no matter of the form."""
        wish = wish_of(act, filled, saying)
        if (missing := _missing(act, wish, filled, saying)) is not None:
            return missing
        sent = Sent(reader.id, number, act.name, filled.get("key") or new_key(), _words_of(wish))
        form, is_again = self._forms.begin(sent, saying.now)
        async with form.turn:
            if form.is_done or (is_again and await self._was_done(number, act, reader, form)):
                form.is_done = True
                return Said("done")
            return await self._carry_out(sent, form, wish, reader, saying)

    async def _carry_out(
        self, sent: Sent, form: SentForm, wish: Wish, reader: Reader, saying: Saying
    ) -> Said:
        number = sent.number
        try:
            acted = await self._send(number, wish, sent.key, reader)
        except Declined as refused:
            self._forms.forget(sent)
            if refused.status not in IN_PLACE:
                raise
            return await self._refused(refused, number, reader, saying)
        except Unreached as away:
            if away.sent and await self._was_done(number, wish.act, reader, form):
                form.is_done = True
                return Said("done")
            trouble = trouble_of(away, saying.t, saying.language)
            return Said("unsure", trouble.title, trouble.detail, status=503)
        form.is_done = True
        again = acted.next_urge_at if acted else None
        detail = f"{saying.t['next_urge']} {saying.at(again)}" if again else ""
        return Said("done", detail=detail)

    async def _send(self, number: str, wish: Wish, key: str, reader: Reader) -> Acted | None:
        token, act = reader.token, wish.act
        if act.of == "ticket":
            return await self._house.tickets.act(number, act.name, wish.body, token, key)
        if act.of == "order":
            await self._house.router.act_on_order(wish.to, act.name, wish.body, token, key)
        elif act.name == "join":
            await self._house.router.join(wish.to, number, token)
        else:
            await self._house.router.part(wish.to, number, str(wish.body["reason"]), token)
        return None

    async def _was_done(self, number: str, act: ActForm, reader: Reader, form: SentForm) -> bool:
        """Whether one whose answer was lost has been carried out all the same."""
        with suppress(Declined, Unreached):
            ticket = await self._house.tickets.one(number, reader.token)
            return is_done(act, ticket, reader.id, form.sent_at - APART)
        return False

    async def _refused(
        self, refused: Declined, number: str, reader: Reader, saying: Saying
    ) -> Said:
        trouble = trouble_of(refused, saying.t, saying.language)
        ticket: TicketSeen | None = None
        if refused.status == 409:
            with suppress(Declined, Unreached):
                ticket = await self._house.tickets.one(number, reader.token)
                by = {entry.by for entry in ticket.timeline[-1:]}
                people = await self._house.people.names(reader.token, by, saying.language)
                saying = replace(saying, people=people)
        return Said(
            "refused",
            trouble.title,
            trouble.detail,
            tuple(faults_in(refused.problem, saying.language)),
            _how_it_stands(ticket, saying),
            tuple(sorted(acts_now(ticket))) if ticket else (),
            trouble.wait,
            refused.status,
        )


def _words_of(wish: Wish) -> str:
    """What a wish says, short enough to be remembered and to tell nobody anything."""
    said = repr((wish.to, sorted(wish.body.items())))
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _missing(act: ActForm, wish: Wish, filled: Mapping[str, str], saying: Saying) -> Said | None:
    """What the form itself lacks: what the service cannot be asked without."""
    lacks = [
        each.name for each in act.fields if each.needed and not filled.get(each.name, "").strip()
    ]
    faults = [FieldFault(name, saying.t["is_missing"], "") for name in lacks]
    if act.of == "order" and not _is_order(wish.to):
        faults.append(FieldFault("order", saying.t["is_missing"], ""))
    number = read_number(wish.to)
    if act.of == "emergency" and not faults and not is_number(number):
        faults.append(FieldFault("emergency", saying.t["is_no_number"], ""))
    if not faults:
        return None
    return Said("refused", saying.t["trouble_422"], "", tuple(faults), status=422)


def _is_order(id: str) -> bool:
    number, _, n = id.partition("-")
    return is_number(number) and n.isdecimal() and n.isascii()


def _how_it_stands(ticket: TicketSeen | None, saying: Saying) -> str:
    """Who did what to it last, and when."""
    if ticket is None or not ticket.timeline:
        return ""
    last = ticket.timeline[-1]
    status = saying.code("ticket_statuses", ticket.status)
    return f"{status} · {saying.at(last.at)} {saying.who(last.by)} {saying.did(last.transition)}"
