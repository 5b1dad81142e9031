"""`/tickets/{number}/reveal`: a person of a ticket, opened on record and shown for a minute."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from services.console.clients.answers import Declined
from services.console.clients.shapes.persons import Opened
from services.console.clients.tickets import Which
from services.console.errors import FieldFault, faults_in, trouble_of
from services.console.frame.house import AtWork, Visit
from services.console.tickets.acting import IN_PLACE, Said, new_key
from services.console.tickets.persons import SHOWN_SECONDS
from services.console.tickets.saying import Saying
from services.console.tickets.sheets import Sheets, filled_in, number_of

PERSONS: Final[Mapping[str, Which]] = {"caller": "caller", "contact": "on_site_contact"}


def add_reveal(router: APIRouter, sheets: Sheets) -> None:
    """Let `router` open persons."""

    @router.post("/{number}/reveal")
    async def reveal(number: str, request: Request, visit: AtWork) -> Response:
        """Show one person for a minute; who opened them and when is on record and stands there."""
        meant, filled = number_of(number), await filled_in(request)
        which = PERSONS.get(filled.get("person", ""))
        if which is None:
            raise HTTPException(404)
        saying = await sheets.plain(visit)
        key = filled.get("key") or new_key()
        try:
            opened = await sheets.house.tickets.reveal(
                meant, which, filled.get("reason", ""), key, visit.known.token
            )
        except Declined as refused:
            if refused.status not in IN_PLACE:
                raise
            said = _refusal(refused, saying)
            if visit.is_part:
                return _keyed(
                    sheets.paper.part(visit, "opened.html", said.status, said=said, **_shut())
                )
            found = await sheets.loaded(meant, visit)
            return await sheets.whole(visit, found, said.status, said=said, said_of="reveal")
        facts = {"person": filled["person"], **_opened(opened, visit, saying)}
        if visit.is_part:
            return _keyed(sheets.paper.part(visit, "opened.html", said=None, **facts))
        return await sheets.whole(visit, await sheets.loaded(meant, visit), opened=facts)


def _refusal(refused: Declined, saying: Saying) -> Said:
    trouble = trouble_of(refused, saying.t, saying.language)
    faults: tuple[FieldFault, ...] = tuple(faults_in(refused.problem, saying.language))
    return Said(
        "refused", trouble.title, trouble.detail, faults, wait=trouble.wait, status=refused.status
    )


def _shut() -> dict[str, Any]:
    return {"shown": {}, "left": None, "by": "", "at": "", "repeated": False, "seconds": 0}


def _opened(opened: Opened, visit: Visit, saying: Saying) -> dict[str, Any]:
    shown = {"name": opened.name, "phone": opened.phone, "room": opened.room}
    return {
        "shown": {name: value for name, value in shown.items() if value},
        "left": opened,
        "by": visit.known.name,
        "at": saying.at(opened.opened_at),
        "repeated": opened.repeated,
        "seconds": SHOWN_SECONDS,
    }


def _keyed(answer: HTMLResponse) -> HTMLResponse:
    answer.headers["HX-Trigger"] = json.dumps({"hotline:opened": {"key": new_key()}})
    return answer
