"""What both embedded servers share: a folder, saved ports, a lock, and a record of what runs."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.hotline.embedded.folder import FolderLock, private_folder, read_json, write_json
from services.hotline.embedded.ports import free_ports, require_free
from services.hotline.embedded.process import Child, Identity
from services.hotline.errors import LeftOverError, StartFailedError

STOP_GRACE = 30.0
LOG_TAIL_LINES = 12


class ServerFolder:
    """The folder of one embedded server: its saved facts, its lock and its living processes."""

    def __init__(self, folder: Path, server: str) -> None:
        self.path = private_folder(folder)
        self.server = server
        self._lock = FolderLock(self.path, server)
        self._running = self.path / "running.json"

    @property
    def ports_file(self) -> Path:
        """Where the chosen ports are kept."""
        return self.path / "ports.json"

    def ports(self, names: tuple[str, ...], given: Mapping[str, int] | None) -> dict[str, int]:
        """Return the given ports, or the saved ones, or new ones, and save them."""
        saved = read_json(self.ports_file)
        if given is not None:
            ports = dict(given)
        elif isinstance(saved, dict) and saved.keys() == set(names):
            ports = {name: int(saved[name]) for name in names}
        else:
            ports = dict(zip(names, free_ports(len(names)), strict=True))
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
        does not end.
        """
        self._lock.acquire()
        for identity in self._left_over():
            identity.end(STOP_GRACE)
            if identity.is_alive():
                raise LeftOverError(
                    f"Process {identity.pid} ({identity.name}) of an earlier run in {self.path} "
                    f"does not end. End it yourself (kill -9 {identity.pid}) and start again."
                )
        self._running.unlink(missing_ok=True)

    def require_free_ports(self, ports: Mapping[str, int]) -> None:
        """Raise PortTakenError when somebody else listens on one of the ports."""
        for name, port in ports.items():
            require_free(
                port,
                f"{self.server} ({name})",
                f"delete {self.ports_file} so that other ports are chosen (the data stays)",
            )

    def record(self, *children: Child) -> None:
        """Write down what runs, for whoever comes after a crash of this process."""
        write_json(self._running, [dataclasses.asdict(child.identity) for child in children])

    def release(self) -> None:
        """Forget what ran and give the folder back."""
        self._running.unlink(missing_ok=True)
        self._lock.release()

    def _left_over(self) -> list[Identity]:
        saved: Any = read_json(self._running)
        identities = [Identity.from_json(value) for value in saved or []]
        return [identity for identity in identities if identity.is_ours()]


class ReadinessWait:
    """Waits for a server with a limit, and notices when it ends instead."""

    def __init__(self, server: str, child: Child, log: Path, timeout: float) -> None:
        self._server = server
        self._child = child
        self._log = log
        self._timeout = timeout
        self._until = time.monotonic() + timeout

    def pause(self) -> None:
        """Wait a moment, or raise StartFailedError when waiting is of no use any more."""
        code = self._child.returncode()
        if code is not None:
            raise StartFailedError(
                f"{self._server} ended with exit code {code} while starting. Its log {self._log} "
                f"ends so: {log_tail(self._log)}"
            )
        if time.monotonic() > self._until:
            raise StartFailedError(
                f"{self._server} was not ready after {self._timeout:.0f} s. Its log {self._log} "
                f"ends so: {log_tail(self._log)}"
            )
        time.sleep(0.05)


def log_tail(log: Path) -> str:
    """Return the last lines of a log, or say that there is none."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-LOG_TAIL_LINES:]) or "(empty)"
