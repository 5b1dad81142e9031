"""The whole frame with servers of its own, from outside: started, refused, killed, stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from hotline.embedded.folder import read_json
from hotline.embedded.ports import is_free
from hotline.embedded.process import Identity, descendants, wait_until

pytestmark = pytest.mark.whole
PROGRAM = [sys.executable, "-m", "tests.hotline.up_with_stand_ins"]


class Up:
    """One run of the program on a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = subprocess.Popen([*PROGRAM, str(data)], stderr=subprocess.PIPE, text=True)

    def await_ready(self) -> list[Identity]:
        endpoints = self.data / "endpoints.json"
        assert wait_until(lambda: endpoints.exists() or self.process.poll() is not None, 60.0)
        assert self.process.poll() is None, self.said()
        return descendants(Identity.of("up", self.process.pid, ""))

    def end(self, number: signal.Signals) -> str:
        self.process.send_signal(number)
        return self.said()

    def said(self) -> str:
        return self.process.communicate(timeout=60.0)[1]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "数据 data"  # neither a space nor Chinese may trouble the servers


@pytest.fixture
def start(data: Path) -> Iterator[Callable[[], Up]]:
    """Starts the program; what the test leaves running ends with it."""
    runs: list[Up] = []

    def start_one() -> Up:
        runs.append(Up(data))
        return runs[-1]

    yield start_one
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def test_killed_and_started_again_it_leaves_nothing_behind(
    data: Path, start: Callable[[], Up]
) -> None:
    up = start()
    first = up.await_ready()
    assert {"mongod", "epmd", "beam.smp"} <= {identity.name for identity in first}

    second = start()
    assert f"process {up.process.pid}" in second.said()
    assert second.process.returncode == 1

    up.end(signal.SIGKILL)
    (data / "endpoints.json").unlink()  # so that its return means the next run is ready
    again = start()
    living = again.await_ready()
    assert [identity for identity in first if identity.is_alive()] == []

    beam = next(identity for identity in living if identity.name == "beam.smp")
    said = _interrupt_after_a_crash(again, beam)
    assert "server starts again" in said
    assert again.process.returncode == 0
    assert [identity for identity in living if identity.is_alive()] == []
    assert list(_processes_naming(data)) == []
    ports = read_json(data / "rabbitmq" / "ports.json")
    assert all(is_free(port) for port in ports.values())


def _interrupt_after_a_crash(up: Up, beam: Identity) -> str:
    """Kill the broker, and press Ctrl-C while it is being started again."""
    beam.send(signal.SIGKILL)
    known = up.data / "rabbitmq" / "children.json"
    assert wait_until(lambda: _pid_of("rabbitmq", known) not in (beam.pid, None), 20.0)
    return up.end(signal.SIGINT)


def _pid_of(name: str, children: Path) -> int | None:
    return next(
        (child["pid"] for child in read_json(children) or [] if child["name"] == name), None
    )


def _processes_naming(data: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter(["cmdline"]):
        if process.pid != os.getpid() and str(data) in " ".join(process.info["cmdline"] or ()):
            yield process
