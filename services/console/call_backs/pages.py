"""`/call-backs`: callers whom nobody answered, and ringing one of them beside the list."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse, Response

from services.console.call_backs.live import PACKAGE
from services.console.call_backs.views import (
    ENDED,
    CallBackView,
    card_of,
    never_reached_of,
    people_of,
    view_of,
)
from services.console.clients.answers import Declined, Unreached
from services.console.clients.shapes.call_backs import CallBackSeen
from services.console.desk.known import Strip, strip_of
from services.console.frame.acting import Acting
from services.console.frame.choices import Choice
from services.console.frame.house import AtWork, House, Visit
from services.console.frame.paper import Paper
from services.console.frame.rail import RailEntry
from services.console.frame.times import moment
from shared.runtime import open_to_all

TOPIC: Final = "call_backs"
ENTRY: Final = RailEntry(TOPIC, "/call-backs", "call_back.see", counts=True)
DO: Final = "call_back.do"
ACTS: Final[Mapping[str, str]] = {"reached": "reached", "no-answer": "no_answer"}
"""What is said of a try, and the word for it on the next page."""
Call = Annotated[str, Path(pattern=r"^c[a-p]{20}$")]
Act = Annotated[str, Path(pattern=r"^(reached|no-answer)$")]
Asked = Annotated[str | None, Query(max_length=60)]
Cursor = Annotated[str | None, Query(max_length=400)]


class _List:
    """The page with its list, and what is opened beside it."""

    def __init__(self, house: House, paper: Paper) -> None:
        self._house = house
        self._paper = paper

    async def page(
        self,
        visit: Visit,
        *,
        opened: CallBackSeen | None = None,
        state: str | None = None,
        after: str | None = None,
        did: str | None = None,
    ) -> HTMLResponse:
        token, language = visit.known.token, visit.looks.language
        found, counts, now = await asyncio.gather(
            self._house.telephony.call_backs(token, state=state, after=after),
            self._counts(token),
            self._house.clock.now(),
        )
        wanted = people_of([*found.items, *([opened] if opened else [])])
        people = await self._house.people.names(token, wanted, language)
        t = self._paper.t(visit)
        beside: dict[str, Any] = {"beside": None, "known": None}
        if opened is not None:
            reader, may_do = visit.known.id, DO in visit.known.may
            view = view_of(opened, people, now, language, reader=reader, may_do=may_do)
            beside = {"beside": view, "known": await self._known(visit, view, now)}
        return self._paper.page(
            visit,
            "call_backs.html",
            cards=[card_of(each, people, now, language) for each in found.items],
            count=max(found.all.count, len(found.items)),
            topic=TOPIC if state is None and after is None else "",
            states=[Choice(each, t[f"state_{each}"]) for each in ENDED],
            state=state,
            never=counts["never_reached"],
            share=never_reached_of(counts),
            more=found.next,
            did=did if did in ACTS.values() else None,
            **beside,
        )

    async def _known(self, visit: Visit, view: CallBackView, now: datetime) -> Strip | None:
        """Who it may be, for whoever rings; a help that may be missing."""
        if not view.is_mine or view.card.is_withheld:
            return None
        token, language = visit.known.token, visit.looks.language
        with suppress(Declined, Unreached):
            found, names = await asyncio.gather(
                self._house.tickets.look_up({"call": view.card.call}, token),
                self._house.names.names(token),
            )
            return strip_of(found, names, now, language)
        return None

    async def _counts(self, token: str) -> dict[str, int]:
        """How many are over, by how they ended."""
        found = await asyncio.gather(
            *(self._house.telephony.call_backs(token, state=each, limit=1) for each in ENDED)
        )
        return {state: each.all.count for state, each in zip(ENDED, found, strict=True)}


def build_call_back_pages(house: House) -> APIRouter:
    """The page of calls back."""
    router = APIRouter(prefix=ENTRY.path, dependencies=[open_to_all()], include_in_schema=False)
    paper = Paper(PACKAGE, house.entries)
    acting, lists = Acting(house, paper), _List(house, paper)

    @router.get("")
    async def listed(
        visit: AtWork, state: Asked = None, after: Cursor = None, did: Asked = None
    ) -> HTMLResponse:
        """The list; what was said a moment ago stands on top."""
        chosen = state if state in ENDED else None
        return await lists.page(visit, state=chosen, after=after, did=did)

    @router.get("/{call}")
    async def one(visit: AtWork, call: Call) -> HTMLResponse:
        """One of them beside the list."""
        return await lists.page(
            visit, opened=await house.telephony.call_back(call, visit.known.token)
        )

    @router.post("/{call}/claim")
    async def claim(visit: AtWork, call: Call) -> Response:
        """Whoever asks rings now."""
        act = house.telephony.do_call_back(call, "claim", visit.known.token)
        return await acting.answer(visit, act, lambda _: f"{ENTRY.path}/{call}")

    @router.post("/{call}/number")
    async def number(visit: AtWork, call: Call) -> HTMLResponse:
        """Whom to ring, on record; gone from the page in a minute."""
        token, language = visit.known.token, visit.looks.language
        shown = await house.tickets.caller_to_ring(call, token)
        at = moment(shown.opened_at, await house.clock.now(), language)
        facts: dict[str, Any] = {"shown": shown, "by": visit.known.name, "at": at}
        if visit.is_part:
            return paper.part(visit, "number.html", **facts)
        return paper.page(visit, "number_page.html", call=call, **facts)

    @router.post("/{call}/{act}")
    async def said(visit: AtWork, call: Call, act: Act) -> Response:
        """What came of ringing."""
        done = house.telephony.do_call_back(call, act, visit.known.token)
        return await acting.answer(visit, done, lambda _: f"{ENTRY.path}?did={ACTS[act]}")

    return router
