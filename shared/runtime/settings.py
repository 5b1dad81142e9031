"""What an operator may set for every service; a bad value stops the start, not a message."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def for_service(service: str) -> SettingsConfigDict:
    """Settings of one service: HOTLINE_<SERVICE>_* first, HOTLINE_* for what all share."""
    return SettingsConfigDict(
        env_prefix=f"HOTLINE_{service.upper()}_", frozen=True, populate_by_name=True
    )


def _shared(name: str) -> str:
    """The variable that sets it for all services at once; no bare HOST or DATABASE counts."""
    return f"HOTLINE_{name.upper()}"


class ServiceSettings(BaseSettings):
    """Read from HOTLINE_* variables."""

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", frozen=True, populate_by_name=True)

    amqp_url: SecretStr = Field(
        validation_alias=_shared("amqp_url"), description="amqp://user:password@host:port/vhost"
    )
    mongo_url: SecretStr = Field(
        validation_alias=_shared("mongo_url"), description="A replica set; mongodb://…"
    )
    database: str = Field("hotline", validation_alias=_shared("database"))
    data: Path = Field(
        Path(".hotline"), validation_alias=_shared("data"), description="Folder of keys and logs"
    )
    keys: Path | None = Field(
        None, validation_alias=_shared("keys"), description="Key file; default <data>/keys.json"
    )
    count_statements: bool = Field(
        False,
        validation_alias=_shared("count_statements"),
        description="Count what is asked of the store, for measurements; costs processor time",
    )
    host: str = Field("127.0.0.1", validation_alias=_shared("host"))
    log_level: str = Field("INFO", validation_alias=_shared("log_level"))
    port: int = Field(0, ge=0, le=65535)
    survey_url: str = Field(
        "http://127.0.0.1:8004",
        validation_alias=_shared("survey_url"),
        description="Where residents reach the survey, for links in messages",
    )

    @property
    def key_file(self) -> Path:
        """The key file in use."""
        return self.keys or self.data / "keys.json"
