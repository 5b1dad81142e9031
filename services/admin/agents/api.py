"""`/v1/agents`: what agents have learned and speak, and which certificates end soon (A7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field

from services.admin.accounts.staff import By
from services.admin.agents.domain import (
    Profile,
    Telephone,
    Training,
    qualified,
    read_certificate,
    read_languages,
    read_telephones,
)
from services.admin.agents.storage import PROFILES
from services.admin.agents.training import Training as Trainings
from shared.contracts.ids import Code, without_number
from shared.runtime import Actor, Body, NoStore, Platform, Routes, Source, may
from shared.store import Collection, Listing

Language = Annotated[str, Field(max_length=35)]
Exchange = Annotated[
    str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60), AfterValidator(without_number)
]
Extension = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=40),
    AfterValidator(without_number),
]
LONGEST_AHEAD = 366


class TrainingBody(Body):
    """A course that was passed."""

    course: Code
    passed_on: date


class CertificateBody(Body):
    """A certificate; `until` is the last day on which it counts."""

    kind: Code
    since: date
    until: date


class TelephoneBody(Body):
    """An agent's telephone: the exchange's id, and the extension as its document names it."""

    exchange: Exchange
    extension: Extension


class ProfileBody(Body):
    """All of a profile; languages and dialects as BCP 47 writes them. `extensions` are the
    telephones that ring for this agent alone.
    """

    trainings: Annotated[tuple[TrainingBody, ...], Field(max_length=100)] = ()
    certificates: Annotated[tuple[CertificateBody, ...], Field(max_length=100)] = ()
    skills: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    languages: Annotated[tuple[Language, ...], Field(max_length=30)] = ()
    dialects: Annotated[tuple[Language, ...], Field(max_length=30)] = ()
    extensions: Annotated[tuple[TelephoneBody, ...], Field(max_length=10)] = ()

    def to_profile(self, account: str) -> Profile:
        """The profile it describes; raises MalformedMessage."""
        return Profile(
            account=account,
            trainings=tuple(Training(t.course, t.passed_on) for t in self.trainings),
            certificates=tuple(
                read_certificate(c.kind, c.since, c.until) for c in self.certificates
            ),
            skills=frozenset(self.skills),
            languages=read_languages("languages", self.languages),
            dialects=read_languages("dialects", self.dialects),
            extensions=read_telephones(
                Telephone(each.exchange, each.extension) for each in self.extensions
            ),
        )


class ProfileView(ProfileBody):
    """A profile, and whether its agent may answer callers today."""

    account: str
    qualified: bool


class ProfilePage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[ProfileView]
    next: str | None


class EndingView(BaseModel):
    """A certificate that ends soon or has ended, with none of its kind to follow."""

    account: str
    kind: str
    until: date


class EndingList(BaseModel):
    """All of them, the most urgent first."""

    items: list[EndingView]


def build_agents_api(platform: Platform, trainings: Trainings) -> Routes:
    """Agents' profiles."""
    router = Routes("/v1", tags=["agents"], route_class=NoStore)
    profiles = Collection(platform.store, PROFILES)

    def view(profile: Profile) -> ProfileView:
        return _view(profile, trainings.today())

    @router.get("/agents", dependencies=[may("profile.see")])
    async def listed(
        after: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> ProfilePage:
        """Profiles by account; `next` is the cursor of the next page."""
        found = await profiles.page(Listing(), after=after, limit=limit)
        return ProfilePage(items=[view(profile) for profile in found.items], next=found.next)

    @router.get("/certificates", dependencies=[may("profile.see")])
    async def ending(
        end_within_days: Annotated[int, Query(ge=0, le=LONGEST_AHEAD)] = 30,
    ) -> EndingList:
        """Certificates that end within so many days, or have ended, and are not followed."""
        found = await trainings.ending(timedelta(days=end_within_days))
        items = [
            EndingView(account=e.account, kind=e.certificate.kind, until=e.certificate.until)
            for e in found
        ]
        return EndingList(items=items)

    @router.get("/agents/{account}", dependencies=[may("profile.see")])
    async def one(account: str) -> ProfileView:
        """One agent's profile; empty where nothing was put in."""
        return view(await trainings.get(account))

    @router.put("/agents/{account}", dependencies=[may("profile.manage")])
    async def put(account: str, body: ProfileBody, actor: Actor, source: Source) -> ProfileView:
        """Put this profile in place of the present one."""
        return view(await trainings.put(body.to_profile(account), By(actor, source)))

    return router


def _view(profile: Profile, today: date) -> ProfileView:
    return ProfileView(
        account=profile.account,
        trainings=[TrainingBody(course=t.course, passed_on=t.passed_on) for t in profile.trainings],
        certificates=[
            CertificateBody(kind=c.kind, since=c.since, until=c.until) for c in profile.certificates
        ],
        skills=sorted(profile.skills),
        languages=sorted(profile.languages),
        dialects=sorted(profile.dialects),
        extensions=[
            TelephoneBody(exchange=each.exchange, extension=each.extension)
            for each in profile.extensions
        ],
        qualified=qualified(profile, today),
    )
