"""Prometheus and Alertmanager beside a hotline: what they are told, and their life."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from hotline.embedded.node import EmbeddedServer
from hotline.embedded.prometheus import AlertmanagerNode, PrometheusNode
from hotline.endpoints import Endpoints
from hotline.servers import until_ready
from hotline.watching.targets import alertmanager_settings, prometheus_settings, write_targets
from shared.identity import sign_link
from shared.privacy import load_keys

FOLDER = "watching"
ALARMS = "/v1/alarms"


@dataclass(frozen=True, slots=True)
class Watchers:
    """Both, below one data folder."""

    folder: Path
    prometheus: PrometheusNode
    alertmanager: AlertmanagerNode

    @classmethod
    def prepare(cls, data: Path) -> Self:
        """Choose their ports; raises MissingProgramError where one is not there."""
        folder = data / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(
            folder,
            PrometheusNode.prepare(folder / "prometheus"),
            AlertmanagerNode.prepare(folder / "alertmanager"),
        )

    @property
    def servers(self) -> tuple[EmbeddedServer, ...]:
        """What is kept running."""
        return self.alertmanager, self.prometheus

    async def start(self, endpoints: Endpoints, broker: str | None) -> None:
        """Scrape what answers there, and return when both serve; raises StartFailedError."""
        targets = self.folder / "targets.json"
        write_targets(targets, endpoints.services, self.prometheus.url)
        settings = prometheus_settings(
            targets,
            router=endpoints.services["router"],
            broker=broker,
            alertmanager=self.alertmanager.url,
        )
        self.prometheus.configure(settings)
        self.alertmanager.configure(alertmanager_settings(self._receivers(endpoints)))
        for server in self.servers:
            server.launch()
        await asyncio.gather(*(until_ready(server) for server in self.servers))

    async def stop(self) -> None:
        """End both; what they kept stays."""
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in self.servers))

    def _receivers(self, endpoints: Endpoints) -> dict[str, dict[str, Any]]:
        """All lead to the notifier, which tells who is on shift."""
        keys = load_keys(self.folder.parent / "keys.json")
        token = sign_link("alarm", "alertmanager", keys.link)
        address = f"{endpoints.services['notifier']}{ALARMS}/{token}"
        return {name: {"url": address} for name in ("floor", "ops", "outside")}
