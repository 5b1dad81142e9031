"""What an operator may set for the notifier."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, model_validator
from pydantic_settings import NoDecode

from shared.contracts import Lane
from shared.runtime import ServiceSettings, for_service
from shared.runtime.settings import names


class NotifierSettings(ServiceSettings):
    """Read from HOTLINE_NOTIFIER_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("notifier")

    port: int = Field(8003, ge=0, le=65535)
    smtp_host: str | None = Field(
        None,
        description="The mail server for staff; without one only webhooks reach them.",
    )
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool | None = Field(
        None,
        description="true: refuse a server without it; false: never; unset: where the server "
        "offers it, and always before signing in.",
    )
    smtp_from: str = Field(
        "hotline@localhost", description="The sender's address.", pattern=r"^[^@\s]+@[^@\s]+$"
    )
    smtp_timeout: timedelta = Field(
        timedelta(seconds=20), description="For one routine mail as a whole."
    )
    smtp_timeout_urgent: timedelta = Field(
        timedelta(seconds=5), description="For one urgent mail as a whole."
    )
    webhook_timeout: timedelta = Field(
        timedelta(seconds=10), description="For one routine webhook as a whole."
    )
    webhook_timeout_urgent: timedelta = Field(
        timedelta(seconds=5), description="For one urgent webhook as a whole."
    )
    webhook_plain_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(names)] = Field(
        frozenset(),
        description="Hosts, or host:port, whose webhooks may be reached by http and within a "
        "private network; all others by https only.",
    )
    webhook_private_hosts: Annotated[frozenset[str], NoDecode, BeforeValidator(names)] = Field(
        frozenset(),
        description="Hosts, or host:port, whose webhooks may be reached by https within a private "
        "network; all others at public addresses only.",
    )
    sending_limit: timedelta = Field(
        timedelta(seconds=30),
        description="Older than this, a routine message that is being sent counts as unknown.",
    )
    sending_limit_urgent: timedelta = Field(
        timedelta(seconds=8),
        description="Older than this, an urgent message that is being sent is sent again.",
    )
    receipt_url: str = Field(
        "http://127.0.0.1:8003",
        description="Where providers reach this service, to say that a message has arrived.",
    )
    digest_after: timedelta = Field(
        timedelta(seconds=20),
        description="A digest goes out when nothing more came for it so long.",
        gt=timedelta(0),
    )
    at_once: PositiveInt = Field(20, description="Routine messages handed over at the same time.")
    at_once_urgent: PositiveInt = Field(40, description="The same for urgent ones, on top.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for lane, limit in self.limits.items():
            if limit <= max(self.timeouts[lane], self.webhook_timeouts[lane]):
                raise ValueError(f"the {lane} sending limit must be longer than the timeouts")
        return self

    @property
    def starttls(self) -> bool | None:
        """Whether to encrypt; a password never goes out in clear unless an operator says so."""
        return True if self.smtp_starttls is None and self.smtp_username else self.smtp_starttls

    @property
    def limits(self) -> dict[Lane, timedelta]:
        """When an attempt counts as dead, by lane."""
        return {"routine": self.sending_limit, "urgent": self.sending_limit_urgent}

    @property
    def timeouts(self) -> dict[Lane, timedelta]:
        """How long one mail may take, by lane."""
        return {"routine": self.smtp_timeout, "urgent": self.smtp_timeout_urgent}

    @property
    def webhook_timeouts(self) -> dict[Lane, timedelta]:
        """How long one webhook may take, by lane."""
        return {"routine": self.webhook_timeout, "urgent": self.webhook_timeout_urgent}

    @property
    def workers(self) -> dict[Lane, int]:
        """How many messages are handed over at the same time, by lane."""
        return {"routine": self.at_once, "urgent": self.at_once_urgent}
