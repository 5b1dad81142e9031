"""What an incident shows: where it is, what was promised and told, and of whom it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from services.router.cards import Counted, TicketCard
from services.router.incidents.incident import Incident, Linked, Status, households


class _View(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class IncidentSummary(_View):
    """An incident in a list."""

    id: str
    estate: str
    area: str
    buildings: tuple[str, ...]
    status: Status
    began_at: datetime
    households: int
    beyond: tuple[str, ...]
    restored_in: tuple[str, ...]
    restore_by: datetime | None
    emergency: str | None


class IncidentPage(BaseModel):
    """Some incidents; `next` is the cursor of the next page, `all` counts those of all pages."""

    items: tuple[IncidentSummary, ...]
    next: str | None
    all: Counted


class ScopeView(_View):
    """Where it was thought to be, since when and by whom."""

    at: datetime
    by: str
    buildings: tuple[str, ...]
    restored: tuple[str, ...]


class PromiseView(_View):
    """A promise; a later one says why it differs."""

    at: datetime
    by: str
    restore_by: datetime
    reason: str | None


class NoticeView(_View):
    """What the households concerned were told."""

    n: int
    at: datetime
    by: str
    households: int
    restore_by: datetime | None
    released_at: datetime | None
    released_by: str | None


class BuildingView(BaseModel):
    """How many requests came from a building; None are those that named none."""

    building: str | None
    requests: int
    open: int


class RequestView(TicketCard):
    """A request of it: `linked`, or one that would be when it is confirmed."""

    linked: bool


class IncidentView(IncidentSummary):
    """One incident. `reachable` counts the households that an announcement would reach now, `told`
    those for whom the last one was handed on, and `messages` says what became of it: who has
    received it, and who has not. Of which requests it is made is for those who link them: `tickets`
    are the numbers of the linked ones, `requests` the first of these and, while it is offered, of
    those that would be, in their words, and `by_building` counts both.
    """

    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    restored_at: datetime | None
    restored_by: str | None
    closed_at: datetime | None
    scopes: tuple[ScopeView, ...]
    promises: tuple[PromiseView, ...]
    notices: tuple[NoticeView, ...]
    linked: int
    open: int
    reachable: int
    told: int
    messages: dict[str, int]
    tickets: tuple[str, ...] | None = None
    requests: tuple[RequestView, ...] | None = None
    by_building: tuple[BuildingView, ...] | None = None


class WordsView(BaseModel):
    """A message in one language."""

    subject: str
    body: str


class NoticeDraftView(BaseModel):
    """What an announcement would say and how many households it would reach now; whether somebody
    else has to release it. Each household reads its own name and number in it.
    """

    households: int
    needs_release: bool
    zh: WordsView
    en: WordsView


def summary(incident: Incident) -> IncidentSummary:
    """An incident in a list."""
    return IncidentSummary.model_validate(incident)


def incident_view(
    incident: Incident, linked: Sequence[Linked], messages: Mapping[str, int]
) -> IncidentView:
    """One incident as everybody sees it who sees it at all."""
    return IncidentView(
        **summary(incident).model_dump(),
        decided_at=incident.decided_at,
        decided_by=incident.decided_by,
        reason=incident.reason,
        restored_at=incident.restored_at,
        restored_by=incident.restored_by,
        closed_at=incident.closed_at,
        scopes=tuple(ScopeView.model_validate(each) for each in incident.scopes),
        promises=tuple(PromiseView.model_validate(each) for each in incident.promises),
        notices=tuple(NoticeView.model_validate(each) for each in incident.notices),
        linked=len(linked),
        open=sum(request.is_open for request in linked),
        reachable=len(households(linked, incident)),
        told=len(incident.told),
        messages=dict(messages),
    )


def by_building(requests: Sequence[Linked]) -> tuple[BuildingView, ...]:
    """How many come from where, the most first."""
    counted = Counter(each.building for each in requests)
    still = Counter(each.building for each in requests if each.is_open)
    return tuple(
        BuildingView(building=building, requests=count, open=still[building])
        for building, count in counted.most_common()
    )
