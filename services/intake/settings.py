"""What an operator may set for intake."""

from __future__ import annotations

from pydantic import Field

from shared.runtime import ServiceSettings, for_service


class IntakeSettings(ServiceSettings):
    """Read from HOTLINE_INTAKE_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("intake")

    port: int = Field(8001, ge=0, le=65535)
    require_user_id: bool = Field(
        False,
        validation_alias="HOTLINE_REQUIRE_USER_ID",
        description="Refuse routine reports and commands whose sender the broker did not check.",
    )
