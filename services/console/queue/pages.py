"""`/queue`: what waits for a person's decision, and deciding it beside the list."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, Field

from services.console.clients.answers import Declined, Unreached
from services.console.clients.names import Names
from services.console.clients.shapes.previews import Preview
from services.console.clients.shapes.work import QueueRow, QueueRows
from services.console.frame.acting import Acting, Done, gone_to
from services.console.frame.choices import Choice, choices
from services.console.frame.house import AtWork, House
from services.console.frame.numbers import Number, is_number
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.queue.live import PACKAGE
from services.console.queue.views import body_of, decision, queue_cards, still_held, who_declined
from services.console.session.reader import Reader
from shared.runtime import open_to_all

ENTRY: Final = RailEntry("queue", "/queue", "manual_queue.see", counts=True)
TOPIC: Final = "queue"
ACTS: Final = frozenset({"reclassify", "dispatch", "answer"})
JUDGE: Final = "ticket.register"
DESK: Final = frozenset({"agent", "dispatcher", "supervisor"})
MOST_PAGES: Final = 20
"""So far the queue is gone through for one that is not on its first page."""
Asked = Annotated[str | None, Query(max_length=60)]
Cursor = Annotated[str | None, Query(max_length=400)]
Chosen = Annotated[str, Form(max_length=200)]
Short = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Form(max_length=4_000)]


class Decided(BaseModel):
    """The form by which a ticket is decided."""

    reading: Short = ""
    estate: Short = ""
    type: Short = ""
    area: Short = ""
    urgency: Short = ""
    emergency_kind: Short = ""
    reason: Short = ""
    note: Annotated[str, Field(max_length=4_000)] = ""
    following: Short = ""

    def fields(self) -> dict[str, str]:
        """What was filled in."""
        return {name: str(value).strip() for name, value in self}


def build_queue_pages(
    house: House,
) -> APIRouter:
    """The page of the queue."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    acting = Acting(house, paper)

    async def page(
        visit: AtWork,
        *,
        number: str | None = None,
        reason: str | None = None,
        estate: str | None = None,
        after: str | None = None,
        done: Done | None = None,
    ) -> HTMLResponse:
        reader, language = visit.known, visit.looks.language
        found, names, now = await asyncio.gather(
            house.router.manual_queue(reader.token, reason=reason, estate=estate, after=after),
            house.names.names(reader.token),
            house.clock.now(),
        )
        row = await _row(house, reader, found, number) if number else None
        judged, people, declined, left = await asyncio.gather(
            _judged(house, reader, row),
            _people(house, reader, row),
            house.people.names(reader.token, who_declined(row), language),
            _row(house, reader, found, done.number) if done else _nothing(),
        )
        numbers = [each.number for each in found.items]
        is_whole = reason is None and estate is None and after is None
        return paper.page(
            visit,
            "queue.html",
            cards=queue_cards(found.items, names, now, language),
            count=_count(found),
            topic=TOPIC if is_whole else "",
            following=_following(numbers, number),
            beside=decision(row, judged, names, now, language, declined) if row else None,
            was_opened=number is not None,
            people=people,
            reasons=_reasons(names, language),
            reason=reason,
            estates=choices(names.estates, language),
            estate=estate,
            more=found.next,
            done=done,
            still=still_held(left, names, language),
            stays=bool(done and row and left and done.number == row.number),
        )

    @router.get("")
    async def listed(
        visit: AtWork,
        reason: Asked = None,
        estate: Asked = None,
        after: Cursor = None,
        done: Asked = None,
        did: Asked = None,
    ) -> HTMLResponse:
        """The list; what was done a moment ago is said on top."""
        return await page(
            visit,
            reason=reason or None,
            estate=estate or None,
            after=after,
            done=Done.of(did, done, ACTS),
        )

    @router.get("/next")
    async def go_on(visit: AtWork, after: Asked = None) -> Response:
        """To what waits now: the one below, at the end the first again."""
        found = await house.router.manual_queue(visit.known.token)
        number = _following([each.number for each in found.items], after)
        return gone_to(visit, f"{ENTRY.path}/{number}" if number else ENTRY.path)

    @router.get("/{number}")
    async def one(
        visit: AtWork, number: Number, done: Asked = None, did: Asked = None
    ) -> HTMLResponse:
        """One of them beside the list."""
        return await page(visit, number=number, done=Done.of(did, done, ACTS))

    def led_to(number: str, did: str, following: str) -> str:
        on = f"/{following}" if is_number(following) and following != number else ""
        return f"{ENTRY.path}{on}?did={did}&done={number}"

    @router.post("/{number}/reclassify")
    async def reclassify(
        visit: AtWork, number: Number, decided: Annotated[Decided, Form()]
    ) -> Response:
        """Take a reading, or decide field by field. What waits all the same stays open: the next
        one is opened once nothing is left to say of this one.
        """
        body = body_of(decided.fields())
        act = _reclassified(house, number, body, visit.known.token)
        here = f"{ENTRY.path}/{number}?did=reclassify&done={number}"
        return await acting.answer(
            visit,
            act,
            lambda waits: here if waits else led_to(number, "reclassify", decided.following),
        )

    @router.post("/{number}/dispatch")
    async def dispatch(
        visit: AtWork,
        number: Number,
        department: Chosen = "",
        assignee: Chosen = "",
        following: Chosen = "",
    ) -> Response:
        """Give it to a department, or to somebody of it."""
        body = {"department": department} | ({"assignee": assignee} if assignee.strip() else {})
        act = house.router.dispatch(visit.known.token, number, body)
        return await acting.answer(visit, act, lambda _: led_to(number, "dispatch", following))

    @router.post("/{number}/answer")
    async def answer(
        visit: AtWork, number: Number, answer: Text = "", following: Chosen = ""
    ) -> Response:
        """The question is answered; nobody has to go."""
        act = house.tickets.act(number, "answer", {"answer": answer.strip()}, visit.known.token)
        return await acting.answer(visit, act, lambda _: led_to(number, "answer", following))

    return router


