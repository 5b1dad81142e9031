"""Debian's Prometheus and Alertmanager, each inside one folder on a port of its own."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import httpx
import yaml
from typing_extensions import override

from hotline.embedded.folder import write_private
from hotline.embedded.node import EmbeddedServer, ServerFolder
from hotline.embedded.process import Child, clean_environment
from hotline.errors import MissingProgramError

BUILD: Final = Path(__file__).parents[2] / "build"
"""Where `deploy/setup.sh watch` unpacks Debian's packages, in a checkout."""
KEPT: Final = "15d"


class WatchingServer(EmbeddedServer):
    """What both share: a file of settings, a folder of data, one port, an address that says when
    it is ready.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    program: ClassVar[str]

    def __init__(self, folder: ServerFolder, port: int) -> None:
        super().__init__(folder)
        self.port = port

    @classmethod
    def prepare(cls, folder: Path) -> Self:
        """Choose or read back the port, see that the program is there, and start nothing."""
        cls.find()
        server = ServerFolder(folder, f"The embedded {cls.name}")
        return cls(server, server.ports((cls.program,), None)[cls.program])

    @classmethod
    def find(cls) -> str:
        """Where the program is; raises MissingProgramError."""
        unpacked = cls._unpacked() / "usr" / "bin" / cls.program
        found = shutil.which(cls.program) or (str(unpacked) if unpacked.exists() else None)
        if found is None:
            raise MissingProgramError(
                f"The program {cls.program} is not there. Run `deploy/setup.sh watch`, which "
                f"unpacks it, or install the Debian package {cls.package}."
            )
        return found

    @classmethod
    def _unpacked(cls) -> Path:
        return BUILD / cls.package

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Write what it is to do; before its start."""
        write_private(self._config, yaml.safe_dump(dict(settings), allow_unicode=True))

    @property
    @override
    def log(self) -> Path:
        return self._folder.path / f"{self.program}.log"

    @property
    def _config(self) -> Path:
        return self._folder.path / f"{self.program}.yml"

    @override
    def _start(self) -> Child:
        self._folder.require_free_ports({self.program: self.port})
        data = self._folder.path / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        child = Child.start(
            self.program,
            [self.find(), f"--config.file={self._config}", *self._arguments(data)],
            env=clean_environment(),
            # What was unpacked finds its templates from here.
            folder=self._unpacked() if self._unpacked().exists() else self._folder.path,
            log=self.log,
            marker=str(self._config),
        )
        self._folder.record(child)
        return child

    def _arguments(self, data: Path) -> list[str]:
        return [f"--storage.path={data}", f"--web.listen-address=127.0.0.1:{self.port}"]

    @override
    def _answers(self) -> bool:
        try:
            ready = httpx.get(f"{self.url}/-/ready", timeout=2.0, trust_env=False)
        except httpx.HTTPError:
            return False
        return ready.is_success

    @override
    def _stop_companions(self) -> None:
        """It has none."""


class PrometheusNode(WatchingServer):
    """Keeps fifteen days."""

    name = "Prometheus"
    package = "prometheus"
    program = "prometheus"

    @override
    def _arguments(self, data: Path) -> list[str]:
        return [
            f"--storage.tsdb.path={data}",
            f"--storage.tsdb.retention.time={KEPT}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        ]


class AlertmanagerNode(WatchingServer):
    """Alone: it looks for no others."""

    name = "Alertmanager"
    package = "prometheus-alertmanager"
    program = "prometheus-alertmanager"

    @override
    def _arguments(self, data: Path) -> list[str]:
        return [*super()._arguments(data), "--cluster.listen-address="]
