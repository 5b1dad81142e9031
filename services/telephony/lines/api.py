"""`/v1/lines`: our numbers, whether they work, and what is known of each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Final

from fastapi import Path
from pydantic import AfterValidator, BaseModel, Field

from services.telephony.lines.domain import CERTAIN, Kind, Line, LineState, Maintenance, Why
from services.telephony.lines.keeping import LineKeeping
from services.telephony.lines.storage import LINES
from services.telephony.lines.watching import MOST, Looked, Watching
from shared.contracts import MalformedMessage
from shared.contracts.ids import without_number
from shared.contracts.times import Moment
from shared.runtime import Actor, Body, Routes, Source, may
from shared.store import Collection, Store

LONGEST_WORK: Final = timedelta(days=7)
_NAME: Final = r"^[a-z0-9][a-z0-9_.-]*$"
LineName = Annotated[str, Field(pattern=_NAME, max_length=60), AfterValidator(without_number)]
LineId = Annotated[str, Path(pattern=_NAME, max_length=60)]


class LineBody(Body):
    """What is said of a line: its number as callers dial it, the trunks it comes by, whose line it
    is, whom to ring when it does not work, and the last day of its contract.
    """

    exchange: LineName | None = None
    number: Annotated[str, Field(pattern=r"^[0-9+*#-]{3,20}$")] | None = None
    trunks: Annotated[tuple[LineName, ...], Field(max_length=20)] = ()
    kind: Kind = "main"
    provider: Annotated[str, Field(max_length=100)] | None = None
    ring: Annotated[str, Field(max_length=200)] | None = None
    contract_until: date | None = None

    def to_line(self, id: str) -> Line:
        """The line that it describes."""
        return Line(
            id=id,
            exchange=self.exchange,
            number=self.number,
            trunks=self.trunks,
            kind=self.kind,
            provider=self.provider,
            ring=self.ring,
            contract_until=self.contract_until,
        )


class CheckBody(Body):
    """What somebody found who rang the line from outside."""

    worked: bool


class MaintenanceBody(Body):
    """Work on the line that was announced."""

    begins: Moment
    ends: Moment


class LineCheckView(BaseModel):
    """Who rang it when, and whether it worked."""

    at: datetime
    by: str
    worked: bool


class MaintenanceView(BaseModel):
    """Announced work, and by whom it was entered."""

    begins: datetime
    ends: datetime
    by: str


class SilenceView(BaseModel):
    """Calls that were to come since the last sign that the line works, and at how many silence is
    told of. `on` is false, and `expected` null, while the line is known for less than 14 days.
    """

    on: bool
    expected: float | None
    told_at: float


class LineView(BaseModel):
    """A line, whether it works, and why not. `heard`: its exchange tells us of calls now."""

    id: str
    exchange: str | None
    number: str | None
    trunks: tuple[str, ...]
    kind: Kind
    provider: str | None
    ring: str | None
    contract_until: date | None
    verdict: LineState
    why: Why | None
    since: datetime | None
    heard: bool
    last_call: datetime | None
    silence: SilenceView
    checks: list[LineCheckView]
    maintenance: list[MaintenanceView]


class LineList(BaseModel):
    """All lines, by their names."""

    items: list[LineView]


def build_lines_api(store: Store, watching: Watching, keeping: LineKeeping) -> Routes:
    """Lines are of the hotline as a whole."""
    router = Routes("/v1/lines", tags=["lines"])
    lines = Collection(store, LINES)

    async def shown(line: Line) -> LineView:
        return _view(await watching.looked(line))

    @router.get("", dependencies=[may("line.see")])
    async def listed() -> LineList:
        """Every line that exchanges name or somebody entered."""
        found = await lines.find({}, limit=MOST)
        return LineList(items=[await shown(line) for line in found])

    @router.put("/{id}", dependencies=[may("line.manage")])
    async def put(id: LineId, body: LineBody, actor: Actor, source: Source) -> LineView:
        """Put this in place of what was said of the line; a new one is made."""
        name = _without_number(id)
        return await shown(await keeping.put(body.to_line(name), actor, source))

    @router.post("/{id}/checks", dependencies=[may("line.check")])
    async def check(id: LineId, body: CheckBody, actor: Actor, source: Source) -> LineView:
        """Say that one has rung the line oneself, and whether it worked."""
        return await shown(await keeping.check(id, actor, source, worked=body.worked))

    @router.post("/{id}/maintenance", dependencies=[may("line.manage")])
    async def maintenance(
        id: LineId, body: MaintenanceBody, actor: Actor, source: Source
    ) -> LineView:
        """Announce work on the line, seven days at most: nobody is told of what it does."""
        if not body.begins < body.ends <= body.begins + LONGEST_WORK:
            raise MalformedMessage("ends", "is not within seven days after `begins`", "name less")
        work = Maintenance(begins=body.begins, ends=body.ends, by=actor.id)
        return await shown(await keeping.announce(id, work, actor, source))

    return router


def _without_number(id: str) -> str:
    try:
        return without_number(id)
    except ValueError as error:
        raise MalformedMessage("id", str(error), "use words") from error


def _view(looked: Looked) -> LineView:
    line = looked.line
    return LineView(
        id=line.id,
        exchange=line.exchange,
        number=line.number,
        trunks=line.trunks,
        kind=line.kind,
        provider=line.provider,
        ring=line.ring,
        contract_until=line.contract_until,
        verdict=line.verdict,
        why=line.why,
        since=line.since,
        heard=looked.heard,
        last_call=looked.last_call,
        silence=SilenceView(
            on=looked.expected_now is not None, expected=looked.expected, told_at=CERTAIN
        ),
        checks=[
            LineCheckView(at=each.at, by=each.by, worked=each.worked)
            for each in reversed(line.checks)
        ],
        maintenance=[
            MaintenanceView(begins=each.begins, ends=each.ends, by=each.by)
            for each in line.maintenance
        ],
    )
