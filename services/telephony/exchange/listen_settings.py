"""What an operator may set for the adapter of an exchange."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, model_validator

from services.telephony.exchange.listen_adapter import Manager
from services.telephony.exchange.read import UnusableFileError, read_document
from services.telephony.exchange.translate_document import ExchangeDocument
from shared.runtime import ProcessSettings, for_service

_Port = Annotated[int, Field(ge=0, le=65535)]


class ListenSettings(ProcessSettings):
    """Read from HOTLINE_EXCHANGE_* and HOTLINE_*; a bad value stops the start, not a call."""

    model_config = for_service("exchange")

    port: _Port = 8016
    name: str = Field(description="The exchange, as its document and its broker user name it.")
    document: Path = Field(description="The file that describes the exchange.")
    listener: str = Field(
        "1", pattern=r"^[a-z0-9-]{1,20}$", description="Which of several that listen to it."
    )
    amqp_url: SecretStr = Field(
        description="The broker, by the exchange's own user (`hotline publishers add`)."
    )
    manager_host: str = Field("127.0.0.1", description="Where its manager interface is.")
    manager_port: _Port = 5038
    manager_user: str = "hotline"
    manager_secret: SecretStr | None = Field(None, description="Or in a file.")
    manager_secret_file: Path | None = None

    @cached_property
    def described(self) -> ExchangeDocument:
        """The exchange's document."""
        return read_document(self.document)

    @property
    def manager(self) -> Manager:
        """Where the exchange is, and who we are there."""
        return Manager(self.manager_host, self.manager_port, self.manager_user, self._secret())

    @property
    def broker_user(self) -> str:
        """Whose messages the broker says they are."""
        return unquote(urlsplit(self.amqp_url.get_secret_value()).username or "")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        try:
            described = self.described
            secret = self._secret()
        except (UnusableFileError, OSError) as error:
            raise ValueError(str(error)) from error
        if described.exchange != self.name:
            raise ValueError(f"{self.document} describes {described.exchange}, not {self.name}.")
        if self.broker_user != self.name:
            raise ValueError(
                f"HOTLINE_EXCHANGE_AMQP_URL must be the address of the broker user {self.name!r}, "
                f"which `hotline publishers add {self.name} --exchange` makes."
            )
        if not secret:
            raise ValueError(
                "Set HOTLINE_EXCHANGE_MANAGER_SECRET, or HOTLINE_EXCHANGE_MANAGER_SECRET_FILE."
            )
        return self

    def _secret(self) -> str:
        if self.manager_secret is not None:
            return self.manager_secret.get_secret_value()
        return (
            self.manager_secret_file.read_text("utf-8").strip() if self.manager_secret_file else ""
        )
