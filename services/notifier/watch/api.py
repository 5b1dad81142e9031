"""`/v1/alarms`: Alertmanager's webhook."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.notifier.watch.domain import Alert
from services.notifier.watch.telling import Watch
from shared.contracts.refusals import NotThere
from shared.contracts.times import Moment
from shared.runtime import Routes, Source, open_to_all
from shared.store.tries import Misses

Short = Annotated[str, Field(max_length=200)]
Long = Annotated[str, Field(max_length=1000)]


class _Sent(BaseModel):
    """What Alertmanager sends; what else it says is left out."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)


class LabelsBody(_Sent):
    """Of an alert's labels, those that count here."""

    alertname: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\w+$")]
    severity: Literal["page", "ticket"] = "ticket"


class AnnotationsBody(_Sent):
    """What is said to people."""

    summary: Annotated[str, Field(min_length=1, max_length=1000)]
    runbook_url: Long = ""


class AlertBody(_Sent):
    """One alert of Alertmanager's."""

    status: Literal["firing", "resolved"]
    labels: LabelsBody
    annotations: AnnotationsBody
    startsAt: Moment  # noqa: N815 - Alertmanager's own name
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{1,64}$")]

    def alert(self) -> Alert:
        """As it is told."""
        return Alert(
            name=self.labels.alertname,
            state=self.status,
            severity=self.labels.severity,
            summary=self.annotations.summary,
            runbook=self.annotations.runbook_url,
            since=self.startsAt,
            mark=self.fingerprint,
        )


class AlarmsBody(_Sent):
    """A notification, version 4."""

    version: Literal["4"]
    alerts: Annotated[list[AlertBody], Field(min_length=1, max_length=200)]


class AlarmsView(BaseModel):
    """What became of it: how many people are told of something new."""

    told: int


def build_alarms_api(watch: Watch, misses: Misses) -> Routes:
    """The address is signed: whoever has it may wake people."""
    router = Routes("/v1/alarms", tags=["messages"], dependencies=[open_to_all()])

    @router.post("/{token}")
    async def take(token: str, body: AlarmsBody, source: Source) -> AlarmsView:
        """Tell what rings and what has ended; said again word for word it is told once."""
        async with misses.counting("link", source, NotThere):
            return AlarmsView(told=await watch.take(token, [each.alert() for each in body.alerts]))

    return router
