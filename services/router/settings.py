"""What an operator may set for the router."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from shared.runtime import ServiceSettings, for_service


class RouterSettings(ServiceSettings):
    """Read from HOTLINE_ROUTER_* and HOTLINE_*; a bad value stops the start, not a message."""

    model_config = for_service("router")

    port: int = Field(8002, ge=0, le=65535)
    person_url: str = Field(
        "",
        validation_alias="HOTLINE_PERSON_URL",
        description="Where flat and number are shown (intake's /w/), without a path. Unset: under "
        "the work page's own name, where the proxy sends them to intake",
    )
    look_every: timedelta = Field(
        timedelta(milliseconds=500), description="How often due deadlines are looked for."
    )
    look_for_incidents_every: timedelta = Field(
        timedelta(seconds=5),
        description="How often what many report is looked for, and running incidents after.",
    )
    look_at_rosters_every: timedelta = Field(
        timedelta(seconds=30), description="How often rosters are looked through for gaps."
    )
    look_at_follow_ups_every: timedelta = Field(
        timedelta(seconds=2), description="How often due follow-up tasks are looked for."
    )
