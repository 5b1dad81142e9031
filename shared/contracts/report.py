"""The ticket report: what a caller's request looks like on the queue and over HTTP.

`TicketReport` is strict, for routine work. `read_leniently` takes from a JSON object whatever can
be read and lists the rest as faults, because an emergency is never refused for its fields.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from shared.contracts.errors import Fault, MalformedMessage, faults_of

TicketType = Literal["inquiry", "complaint", "suggestion", "repair", "registration", "emergency"]
Channel = Literal["phone", "wechat", "app", "web", "open311", "iot", "government", "system"]
CallerRole = Literal[
    "owner", "resident", "tenant", "visitor", "committee", "staff", "authority", "device"
]

MAX_BODY_BYTES: Final = 256 * 1024
"""A long letter is 20 kB; more than this is a mistake or an attack."""
PERSONS: Final = ("caller", "on_site_contact")
MAX_DEPTH: Final = 12
MAX_TEXT: Final = 20_000

Short = Annotated[str, Field(max_length=200)]


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
        return _without_controls(value)


StaffId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")]
"""An id, never a name: whom a matter is about stands in the ticket as it is."""


class Concerned(BaseModel):
    """Whom a matter is about, such as a complaint: departments and our own staff, by id."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    departments: Annotated[tuple[StaffId, ...], Field(max_length=20)] = ()
    people: Annotated[tuple[StaffId, ...], Field(max_length=20)] = ()


class TicketReport(BaseModel):
    """A request as an outsider sends it (design: the ticket report)."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
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
    attachments: Annotated[tuple[Short, ...], Field(max_length=20)] = ()
    test: bool = False

    @field_validator("text", "answer", "estate", "address", "location", "subject", "device")
    @classmethod
    def _plain(cls, value: str | None) -> str | None:
        return _without_controls(value)

    @field_validator("reported_at", "due_by")
    @classmethod
    def _has_a_date(cls, value: datetime | None) -> datetime | None:
        try:
            return value and value.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("is beyond the calendar; send a real time") from error

    @field_validator("text")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty; say what the matter is")
        return value

    def place_faults(self) -> tuple[Fault, ...]:
        """The one rule over several fields: a place must be named."""
        if self.estate or self.address or self.device:
            return ()
        return (Fault("estate", "is missing", "name one of estate, address or device"),)


def read_json_object(body: bytes) -> dict[str, Any]:
    """Read one JSON object, emptied below MAX_DEPTH; raises MalformedMessage for any other body."""
    if len(body) > MAX_BODY_BYTES:
        raise MalformedMessage(
            "body", f"is {len(body)} bytes", f"send at most {MAX_BODY_BYTES} bytes"
        )
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedMessage("body", "is not UTF-8 JSON", "send one JSON object") from error
    if not isinstance(found, dict):
        raise MalformedMessage("body", "is not a JSON object", "send one JSON object")
    _cut_below(found, MAX_DEPTH)
    return found


def read_strictly(raw: Mapping[str, Any]) -> TicketReport:
    """The report, or MalformedMessage naming every field at fault."""
    try:
        report = TicketReport.model_validate(raw)
    except ValidationError as error:
        raise MalformedMessage.from_error("", error) from error
    if faults := report.place_faults():
        refusal = MalformedMessage(faults[0].field, faults[0].fault, faults[0].remedy)
        raise refusal
    return report


def read_leniently(raw: Mapping[str, Any]) -> tuple[TicketReport, tuple[Fault, ...]]:
    """Whatever can be read of a report with a string `text`, and what could not.

    Raises MalformedMessage only when there is no text to act on.
    """
    text = raw.get("text")
    plain = (_without_controls(text) or "").strip() if isinstance(text, str) else None
    if not plain:
        raise MalformedMessage("text", "is missing, empty or not text", "say what the matter is")
    kept: dict[str, Any] = dict(raw) | {"text": plain[:MAX_TEXT]}
    faults: list[Fault] = []
    while True:
        try:
            report = TicketReport.model_validate(kept)
        except ValidationError as error:
            faults.extend(faults_of(error))
            kept = _without_faults(kept, error)
        else:
            return report, (*faults, *report.place_faults())


def _without_faults(kept: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """Drop what is at fault: inside a person only the bad field, else the whole field.

    Always less than before, so that reading ends.
    """
    places = [item["loc"] for item in error.errors(include_url=False, include_input=False)]
    left = dict(kept)
    for loc in places:
        top, person = str(loc[0]), left.get(str(loc[0]))
        if top in PERSONS and isinstance(person, dict) and len(loc) > 1 and loc[1] in person:
            left[top] = {k: v for k, v in person.items() if k != loc[1]}
        elif len(loc) == 1 or not isinstance(person, dict):
            left.pop(top, None)
    return left if left != kept else {"text": kept["text"]}


def _without_controls(value: str | None) -> str | None:
    """Drop control characters (they break logs, terminals and mail), keep line ends and tabs."""
    if value is None or value.isprintable():  # as almost everything is
        return value
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})


def _cut_below(found: dict[str, Any], depth: int) -> None:
    """Empty what lies deeper, in place and without recursion, since depth is the attack.

    No field of ours reaches a third of that depth, so what is cut belongs to a field that is at
    fault anyway: routine work is refused for it, an emergency is taken without it.
    """
    level: list[dict[str, Any] | list[Any]] = [found]
    for _ in range(depth - 1):
        level = [inner for outer in level for _, inner in _nested(outer)]
    for outer in level:
        for key, _ in _nested(outer):
            outer[key] = None


def _nested(outer: Any) -> list[tuple[Any, Any]]:
    places = outer.items() if isinstance(outer, dict) else enumerate(outer)
    return [(key, inner) for key, inner in places if isinstance(inner, dict | list)]
