"""What both embedded servers share: a folder, saved ports, and a life from launch to stop."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from hotline.embedded.folder import FolderLock, private_folder, read_json, write_json
from hotline.embedded.ports import Wanted, free_ports, require_all_free
from hotline.embedded.process import Child, ChildrenFile, describe_exit
from hotline.errors import StartFailedError
from hotline.patience import LONGEST_START

STOP_GRACE = 30.0
# Erlang loses a SIGTERM that comes early in its start; nothing was served that could be lost.
UNSERVED_GRACE = 2.0
# A slow machine gets as much time as for the services; one that ends is not waited for.
READY_TIMEOUT = LONGEST_START
POLL = 0.05
LOG_TAIL_LINES = 12


class ServerFolder:
    """The folder of one embedded server: its saved facts, its lock and its living processes."""

    def __init__(self, folder: Path, server: str) -> None:
        self.path = private_folder(folder)
        self.server = server
        self._lock = FolderLock(self.path, server)
        self._children = ChildrenFile(self.path / "children.json")

    @property
    def ports_file(self) -> Path:
        """Where the chosen ports are kept."""
        return self.path / "ports.json"

    def ports(self, names: Sequence[str], given: Mapping[str, int] | None) -> dict[str, int]:
        """Return the given ports, or the saved ones, or new ones, and save them."""
        saved = read_json(self.ports_file)
        if given is not None:
            ports = dict(given)
        elif isinstance(saved, dict) and saved.keys() == set(names):
            ports = {name: int(saved[name]) for name in names}
        else:
            ports = dict(zip(names, free_ports(len(names)), strict=True))
        if ports != saved:
            write_json(self.ports_file, ports)
        return ports

    def facts(self, name: str, first: Mapping[str, str]) -> dict[str, str]:
        """Return what the file keeps, written with the first values when there is none."""
        path = self.path / name
        saved = read_json(path)
        if isinstance(saved, dict):
            return {key: str(value) for key, value in saved.items()}
        write_json(path, dict(first))
        return dict(first)

    def claim(self) -> None:
        """Take the folder for this process and end what an earlier, killed one left running.

        Raises AlreadyRunningError when another process has it, LeftOverError when what it left
        cannot be ended.
        """
        self._lock.acquire()
        try:
            self._children.end_left_over(STOP_GRACE)
        except BaseException:
            self._lock.release()
            raise

    def require_free_ports(self, ports: Mapping[str, int]) -> None:
        """Raise PortTakenError naming the ports that somebody else listens on."""
        way_out = f"delete {self.ports_file} so that other ports are chosen (the data stays)"
        require_all_free(
            [Wanted(port, f"{self.server} ({name})", way_out) for name, port in ports.items()]
        )

    def record(self, *children: Child) -> None:
        """Write down what runs, for whoever comes after a crash of this process."""
        self._children.record(children)

    def release(self) -> None:
        """Forget what ran and give the folder back; harmless when it was never claimed."""
        if self._lock.held:
            self._children.forget()
            self._lock.release()


class EmbeddedServer(ABC):
    """One private server; what it keeps outlives it, what it runs does not.

    Starting is ``launch`` and then ``await_ready``. They are apart so that two servers can start
    at the same time, and so that ``launch`` (short) runs in a thread that lives on, which the
    children die with, while ``await_ready`` (long) may run in any.
    """

    def __init__(self, folder: ServerFolder) -> None:
        self._folder = folder
        self._child: Child | None = None
        self._has_served = False
        # A stop in order may still wait in one thread while an operator in a hurry wants another.
        self._stopping = threading.Lock()

    @property
    def server(self) -> str:
        """What it is called in messages to the operator."""
        return self._folder.server

    @property
    @abstractmethod
    def log(self) -> Path:
        """The server's own log."""

    @property
    def pid(self) -> int:
        """The id of the server's process; raises StartFailedError when it was never started."""
        return self._started().pid

    def is_running(self) -> bool:
        """Tell whether the server's process is there."""
        return self._child is not None and self._child.is_running()

    def launch(self) -> None:
        """Start the processes and return at once; nothing happens when they run already.

        Raises a HotlineError that says what is wrong and the way out, and leaves nothing behind.
        """
        if self.is_running():
            return
        self._folder.claim()
        self._has_served = False
        try:
            self._child = self._start()
        except BaseException:
            self.stop()
            raise

    def is_ready(self) -> bool:
        """Tell whether clients are served; raises StartFailedError when it has ended instead."""
        code = self._started().returncode()
        if code is not None:
            raise self._ended(code)
        self._has_served = self._answers()
        return self._has_served

    def how_it_ended(self) -> str:
        """Return in words how the process ended."""
        return describe_exit(self._started().returncode())

    def await_ready(self, timeout: float = READY_TIMEOUT) -> None:
        """Return when clients are served.

        Raises StartFailedError with the end of the log otherwise, and stops what was started.
        """
        try:
            self._wait_for_answer(timeout)
        except BaseException:
            self.stop()
            raise

    def not_ready_after(self, timeout: float) -> StartFailedError:
        """Return the error for a server that runs but serves nobody."""
        return StartFailedError(
            f"{self.server} was not ready after {timeout:.0f} s. Its log {self.log} ends so:\n"
            f"{log_tail(self.log)}"
        )

    def stop(self) -> None:
        """End the server and everything below it, in order; the data stays."""
        with self._stopping:
            if self._child is not None:
                self._child.end(STOP_GRACE if self._has_served else UNSERVED_GRACE)
                self._child = None
            self._stop_companions()
            self._folder.release()

    def kill(self) -> None:
        """End the server as a power cut would; the folder stays claimed for a restart."""
        self._started().kill()

    def restart(self) -> None:
        """Start again on the same data, after stopping what still runs."""
        self.stop()
        self.launch()
        self.await_ready()

    @abstractmethod
    def _start(self) -> Child:
        """Start the process in the claimed folder, and record it there."""

    @abstractmethod
    def _answers(self) -> bool:
        """Tell whether clients are served, within a second or so."""

    @abstractmethod
    def _stop_companions(self) -> None:
        """End the processes that serve the server, where it has any."""

    def _wait_for_answer(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while not self.is_ready():
            if time.monotonic() > until:
                raise self.not_ready_after(timeout)
            time.sleep(POLL)

    def _ended(self, code: int) -> StartFailedError:
        return StartFailedError(
            f"{self.server} did not start: {describe_exit(code)}. Its log {self.log} ends so:\n"
            f"{log_tail(self.log)}"
        )

    def _started(self) -> Child:
        if self._child is None:
            raise StartFailedError(f"{self.server} in {self._folder.path} has not been started.")
        return self._child


def log_tail(log: Path) -> str:
    """Return the last lines of a log, or say that there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-LOG_TAIL_LINES:]) or "(empty)"
