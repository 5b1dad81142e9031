"""What an operator may set for the console."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr

from shared.runtime import ProcessSettings, for_service

FILE_NAME: Final = "console.key"


class ConsoleSettings(ProcessSettings):
    """Read from HOTLINE_CONSOLE_* and HOTLINE_*; a bad value stops the start, not a page."""

    model_config = for_service("console")

    port: int = Field(8000, ge=0, le=65535)
    key_file: Path | None = Field(
        None, description="Where its key is; default <data>/console.key, made by `hotline seed`."
    )
    intake_url: str = Field("http://127.0.0.1:8001", description="Where intake answers.")
    router_url: str = Field("http://127.0.0.1:8002", description="Where the router answers.")
    notifier_url: str = Field("http://127.0.0.1:8003", description="Where the notifier answers.")
    survey_url: str = Field("http://127.0.0.1:8004", description="Where the survey answers.")
    admin_url: str = Field("http://127.0.0.1:8005", description="Where the administration answers.")
    telephony_url: str = Field("http://127.0.0.1:8006", description="Where telephony answers.")

    amqp_url: SecretStr | None = Field(
        None,
        validation_alias="HOTLINE_AMQP_URL",
        description="Where it hears what happens; unset: it looks every five seconds.",
    )

    @property
    def key_path(self) -> Path:
        """The file of its key that is in use."""
        return self.key_file or self.data / FILE_NAME

    def address_of(self, service: str) -> str:
        """Where a service answers."""
        return str(getattr(self, f"{service}_url"))
