"""What the API takes and shows of policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

import orjson
from pydantic import AfterValidator, BaseModel, Field, model_validator

from services.admin.policies.domain import Confirmation, Mark, Standing, Version
from services.admin.policies.drafting import Wording
from services.admin.policies.reading import Readers
from services.admin.policies.rehearsal import Tally
from shared.contracts import Fault
from shared.contracts.times import Moment
from shared.identity import STAFF_ROLES, Role
from shared.policy.versions import Difference, VersionInForce
from shared.privacy import scrub
from shared.runtime import Body

MOST_HOURS: Final = 1000
"""What is no number of hours at all; how many are allowed, the rules say."""


def _of_staff(role: Role) -> Role:
    if role not in STAFF_ROLES:
        raise ValueError("is not a role of persons")
    return role


Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(scrub)]
Reason = Annotated[str, Field(min_length=3, max_length=500), AfterValidator(scrub)]
"""Said in words, and kept without what names anybody."""
StaffRole = Annotated[Role, AfterValidator(_of_staff)]


class WordingBody(Body):
    """An overlay in YAML, or all documents."""

    overlay: str | None = None
    documents: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.overlay is not None and self.documents is not None:
            raise ValueError("send an overlay or documents, not both")
        return self

    def to_wording(self) -> Wording:
        """The same as a value."""
        return Wording(self.overlay, self.documents)


class NewDraft(WordingBody):
    """A draft of the newest version; without any wording it is a copy of that."""

    title: Title


class ChangedDraft(WordingBody):
    """What shall be different. `edition` is the draft's as it was read."""

    edition: int
    title: Title | None = None
    start_over: bool = False


class ApprovalBody(Body):
    """From when (left out: at once), and which roles must confirm having read it."""

    begins: Moment | None = None
    must_confirm: Annotated[tuple[StaffRole, ...], Field(max_length=len(STAFF_ROLES))] = ()


class RefusalBody(Body):
    """Why not."""

    reason: Reason


class AtOnceBody(WordingBody):
    """A change of what is in force, for so many hours."""

    title: Title
    reason: Reason
    hours: Annotated[float, Field(gt=0, le=MOST_HOURS, allow_inf_nan=False)]


class RehearsalBody(Body):
    """How many of the last requests."""

    last: Annotated[int, Field(ge=1, le=5000)] = 1000


class MarkView(BaseModel):
    """Who did it, when, and why."""

    by: str
    at: datetime
    reason: str | None


class VersionView(BaseModel):
    """A version or a draft, without its documents."""

    id: str
    state: Standing
    title: str
    base: str | None
    edition: int
    authors: list[str]
    made_at: datetime | None
    submitted: MarkView | None
    decided: MarkView | None
    reason: str | None
    must_confirm: list[Role]
    confirmed: int


class VersionPage(BaseModel):
    """A page and the cursor of the next one, if there is one."""

    items: list[VersionView]
    next: str | None


class EntryView(BaseModel):
    """From when a version counts, and until when if it lapses by itself."""

    version: str
    begins: datetime
    until: datetime | None


class PresentView(BaseModel):
    """What is in force now, and what will be."""

    now: str | None
    entries: list[EntryView]


class FaultView(BaseModel):
    """What is wrong where, and the way out."""

    field: str
    fault: str
    remedy: str


class FaultsView(BaseModel):
    """Everything that keeps a version from coming into force."""

    faults: list[FaultView]


class DifferenceView(BaseModel):
    """One path; null where there is nothing."""

    path: str
    before: Any
    after: Any


class DifferencesView(BaseModel):
    """What a version has otherwise than another."""

    against: str | None
    differences: list[DifferenceView]


class ConfirmationView(BaseModel):
    """Somebody has read it."""

    by: str
    role: Role
    at: datetime


class ReadersView(BaseModel):
    """Who has confirmed, and who must and has not."""

    confirmed: list[ConfirmationView]
    missing: list[str]


def version_view(version: Version, state: Standing) -> VersionView:
    """A version as it is shown."""
    return VersionView(
        id=version.id,
        state=state,
        title=version.title,
        base=version.base,
        edition=version.edition,
        authors=list(version.authors),
        made_at=version.made_at,
        submitted=_mark(version.submitted),
        decided=_mark(version.decided),
        reason=version.reason,
        must_confirm=list(version.must_confirm),
        confirmed=len(version.confirmed),
    )


def present_view(entries: Sequence[VersionInForce], now: str | None) -> PresentView:
    """What counts, as it is shown."""
    shown = [EntryView(version=e.version, begins=e.begins, until=e.until) for e in entries]
    return PresentView(now=now, entries=shown)


def faults_view(faults: Sequence[Fault]) -> FaultsView:
    """Faults as they are shown."""
    return FaultsView(
        faults=[FaultView(field=f.field, fault=f.fault, remedy=f.remedy) for f in faults]
    )


def differences_view(against: str | None, found: Sequence[Difference]) -> DifferencesView:
    """Differences as they are shown."""
    shown = [DifferenceView(path=d.path, before=d.before, after=d.after) for d in found]
    return DifferencesView(against=against, differences=shown)


def readers_view(readers: Readers) -> ReadersView:
    """Who has read it, as it is shown."""
    return ReadersView(
        confirmed=[_confirmation(found) for found in readers.confirmed],
        missing=list(readers.missing),
    )


def tally_line(tally: Tally, total: int, *, state: Literal["running", "done"]) -> bytes:
    """One line of a rehearsal: how far it is, and at the end what would differ."""
    line: Mapping[str, Any] = {
        "state": state,
        "done": tally.done,
        "of": total,
        "differing": tally.differing,
        "by": dict(sorted(tally.by.items())),
    }
    named = {"tickets": tally.named} if state == "done" else {}
    return orjson.dumps({**line, **named}, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)


def _mark(mark: Mark | None) -> MarkView | None:
    return MarkView(by=mark.by, at=mark.at, reason=mark.reason) if mark else None


def _confirmation(found: Confirmation) -> ConfirmationView:
    return ConfirmationView(by=found.by, role=found.role, at=found.at)
