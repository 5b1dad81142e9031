"""What an operator may set for the machine the hotline runs on."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hotline.errors import UnusableSettingError

# 0 means: any free port.
Port = Annotated[int, Field(ge=0, le=65_535)]


class HotlineSettings(BaseSettings):
    """Read from HOTLINE_* variables; a bad value stops the start."""

    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_", env_ignore_empty=True, frozen=True, hide_input_in_errors=True
    )

    data: Path = Field(Path(".hotline"), description="Where data, keys and logs are kept.")
    audit: Path | None = Field(None, description="The audit's anchors; default <data>/audit.")
    amqp_url: SecretStr | None = Field(None, description="Use this RabbitMQ, start none.")
    management_url: SecretStr | None = Field(None, description="That RabbitMQ's management API.")
    mongo_url: SecretStr | None = Field(None, description="Use this MongoDB, start none.")
    database: str = Field("hotline", description="The name of the database.")
    console_key_file: Path | None = Field(
        None, description="Where the console's key is kept; default <data>/console.key."
    )
    console_port: Port = 8000
    intake_port: Port = 8001
    router_port: Port = 8002
    notifier_port: Port = 8003
    survey_port: Port = 8004
    admin_port: Port = 8005
    telephony_port: Port = 8006
    exchange_port: Port = 8016

    def port_of(self, service: str) -> int:
        """Return the port set for the service."""
        return int(getattr(self, f"{service}_port"))


def read_settings() -> HotlineSettings:
    """Read the environment, or raise UnusableSettingError naming the variable that is wrong."""
    try:
        return HotlineSettings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = f"HOTLINE_{'_'.join(str(part) for part in first['loc']).upper()}"
        raise UnusableSettingError(
            f"The variable {name} cannot be used: {first['msg']}. Change it, or unset it for the "
            "default."
        ) from error
