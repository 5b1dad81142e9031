"""What an operator may set for telephony."""

from __future__ import annotations

from pydantic import Field

from shared.runtime import ServiceSettings, for_service


class TelephonySettings(ServiceSettings):
    """Read from HOTLINE_TELEPHONY_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("telephony")

    port: int = Field(8006, ge=0, le=65535)
