"""What every room's pages stand on: the services, who reads, names, the time, and paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import Depends, Request, Response

from services.console.clients.admin import AdminClient
from services.console.clients.cases import CasesClient
from services.console.clients.colleagues import People
from services.console.clients.desk import DeskClient
from services.console.clients.names import HotlineClock, NameBook
from services.console.clients.own import OwnClient
from services.console.clients.router import RouterClient
from services.console.clients.service import begin_trace
from services.console.clients.telephony import TelephonyClient
from services.console.clients.tickets import TicketsClient
from services.console.clients.told import NotifierClient, SurveyClient
from services.console.frame.looks import Looks, looks_by, looks_of
from services.console.frame.rail import RailEntry
from services.console.session.reader import Reader
from services.console.session.sessions import BrowserSessions, SessionOver
from shared.runtime import Source
from shared.runtime.web import choose_language

COOKIE: Final = "__Host-hotline"
LOCAL_COOKIE: Final = "hotline"
"""Its name on this machine, where no browser would keep a secure one over http."""


class FactorFirst(Exception):
    """Who reads must set up a second factor before anything else."""


@dataclass(frozen=True, slots=True)
class House:
    """What is built once and lent to every room."""

    admin: AdminClient
    router: RouterClient
    cases: CasesClient
    tickets: TicketsClient
    notifier: NotifierClient
    survey: SurveyClient
    desk: DeskClient
    telephony: TelephonyClient
    own: OwnClient
    sessions: BrowserSessions
    names: NameBook
    people: People
    clock: HotlineClock
    entries: Sequence[RailEntry]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request for a page: from where, how it is to look, and by whom if anybody is known."""

    path: str
    looks: Looks
    address: str
    secret: str | None
    is_part: bool
    back: str = "/"
    """Where a choice of looks leads back to: here, unless here is the answer to an act."""
    reader: Reader | None = None
    ahead: timedelta = timedelta()
    """So far the hotline's clock is ahead of this machine's: in a trial it may be days."""

    @property
    def known(self) -> Reader:
        """Who reads, at pages for whoever is signed in."""
        if self.reader is None:
            raise SessionOver
        return self.reader


def cookie_name(request: Request) -> str:
    """Under which name the browser keeps the secret."""
    return COOKIE if request.url.scheme == "https" else LOCAL_COOKIE


def visit_of(request: Request, address: str) -> Visit:
    """A request as it comes, before anybody has asked whose it is."""
    liked = choose_language(None, request.headers.get("accept-language", ""))
    return Visit(
        path=request.url.path,
        looks=looks_of(request.cookies, liked),
        address=address,
        secret=request.cookies.get(cookie_name(request)),
        is_part="hx-request" in request.headers,
        back=request.url.path if request.method == "GET" else "/",
    )


def drop_cookie(request: Request, answer: Response) -> None:
    """Let the browser forget the secret."""
    answer.delete_cookie(
        cookie_name(request),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


async def anybody(request: Request, source: Source) -> Visit:
    """Whoever asks, signed in or not."""
    begin_trace(source)
    return visit_of(request, source)


async def signed_in(request: Request, visit: Annotated[Visit, Depends(anybody)]) -> Visit:
    """Who is signed in, also with a session that may only set up a second factor; raises
    SessionOver.
    """
    return await _known(request, visit, used=True)


async def _known(request: Request, visit: Visit, *, used: bool) -> Visit:
    house: House = request.app.state.house
    if visit.secret is None:
        raise SessionOver
    reader = await house.sessions.reader(visit.secret, visit.address, used=used)
    ahead = await house.clock.now() - datetime.now(UTC)
    looks = looks_by(reader.settings, visit.looks)
    known = replace(visit, reader=reader, looks=looks, ahead=ahead)
    request.state.visit = known
    return known


async def at_work(visit: Annotated[Visit, Depends(signed_in)]) -> Visit:
    """Who is signed in and may do something; raises FactorFirst."""
    if visit.known.factor_needed:
        raise FactorFirst
    return visit


async def looking_on(request: Request, visit: Annotated[Visit, Depends(anybody)]) -> Visit:
    """Whose page lies open and asks by itself, which is no use of the session; raises as before."""
    return await at_work(await _known(request, visit, used=False))


Anybody = Annotated[Visit, Depends(anybody)]
SignedIn = Annotated[Visit, Depends(signed_in)]
AtWork = Annotated[Visit, Depends(at_work)]
LookingOn = Annotated[Visit, Depends(looking_on)]
