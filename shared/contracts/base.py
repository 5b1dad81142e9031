"""What every event looks like, and the envelope it travels in (CloudEvents 1.0, structured)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, ClassVar, Final, Literal, Self

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict
from typing_extensions import override

from shared.contracts.errors import MalformedMessage, UnknownEvent

Lane = Literal["urgent", "routine"]
CLOUDEVENTS_JSON: Final = "application/cloudevents+json"
DIGEST_BYTES: Final = 16
"""So long that nobody finds another event of the same digest; a ticket keeps some dozens."""

_registry: dict[str, type[Event]] = {}


class Event(BaseModel):
    """A fact in the past tense: ids and facts, nothing personal.

    Fields may be added when they are optional; a changed meaning needs a new class and `name`.
    Unknown fields are ignored, so that an older consumer reads a newer publisher.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    name: ClassVar[str]
    version: ClassVar[int] = 1
    must_be_founded: ClassVar[bool] = False
    """True where what it brings about cannot be undone: the document that said it is asked, whoever
    published it."""
    can_be_urgent: ClassVar[bool] = True
    """False for news that nobody waits for: routine, however urgent what it is about."""

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Register each event that has a name, so that a message finds its class."""
        super().__init_subclass__(**kwargs)
        if "name" in cls.__dict__:
            _registry[cls.event_type()] = cls

    @classmethod
    def event_type(cls) -> str:
        """The CloudEvents `type`, such as `hotline.ticket.registered.v1`."""
        return f"hotline.{cls.name}.v{cls.version}"


class Envelope(BaseModel):
    """One event on the wire.

    `id` is `<kind>/<aggregate>/<version>/<n>`, the same at every repeat, so that a consumer can
    recognise one. `time` is aware and comes from the database's clock.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: str
    source: str
    type: str
    time: AwareDatetime
    subject: str
    lane: Lane
    data: dict[str, Any]
    traceparent: str | None = None
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: Literal["application/json"] = "application/json"

    @classmethod
    def seal(  # the facts of one envelope, each named at the call
        cls, event: Event, *, id: str, source: str, subject: str, lane: Lane, time: datetime
    ) -> Self:
        """Wrap `event`; `time` must be aware."""
        return cls(
            id=id,
            source=source,
            type=event.event_type(),
            time=time,
            subject=subject,
            lane=lane,
            data=event.model_dump(mode="json"),
        )

    @property
    def routing_key(self) -> str:
        """`<family>.<event>.<lane>`."""
        return routing_key(self.type.removeprefix("hotline.").rsplit(".", 1)[0], self.lane)

    def to_body(self) -> bytes:
        """The bytes that are published and kept in the outbox."""
        return orjson.dumps(self.model_dump(mode="json", exclude_none=True))

    def digest(self) -> bytes:
        """What stands for the event in the document that said it: of all that a handler acts on.
        The same in every release, also where a later one adds to the envelope.
        """
        facts = (self.id, self.type, self.time.isoformat(), self.lane, self.data)
        body = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(body).digest()[:DIGEST_BYTES]

    def event(self) -> Event:
        """Read the data by its class.

        Raises UnknownEvent for a type or version this release does not know, MalformedMessage
        for data that does not fit its class.
        """
        kind = _registry.get(self.type)
        if kind is None:
            raise UnknownEvent(self.type)
        try:
            return kind.model_validate(self.data)
        except ValueError as error:
            raise MalformedMessage.from_error("data", error) from error


def routing_key(name: str, lane: Lane) -> str:
    """`<family>.<event>.<lane>` for the event called `name`."""
    return f"{name}.{lane}"


def read_envelope(body: bytes) -> Envelope:
    """Read an event from the wire; raises MalformedMessage naming the field at fault."""
    try:
        return Envelope.model_validate(orjson.loads(body))
    except orjson.JSONDecodeError as error:
        raise MalformedMessage("body", "is not JSON", "send one UTF-8 JSON object") from error
    except ValueError as error:
        raise MalformedMessage.from_error("envelope", error) from error


def known_events() -> dict[str, type[Event]]:
    """Every event this release knows, by its CloudEvents type."""
    return dict(_registry)
