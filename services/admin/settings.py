"""What an operator may set for the administration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from shared.runtime import ServiceSettings, for_service
from shared.runtime.settings import names

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class AdminSettings(ServiceSettings):
    """Read from HOTLINE_ADMIN_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("admin")

    port: int = Field(8005, ge=0, le=65535)
    certificate: Path | None = Field(
        None, description="PEM file of the certificate that browsers are shown, to warn of its end."
    )
    backups: Path | None = Field(
        None, description="Folder of backups, to warn when the newest is older than 36 hours."
    )
    oidc_issuer: str | None = Field(
        None, description="The identity provider's address, as it names itself; unset: none."
    )
    oidc_client_id: str | None = Field(None, description="Our name at the provider.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="Our password there; a public client has none."
    )
    oidc_redirect_url: str = Field(
        "http://127.0.0.1:8005/v1/session/oidc/callback",
        description="Where the provider sends people back to; it must know this address.",
    )
    oidc_console_url: str | None = Field(
        None,
        description="The same for who signs in at the console: its address with "
        "/session/provider; unset: the console offers no provider.",
    )
    oidc_second_factor: bool = Field(
        False,
        description="true: roles which need a second factor may sign in there, where the "
        "provider's token says by `amr` or `acr` that one was shown.",
    )
    oidc_acr_values: Annotated[tuple[str, ...], NoDecode, BeforeValidator(names)] = Field(
        (),
        description="Values of `acr` that mean a second factor at the provider; they are asked "
        "for.",
    )

    @field_validator("oidc_issuer", "oidc_console_url")
    @classmethod
    def _is_safe(cls, address: str | None) -> str | None:
        if address is not None and not is_safe(address):
            raise ValueError("must begin with https:// (http:// on this machine only)")
        return address

    @model_validator(mode="after")
    def _names_us_too(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("oidc_issuer and oidc_client_id belong together: set both, or none")
        return self


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read or change what an address answers."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
