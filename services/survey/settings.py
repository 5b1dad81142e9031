"""What an operator may set for the survey."""

from __future__ import annotations

from pydantic import Field

from shared.runtime import ServiceSettings, for_service


class SurveySettings(ServiceSettings):
    """Read from HOTLINE_SURVEY_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("survey")

    port: int = Field(8004, ge=0, le=65535)
