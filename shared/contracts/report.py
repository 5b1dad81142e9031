"""The ticket report: what a caller's request looks like on the queue and over HTTP.

`TicketReport` is strict, for routine work. `read_leniently` takes from a JSON object whatever can
be read and lists the rest as faults, because an emergency is never refused for its fields. How
bytes become that object stands in `json_body`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from shared.contracts.errors import MAX_FAULTS, Fault, MalformedMessage, faults_in
from shared.contracts.ids import NamedId, without_number
from shared.contracts.times import Moment
from shared.words import legible, says_nothing

TicketType = Literal["inquiry", "complaint", "suggestion", "repair", "registration", "emergency"]
Channel = Literal["phone", "wechat", "app", "web", "open311", "iot", "government", "system"]
CallerRole = Literal[
    "owner", "resident", "tenant", "visitor", "committee", "staff", "authority", "device"
]

MAX_TEXT: Final = 20_000
MAX_ITEMS: Final = 20
"""As many as the longest list of a report may have."""

Short = Annotated[str, Field(max_length=200)]
MAX_NOTE: Final = 2_000
Note = Annotated[str, AfterValidator(legible), Field(max_length=MAX_NOTE)]
"""What a person adds in an act, over HTTP as over the queue; only a report says `text`."""


class Caller(BaseModel):
    """Who called. Personal through and through: sealed before it is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Short | None = None
    phone: Annotated[str, Field(max_length=40)] | None = None
    role: CallerRole | None = None
    room: Short | None = None

    @field_validator("name", "phone", "room")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        return value and legible(value)


class Concerned(BaseModel):
    """Whom a matter is about, such as a complaint: departments and our own staff, by id. Of these
    only those are kept that there are (`shared.readers.people`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    departments: Annotated[tuple[NamedId, ...], Field(max_length=MAX_ITEMS)] = ()
    people: Annotated[tuple[NamedId, ...], Field(max_length=MAX_ITEMS)] = ()


def _as_utc(value: datetime | None) -> datetime | None:
    try:
        return value and value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is beyond the calendar; send a real time") from error


class Appointment(BaseModel):
    """Between when and when the caller would have somebody come. It is kept as asked, and no
    promise: the visit is agreed with whoever gets the work.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    from_: Annotated[Moment, AfterValidator(_as_utc), Field(alias="from")]
    to: Annotated[Moment, AfterValidator(_as_utc)]

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.to <= self.from_:
            raise ValueError("ends before it begins; name a later `to`")
        return self


INNER: Final[Mapping[str, type[BaseModel]]] = {
    "caller": Caller,
    "on_site_contact": Caller,
    "about": Concerned,
    "appointment": Appointment,
}
"""The fields that are objects themselves."""
_WHOLE: Final = frozenset({"appointment"})
"""Those of them of which a part alone says nothing."""


CallId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"), AfterValidator(without_number)
]
"""The id of a call, as telephony keeps it or as the desk gives it. It is kept in plain, so no
telephone number fits in.
"""


