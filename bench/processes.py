"""Processes of the bench: started, stopped, and frozen while somebody else has the machine."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from hotline.embedded.process import Child

MEGABYTE = 1024 * 1024
STOP_GRACE = 15.0


class Process:
    """One process that ends with the bench at the latest."""

    def __init__(
        self, name: str, argv: Sequence[str], *, environment: Mapping[str, str], log: Path
    ) -> None:
        self.name = name
        self.log = log
        self._argv = argv
        self._environment = environment
        self._child: Child | None = None
        self._stopped = False

    def start(self) -> None:
        """Start it; it may take a while until it serves."""
        self._stopped = False
        self._child = Child.start(
            self.name,
            self._argv,
            env=self._environment,
            folder=Path.cwd(),
            log=self.log,
            marker=" ".join(self._argv[1:]),
        )

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._child is not None, "it has been started"
        return self._child.pid

    def is_running(self) -> bool:
        """Whether it is there, be it frozen."""
        return self._child is not None and self._child.is_running()

    def has_died(self) -> bool:
        """Whether it ended without being stopped."""
        return self._child is not None and not self._stopped and not self._child.is_running()

    def stop(self) -> None:
        """End it in order."""
        self._stopped = True
        if self._child is not None and self._child.is_running():
            self._child.identity.send(signal.SIGCONT)
            self._child.end(STOP_GRACE)

    def kill(self) -> None:
        """End it at once."""
        if self._child is not None:
            self._child.kill()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this very process."""
        if self._child is not None:
            self._child.identity.send(number)

    @property
    def megabytes(self) -> float:
        """What it holds in memory now."""
        return float(psutil.Process(self.pid).memory_info().rss) / MEGABYTE


@contextmanager
def frozen(processes: Iterable[Process]) -> Iterator[None]:
    """Nothing of these runs while the block lasts: not even what they do by the clock."""
    stopped = [process for process in processes if process.is_running()]
    for process in stopped:
        process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            process.signal(signal.SIGCONT)


def cpu_seconds(pid: int) -> float:
    """The processor time of a process with all below it, as far as they still live."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)
