"""An act that somebody sends by a form, and what becomes of it: on to the next page, or why not,
beside what was typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from fastapi.responses import RedirectResponse, Response

from services.console.clients.answers import Declined
from services.console.errors import trouble_of
from services.console.frame.house import House, Visit
from services.console.frame.numbers import is_number
from services.console.frame.paper import Paper
from services.console.frame.times import grouped

BESIDE: Final = frozenset({409, 412, 422, 429})
"""Refusals that are said beside the form: it can be mended there, or another act chosen."""

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Done:
    """What was done a moment ago, to which ticket: the next page says so on top."""

    act: str
    number: str

    @classmethod
    def of(cls, act: str | None, number: str | None, known: Collection[str]) -> Self | None:
        """As an address says it; None for rubbish."""
        if act is None or act not in known or number is None or not is_number(number):
            return None
        return cls(act, number)

    @property
    def grouped(self) -> str:
        """Its number as it is read out."""
        return grouped(self.number)


class Acting:
    """Carries out acts of one room's forms."""

    def __init__(self, house: House, paper: Paper) -> None:
        self._house = house
        self._paper = paper

    async def answer(self, visit: Visit, act: Awaitable[A], to: Callable[[A], str]) -> Response:
        """Where the act leads, once it is done; else why it is not, for the place beside the form.
        Whatever else goes wrong is said by the frame.
        """
        try:
            done = await act
        except Declined as error:
            if error.status not in BESIDE or not visit.is_part:
                raise
            return await self._refused(visit, error)
        return gone_to(visit, to(done))

    async def _refused(self, visit: Visit, error: Declined) -> Response:
        trouble = trouble_of(error, self._paper.t(visit), visit.looks.language)
        by = str(error.problem.get("set_by") or "")
        people = await self._house.people.names(
            visit.known.token, {by} if by else set(), visit.looks.language
        )
        answer = self._paper.part(
            visit, "refused.html", error.status, trouble=trouble, by=people.get(by, by)
        )
        if error.retry_after is not None:
            answer.headers["Retry-After"] = str(error.retry_after)
        return answer


def gone_to(visit: Visit, to: str) -> Response:
    """On to another page, also where htmx asked."""
    if visit.is_part:
        return Response(status_code=204, headers={"HX-Redirect": to})
    return RedirectResponse(to, 303)