async def _reclassified(house: House, number: str, body: dict[str, object], token: str) -> bool:
    """Decide it; whether it waits for a person all the same, where intake tells."""
    await house.tickets.act(number, "reclassify", body, token)
    with suppress(Declined, Unreached):
        return (await house.tickets.one(number, token)).held is not None
    return False


async def _nothing() -> None:
    """Where there is nothing to ask."""


def _count(found: QueueRows) -> int:
    return max(found.all.count, len(found.items))


def _following(numbers: list[str], number: str | None) -> str | None:
    """The next that waits: the one below, at the end the first again."""
    others = [each for each in numbers if each != number]
    if number in numbers:
        at = numbers.index(number)
        return next(iter(numbers[at + 1 :]), None) or next(iter(others), None)
    return next(iter(others), None)


def _reasons(names: Names, language: str) -> list[Choice]:
    known = names.codes.get("held_reasons", {})
    return [Choice(code, name.get(language, code)) for code, name in known.items()]


async def _row(house: House, reader: Reader, found: QueueRows, number: str) -> QueueRow | None:
    """One of the queue; None where it is decided by now, or never was within reach."""
    for _ in range(MOST_PAGES):
        row = next((each for each in found.items if each.number == number), None)
        if row is not None or found.next is None:
            return row
        found = await house.router.manual_queue(reader.token, after=found.next)
    return None


async def _judged(house: House, reader: Reader, row: QueueRow | None) -> Preview | None:
    """How the words are read now; a help that may be missing."""
    if row is None or not row.scrubbed or JUDGE not in reader.may:
        return None
    with suppress(Declined, Unreached):
        said = {"text": row.scrubbed} | ({"estate": row.estate} if row.estate else {})
        return await house.desk.preview(said, reader.token)
    return None


async def _people(house: House, reader: Reader, row: QueueRow | None) -> list[Choice]:
    """Who may be named as the one who is to go: who is at its place. A help that may be missing."""
    if row is None or "dispatch" not in row.can:
        return []
    with suppress(Declined, Unreached):
        found = await house.admin.colleagues_at(row.estate, reader.token)
        return [
            Choice(each.id, each.name or each.id)
            for each in found
            if not each.frozen and each.role not in DESK
        ]
    return []
