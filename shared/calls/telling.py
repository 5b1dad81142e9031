"""Facts on the bus: what an exchange's listener tells, and how it is read. Pure.

On the exchange `hotline.inbound`, under the routing key of what is told, as a CloudEvent in
structured JSON. Numbers stand in these bodies, and nowhere else on the bus.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from shared.calls.agents import Membership, Reachable
from shared.calls.facts import (
    EndedBy,
    Fact,
    Kind,
    Left,
    Party,
    Presentation,
    RangOut,
    Recorder,
    TransferKind,
)
from shared.calls.gaps import Gap, Why
from shared.calls.listening import Listening
from shared.contracts.errors import MalformedMessage
from shared.contracts.ids import without_number
from shared.contracts.json_body import read_json_object
from shared.contracts.times import Moment, written

AGENT_STATE: Final = "agent.state"
AGENT_TELEPHONE: Final = "agent.telephone"
LINE_HEARTBEAT: Final = "line.heartbeat"
CONNECTED: Final = "pbx.connected"
LOST: Final = "pbx.lost"
KEYS: Final = (
    *(kind.value for kind in Kind),
    AGENT_STATE,
    AGENT_TELEPHONE,
    LINE_HEARTBEAT,
    CONNECTED,
    LOST,
)
"""Every routing key under which an exchange tells."""

Tellable = Fact | Membership | Reachable | Listening
LONGEST: Final = 64 * 1024
"""Bytes of one body; the longest that an exchange made have a thousand."""
FURTHEST_OFF_S: Final = 10 * 366 * 86_400.0
"""Ten years, as far as a trial's clock goes: one that is further off is none to reckon with."""
_SOURCE: Final = "/pbx/"
_TYPE: Final = "hotline.{key}.v1"

ExchangeId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Text = Annotated[str, StringConstraints(max_length=200)]
Named = Annotated[
    str, StringConstraints(min_length=1, max_length=60), AfterValidator(without_number)
]
"""What the exchange's document names. It stands in events and series, so that it holds no number.
"""
FactId = Annotated[
    str,
    StringConstraints(max_length=600, pattern=r"^[a-z0-9][a-z0-9-]*/[^/]+/-?[0-9]{1,17}/"),
]


_HEADING: Final = frozenset({"id", "kind", "exchange", "at"})
"""What stands in the envelope."""


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Envelope(_Read):
    specversion: Annotated[str, StringConstraints(pattern=r"^1\.0$")]
    id: FactId
    source: Annotated[str, StringConstraints(pattern=r"^/pbx/[a-z0-9][a-z0-9-]{0,39}$")]
    type: Annotated[str, StringConstraints(max_length=100)]
    time: Moment
    data: dict[str, Any]
    datacontenttype: Annotated[str, StringConstraints(pattern=r"^application/json$")] | None = None

    @property
    def exchange(self) -> str:
        return self.source.removeprefix(_SOURCE)


R = TypeVar("R", bound=_Read)


class _FactData(_Read):
    call: Text
    line: Named | None = None
    trunk: Named | None = None
    number: Text | None = None
    diverted_from: Text | None = None
    presentation: Presentation | None = None
    test: bool = False
    queue: Named | None = None
    leg: Text | None = None
    party: Party | None = None
    agent: Named | None = None
    left: Left | None = None
    rang_out: RangOut | None = None
    transfer: TransferKind | None = None
    to: Party | None = None
    to_agent: Named | None = None
    recorder: Recorder | None = None
    by: EndedBy | None = None
    cause: Text | None = None


class _MembershipData(_Read):
    agent: Named
    queue: Named
    signed_on: bool
    paused: bool
    unreachable: bool
    reason: Text | None = None


class _TelephoneData(_Read):
    agent: Named
    reachable: bool


class _HeartbeatData(_Read):
    trunk: Named
    reachable: bool


class _GapData(_Read):
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    why: Why
    surveyed: bool
    offers_from: Moment


class _ListeningData(_Read):
    listener: Named
    since: Moment
    booted_at: Moment | None = None
    surveyed: bool = False
    gap: _GapData | None = None
    clock_offset_s: (
        Annotated[float, Field(allow_inf_nan=False, ge=-FURTHEST_OFF_S, le=FURTHEST_OFF_S)] | None
    ) = None
    lines: Annotated[tuple[Named, ...], Field(max_length=1000)] = ()


def told(value: Tellable) -> tuple[str, bytes]:
    """The routing key and the body. Fields that are empty, or false by default, are left out."""
    key, at = key_of(value), _time_of(value)
    said = {name: each for name, each in _data_of(value).items() if each is not None}
    body = {
        "specversion": "1.0",
        "id": value.id,
        "source": f"{_SOURCE}{value.exchange}",
        "type": _TYPE.format(key=key),
        "time": written(at),
        "data": said,
    }
    return key, orjson.dumps(body)


