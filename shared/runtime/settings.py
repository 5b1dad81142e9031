"""What an operator may set for every service; a bad value stops the start, not a message."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.audit.anchors import FOLDER
from shared.privacy import Keys
from shared.privacy.key_wrap import KeyService, KeyWrap


def for_service(service: str) -> SettingsConfigDict:
    """Settings of one service: HOTLINE_<SERVICE>_* first, HOTLINE_* for what all share."""
    return SettingsConfigDict(
        env_prefix=f"HOTLINE_{service.upper()}_", frozen=True, populate_by_name=True
    )


def _shared(name: str) -> str:
    """The variable that sets it for all services at once; no bare HOST or DATABASE counts."""
    return f"HOTLINE_{name.upper()}"


def names(value: object) -> object:
    """Names with commas or spaces between them, as a variable holds them."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


class ProcessSettings(BaseSettings):
    """What every process of ours is told, also one without store, broker and keys: where it
    listens, who stands before it, how it logs.
    """

    model_config = SettingsConfigDict(env_prefix="HOTLINE_", frozen=True, populate_by_name=True)

    data: Path = Field(
        Path(".hotline"), validation_alias=_shared("data"), description="Folder of keys and logs"
    )
    host: str = Field("127.0.0.1", validation_alias=_shared("host"))
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(names)] = Field(
        (),
        validation_alias=_shared("trusted_proxies"),
        description="Addresses or networks of our own proxies: whom they name in X-Forwarded-For "
        "asked. Unset: whoever is connected asked",
    )
    log_level: str = Field("INFO", validation_alias=_shared("log_level"))
    port: int = Field(0, ge=0, le=65535)

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ipaddress.ip_network(proxy)
            except ValueError as error:
                raise ValueError("must be addresses or networks, such as 10.0.0.0/8") from error
        return proxies


class ServiceSettings(ProcessSettings):
    """Read from HOTLINE_* variables."""

    amqp_url: SecretStr = Field(
        validation_alias=_shared("amqp_url"), description="amqp://user:password@host:port/vhost"
    )
    mongo_url: SecretStr = Field(
        validation_alias=_shared("mongo_url"), description="A replica set; mongodb://…"
    )
    database: str = Field("hotline", validation_alias=_shared("database"))
    keys: Path | None = Field(
        None, validation_alias=_shared("keys"), description="Key file; default <data>/keys.json"
    )
    audit: Path | None = Field(
        None,
        validation_alias=_shared("audit"),
        description="Folder of the audit's anchors; default <data>/audit",
    )
    kms_provider: str | None = Field(
        None,
        validation_alias=_shared("kms_provider"),
        description="Who wraps the data keys instead of the local master key: aws, azure, gcp, "
        "kmip, or one of these with a name of its own, such as aws:second",
    )
    kms_providers: SecretStr | None = Field(
        None,
        validation_alias=_shared("kms_providers"),
        description="JSON: how to reach each, as MongoDB's driver takes it",
    )
    kms_master_key: dict[str, Any] | None = Field(
        None,
        validation_alias=_shared("kms_master_key"),
        description="JSON: which of its keys, as MongoDB's driver takes it",
    )
    count_statements: bool = Field(
        False,
        validation_alias=_shared("count_statements"),
        description="Count what is asked of the store, for measurements; costs processor time",
    )
    work_url: str = Field(
        "http://127.0.0.1:8002",
        validation_alias=_shared("work_url"),
        description="Where whoever has work or was alerted reaches it, for links in messages",
    )
    survey_url: str = Field(
        "http://127.0.0.1:8004",
        validation_alias=_shared("survey_url"),
        description="Where residents reach the survey, for links in messages",
    )

    policy_url: str = Field(
        "http://127.0.0.1:8005",
        validation_alias=_shared("policy_url"),
        description="Where staff reach the administration to confirm having read a policy, for "
        "links in messages",
    )

    @model_validator(mode="after")
    def _can_wrap(self) -> Self:
        if self.kms_provider is None:
            return self
        try:
            known = json.loads(self.kms_providers.get_secret_value() if self.kms_providers else "")
        except ValueError as error:
            raise ValueError("HOTLINE_KMS_PROVIDERS must be JSON, by provider") from error
        if not isinstance(known, dict) or self.kms_provider not in known:
            raise ValueError("HOTLINE_KMS_PROVIDERS must name HOTLINE_KMS_PROVIDER")
        return self

    def key_wrap(self, keys: Keys) -> KeyWrap:
        """What wraps the data keys: the local master keys, or beside them a key service."""
        local = keys.masters.to_wrapping()
        if self.kms_provider is None or self.kms_providers is None:
            return local
        providers = json.loads(self.kms_providers.get_secret_value())
        return local.beside(KeyService(self.kms_provider, providers, self.kms_master_key))

    @property
    def key_file(self) -> Path:
        """The key file in use."""
        return self.keys or self.data / "keys.json"

    @property
    def audit_folder(self) -> Path:
        """The folder of anchors in use."""
        return self.audit or self.data / FOLDER