class TicketReport(BaseModel):
    """A request as an outsider sends it (design: the ticket report).

    Only the desk may leave out `text`, and only of an emergency. `emergency_kind` says which it is:
    the desk's word counts, that of others where their words tell of none. It `joins` a running
    emergency by its number: then nobody is alerted a second time. All reports of one `call` have
    the same id there; of one that telephony keeps, who rang is taken over where no number is typed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    text: Annotated[str, Field(max_length=MAX_TEXT)] = ""
    estate: Short | None = None
    address: Short | None = None
    device: Short | None = None
    caller: Caller | None = None
    on_site_contact: Caller | None = None
    type: TicketType | None = None
    area: Annotated[str, Field(max_length=60)] | None = None
    location: Short | None = None
    subject: Short | None = None
    channel: Channel = "phone"
    reported_at: AwareDatetime | None = None
    due_by: AwareDatetime | None = None
    external_id: Short | None = None
    reporter_ref: Short | None = None
    upstream_number: Short | None = None
    confidential: bool = False
    about: Concerned | None = None
    answer: Annotated[str, Field(max_length=4_000)] | None = None
    attachments: Annotated[tuple[Short, ...], Field(max_length=MAX_ITEMS)] = ()
    test: bool = False
    emergency_kind: Annotated[str, Field(max_length=60)] | None = None
    joins: Annotated[str, Field(max_length=40)] | None = None
    call: CallId | None = None
    appointment: Appointment | None = None

    @field_validator("text", "answer", "estate", "address", "location", "subject", "device")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        return value and legible(value)

    @field_validator("reported_at", "due_by")
    @classmethod
    def _has_a_date(cls, value: datetime | None) -> datetime | None:
        return _as_utc(value)

    def text_faults(self) -> tuple[Fault, ...]:
        """A request says what the matter is."""
        if not says_nothing(self.text):
            return ()
        return (Fault("text", "is empty", "say what the matter is"),)

    def place_faults(self) -> tuple[Fault, ...]:
        """The one rule over several fields: a place must be named."""
        if self.estate or self.address or self.device:
            return ()
        return (Fault("estate", "is missing", "name one of estate, address or device"),)


def read_strictly(raw: Mapping[str, Any], *, needs_place: bool = True) -> TicketReport:
    """The report, or MalformedMessage naming the fields at fault, MAX_FAULTS of them at most. Who
    can ask for the place later need not name it.
    """
    kept, found = known(raw, TicketReport)
    try:
        report = TicketReport.model_validate(kept)
    except ValidationError as error:
        found += errors_of(error)
        raise MalformedMessage.naming(faults_in(found), of=len(found)) from error
    place_faults = report.place_faults() if needs_place else ()
    if faults := (*faults_in(found), *report.text_faults(), *place_faults):
        raise MalformedMessage.naming(faults, of=len(found))
    return report


def read_leniently(
    raw: Mapping[str, Any], *, may_be_silent: bool = False
) -> tuple[TicketReport, tuple[Fault, ...]]:
    """Whatever can be read of a report with a string `text`, and what could not. Who
    `may_be_silent` need not say anything of what they call an emergency.

    Raises MalformedMessage only when there is no text to act on.
    """
    said = _said_in(raw)
    if not said and not (may_be_silent and _is_called_emergency(raw)):
        raise MalformedMessage("text", "is missing, empty or not text", "say what the matter is")
    report, faults = read_partly(raw)
    return report, (*faults, *report.place_faults())[:MAX_FAULTS]


def read_partly(raw: Mapping[str, Any]) -> tuple[TicketReport, tuple[Fault, ...]]:
    """Whatever can be read of a report that is still being taken down, and what could not; nothing
    has to be there.
    """
    kept, found = known({**raw, "text": _said_in(raw)[:MAX_TEXT]}, TicketReport)
    try:
        report = TicketReport.model_validate(kept)
    except ValidationError as error:
        errors = errors_of(error)
        found += errors
        bad = (item["loc"] for item in errors)
        places = [loc[:1] if loc[0] in _WHOLE else loc for loc in bad]
        report = TicketReport.model_validate(_without(kept, places))
    return report, faults_in(found)


def _said_in(raw: Mapping[str, Any]) -> str:
    """The words, as they may be kept; empty where there is nothing to read."""
    text = raw.get("text")
    said = legible(text).strip() if isinstance(text, str) else ""
    return "" if says_nothing(said) else said


def _is_called_emergency(raw: Mapping[str, Any]) -> bool:
    return raw.get("type") == "emergency" or isinstance(raw.get("emergency_kind"), str)


def errors_of(error: ValidationError) -> list[Any]:
    """What pydantic found, without the values."""
    return list(error.errors(include_url=False, include_input=False))


def known(
    raw: Mapping[str, Any], model: type[BaseModel], where: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a model can have, its lists cut to what any field takes, and what was left out, as
    pydantic would say it. Whatever follows costs no more than a good body does.
    """
    names = [field.alias or name for name, field in model.model_fields.items()]
    strange = [key for key in raw if key not in names]
    found: list[dict[str, Any]] = [_error("extra_forbidden", (*where, key)) for key in strange]
    kept = {key: raw[key] for key in names if key in raw}
    for key, value in kept.items():
        inner = INNER.get(key)
        if isinstance(value, list) and len(value) > MAX_ITEMS:
            kept[key] = value[:MAX_ITEMS]
            found.append(_error("too_long", (*where, key), max_length=MAX_ITEMS))
        elif isinstance(value, dict) and inner is not None:
            kept[key], more = known(value, inner, (*where, key))
            found += more
    return kept, found


def _error(kind: str, loc: tuple[str, ...], **limits: int) -> dict[str, Any]:
    return {"type": kind, "loc": loc, "ctx": limits, "msg": ""}


def _without(value: Any, places: Iterable[Sequence[int | str]]) -> Any:
    """Drop what is at fault in one pass: in a person or a list only the bad entry."""
    inside: defaultdict[int | str, list[Sequence[int | str]]] = defaultdict(list)
    for first, *rest in places:
        inside[first].append(rest)
    if isinstance(value, dict):
        return {
            key: _without(item, inside[key]) for key, item in value.items() if [] not in inside[key]
        }
    if isinstance(value, list):
        return [_without(item, inside[n]) for n, item in enumerate(value) if [] not in inside[n]]
    return value