def key_of(value: Tellable) -> str:
    """The routing key under which it is told."""
    match value:
        case Fact():
            return value.kind.value
        case Membership():
            return AGENT_STATE
        case Reachable():
            return AGENT_TELEPHONE if value.agent is not None else LINE_HEARTBEAT
        case Listening():
            return CONNECTED if value.connected else LOST


def heard(body: bytes) -> Tellable:
    """What a body tells. Raises MalformedMessage naming the field at fault, never its value."""
    found = read_json_object(body, at_most=LONGEST)
    envelope = _read(_Envelope, found, "")
    key = next((each for each in KEYS if envelope.type == _TYPE.format(key=each)), None)
    if key is None:
        raise MalformedMessage(
            "type", "is none that an exchange tells", "use hotline.<routing key>.v1"
        )
    if not envelope.id.startswith(f"{envelope.exchange}/"):
        raise MalformedMessage("id", "is of another exchange than source", "begin with its id")
    return _READERS.get(key, _fact)(envelope, key)


def _fact(envelope: _Envelope, key: str) -> Fact:
    data = _read(_FactData, envelope.data, "data")
    return Fact(
        id=envelope.id,
        kind=Kind(key),
        exchange=envelope.exchange,
        at=_utc(envelope.time),
        **{name: getattr(data, name) for name in _FactData.model_fields},
    )


def _membership(envelope: _Envelope, _key: str) -> Membership:
    data = _read(_MembershipData, envelope.data, "data")
    return Membership(**_heading(envelope), **dict(data))


def _telephone(envelope: _Envelope, _key: str) -> Reachable:
    data = _read(_TelephoneData, envelope.data, "data")
    return Reachable(**_heading(envelope), trunk=None, **dict(data))


def _heartbeat(envelope: _Envelope, _key: str) -> Reachable:
    data = _read(_HeartbeatData, envelope.data, "data")
    return Reachable(**_heading(envelope), agent=None, **dict(data))


def _listening(envelope: _Envelope, key: str) -> Listening:
    data = _read(_ListeningData, envelope.data, "data")
    return Listening(
        exchange=envelope.exchange,
        listener=data.listener,
        since=_utc(data.since),
        until=_utc(envelope.time),
        connected=key == CONNECTED,
        booted_at=None if data.booted_at is None else _utc(data.booted_at),
        surveyed=data.surveyed,
        gap=None if data.gap is None else _gap(envelope, data.listener, data.gap),
        clock_offset_s=data.clock_offset_s,
        lines=data.lines,
    )


def _gap(envelope: _Envelope, listener: str, data: _GapData) -> Gap:
    return Gap(
        exchange=envelope.exchange,
        listener=listener,
        why=data.why,
        began=_utc(data.from_),
        ended=_utc(data.to),
        surveyed=data.surveyed,
        offers_from=_utc(data.offers_from),
    )


_READERS: Final[Mapping[str, Callable[[_Envelope, str], Tellable]]] = {
    AGENT_STATE: _membership,
    AGENT_TELEPHONE: _telephone,
    LINE_HEARTBEAT: _heartbeat,
    CONNECTED: _listening,
    LOST: _listening,
}


def _data_of(value: Tellable) -> dict[str, Any]:
    if isinstance(value, Listening):
        return {
            "listener": value.listener,
            "since": written(value.since),
            "booted_at": value.booted_at and written(value.booted_at),
            "surveyed": value.surveyed or None,
            "gap": value.gap and _gap_data(value.gap),
            "clock_offset_s": value.clock_offset_s,
            "lines": list(value.lines) or None,
        }
    said = {each.name: getattr(value, each.name) for each in fields(value)}
    if not said.get("test"):
        said.pop("test", None)
    return {name: each for name, each in said.items() if name not in _HEADING}


def _gap_data(gap: Gap) -> dict[str, Any]:
    return {
        "from": written(gap.began),
        "to": written(gap.ended),
        "why": gap.why.value,
        "surveyed": gap.surveyed,
        "offers_from": written(gap.offers_from),
    }


def _time_of(value: Tellable) -> datetime:
    return value.until if isinstance(value, Listening) else value.at


def _heading(envelope: _Envelope) -> dict[str, Any]:
    return {"id": envelope.id, "exchange": envelope.exchange, "at": _utc(envelope.time)}


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


def _read(shape: type[R], found: Mapping[str, Any], where: str) -> R:
    try:
        return shape.model_validate(found)
    except ValidationError as error:
        raise MalformedMessage.from_error(where, error) from error
