"""Child processes that die with their parent, processes recognised beyond doubt, and the record of
those we started, for whoever comes after a crash of ours.
"""

from __future__ import annotations

import ctypes
import dataclasses
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from hotline.embedded.folder import read_json, write_json
from hotline.errors import LeftOverError

PR_SET_PDEATHSIG = 1
# What is killed with -9 is gone in milliseconds; longer means it hangs in the kernel.
KILL_GRACE = 10.0
POLL = 0.02
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that was started by us, recognised even after our own restart."""

    name: str
    pid: int
    start_ticks: int
    marker: str

    @classmethod
    def of(cls, name: str, pid: int, marker: str) -> Self:
        """Describe a living process; the marker is a part of its command line.

        Raises psutil.NoSuchProcess when there is none.
        """
        return cls(name=name, pid=pid, start_ticks=_start_ticks(pid), marker=marker)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(
            name=str(value["name"]),
            pid=int(value["pid"]),
            start_ticks=int(value["start_ticks"]),
            marker=str(value["marker"]),
        )

    def is_alive(self) -> bool:
        """Tell whether this very process still runs; a zombie does not."""
        try:
            same = _start_ticks(self.pid) == self.start_ticks
            return same and psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def is_ours(self) -> bool:
        """Tell whether it runs and its command line is the one we gave it."""
        try:
            return self.is_alive() and self.marker in " ".join(psutil.Process(self.pid).cmdline())
        except psutil.Error:
            return False

    def send(self, number: signal.Signals) -> None:
        """Send the signal to this very process; harmless when it is gone."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return
        try:
            # The descriptor pins the id, so what is checked is what is signalled.
            if self.is_alive():
                signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return
        finally:
            os.close(descriptor)

    def wait_gone(self, timeout: float) -> bool:
        """Wait until it no longer runs; tell whether that happened in time."""
        return wait_until(lambda: not self.is_alive(), timeout)

    def end(self, grace: float) -> None:
        """Ask it to end, and after the grace make it."""
        self.send(signal.SIGTERM)
        if not self.wait_gone(grace):
            self.send(signal.SIGKILL)
            self.wait_gone(KILL_GRACE)


class Child:
    """A process started by this one, in a session of its own, that dies with this one.

    Start it in a thread that lives as long as the child should: the kernel means the thread when
    it says parent.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], marker: str) -> None:
        self._process = process
        self.identity = Identity.of(name, process.pid, marker)

    @classmethod
    def start(
        cls,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        folder: Path,
        log: Path,
        marker: str,
    ) -> Self:
        """Start the program with its output appended to the log."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                list(argv),
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the rest in order
                preexec_fn=dies_with(os.getpid()),  # noqa: PLW1509 - it takes no lock of ours
            )
        return cls(name, process, marker)

    @property
    def pid(self) -> int:
        """The process id."""
        return self.identity.pid

    def returncode(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll()

    def is_running(self) -> bool:
        """Tell whether it has not ended yet."""
        return self.returncode() is None

    def seconds_computed(self) -> int:
        """Return how many whole seconds of a processor it has used; 0 once it has ended."""
        try:
            used = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0
        return int(used.user + used.system)

    def end(self, grace: float) -> None:
        """Ask it to end, after the grace make it, and leave no child of its own behind."""
        family = descendants(self.identity)
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(grace)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._bury(family)

    def kill(self) -> None:
        """End it at once, as a power cut would, and leave no child of its own behind."""
        family = descendants(self.identity)
        if self.is_running():
            self._process.kill()
        self._bury(family)

    def _bury(self, family: Sequence[Identity]) -> None:
        self._process.wait(KILL_GRACE)
        for orphan in family:
            if not orphan.wait_gone(2.0):
                orphan.end(grace=1.0)


def descendants(identity: Identity) -> list[Identity]:
    """Return the living processes below this one."""
    if not identity.is_alive():
        return []
    found = []
    for process in psutil.Process(identity.pid).children(recursive=True):
        try:
            found.append(Identity.of(process.name(), process.pid, ""))
        except psutil.NoSuchProcess:
            continue
    return found


def dies_with(parent: int) -> Callable[[], None]:
    """Return a hook for the new process: end it when the parent does."""

    def hook() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the call above
            os._exit(1)

    return hook


def describe_exit(code: int | None) -> str:
    """Say how a process ended."""
    if code is None:
        return "it still runs"
    return f"it ended with exit code {code}" if code >= 0 else f"it was ended by signal {-code}"


def wait_until(happened: Callable[[], bool], timeout: float) -> bool:
    """Wait for the condition; tell whether it came in time."""
    until = time.monotonic() + timeout
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(POLL)
    return True


def clean_environment(*prefixes: str) -> dict[str, str]:
    """Return this process's environment without the variables that begin so."""
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}


def _start_ticks(pid: int) -> int:
    """Return the start time in clock ticks since boot: exact, where a wall-clock time drifts."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError) as error:
        raise psutil.NoSuchProcess(pid) from error
    # The program's name stands in parentheses and may itself hold spaces and parentheses.
    return int(stat.rpartition(")")[2].split()[19])


class ChildrenFile:
    """Names the living children of one process, by id, start time and command line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, children: Iterable[Child]) -> None:
        """Write down what runs now, in place of what was written before."""
        write_json(self._path, [dataclasses.asdict(child.identity) for child in children])

    def forget(self) -> None:
        """Write down that nothing runs."""
        self._path.unlink(missing_ok=True)

    def end_left_over(self, grace: float) -> list[Identity]:
        """End what a killed process left running, and return it; call only under the lock.

        Raises LeftOverError for a process that cannot be taken for ours, or that does not end.
        """
        living = [identity for identity in self._read() if identity.is_alive()]
        for identity in living:
            self._end(identity, grace)
        self.forget()
        return living

    def _read(self) -> list[Identity]:
        try:
            return [Identity.from_json(value) for value in read_json(self._path) or []]
        except (KeyError, TypeError, ValueError) as error:
            raise LeftOverError(
                f"{self._path}, the list of processes an earlier run started, cannot be read "
                f"({error!r}). See that none of them runs any more, delete the file and start "
                "again."
            ) from error

    def _end(self, identity: Identity, grace: float) -> None:
        known = f"Process {identity.pid} ({identity.name}), listed in {self._path},"
        if not identity.is_ours():
            raise LeftOverError(
                f"{known} was started by an earlier run but no longer has the command line it was "
                "given, so it is not touched. Find out what it is, end it yourself, and start "
                "again."
            )
        try:
            identity.end(grace)
        except PermissionError as error:
            raise LeftOverError(
                f"{known} is left over from a run of another user and may not be ended by this "
                "one. End it as that user, or choose another data folder."
            ) from error
        if identity.is_alive():
            raise LeftOverError(
                f"{known} is left over from an earlier run and does not end. End it yourself "
                f"(kill -9 {identity.pid}) and start again."
            )
