"""Folders and files only their owner can read, and the lock that gives a folder one user."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from hotline.errors import AlreadyRunningError, UnusableFolderError

# Erlang, mongod and their own sub-folders and file names need room below the usual 4096.
LONGEST_PATH = 1024


def private_folder(folder: Path) -> Path:
    """Make the folder for its owner alone and return its absolute path.

    Raises UnusableFolderError when it cannot be written to or its path is unfit.
    """
    folder = folder.expanduser().absolute()
    if len(os.fsencode(folder)) > LONGEST_PATH:
        raise UnusableFolderError(
            f"The data folder's path is longer than {LONGEST_PATH} bytes, more than the servers "
            "can work with. Choose a shorter one with --data or HOTLINE_DATA."
        )
    if not str(folder).isprintable() or '"' in str(folder):
        raise UnusableFolderError(
            f"The data folder's path {str(folder)!r} holds a quote or a control character, which "
            "RabbitMQ's start script cannot pass on. Choose another with --data or HOTLINE_DATA."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UnusableFolderError(
            f"The data folder {folder} cannot be written to ({error.strerror}). Make it writable "
            "for this user, or choose another with --data or HOTLINE_DATA."
        ) from error
    return folder


def write_private(path: Path, text: str) -> None:
    """Replace the file in one step; only the owner can read it at any moment."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write the value as readable JSON that only the owner can read."""
    write_private(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Return the file's value, or None where there is no file or it is not JSON.

    A half-written file of a killed machine counts as none: what it held is chosen anew.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


class FolderLock:
    """One process at a time works in a folder; the kernel frees the lock when that process dies."""

    def __init__(self, folder: Path, what: str) -> None:
        self._path = folder / "lock"
        self._what = what
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Tell whether this process has it through this object."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock, or raise AlreadyRunningError naming the process that has it."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode() or "unknown"
            os.close(descriptor)
            raise AlreadyRunningError(
                f"{self._what} in {self._path.parent} is already run by process {holder}. Use "
                "that one, stop it (Ctrl-C, or kill with its id), or choose another folder with "
                "--data or HOTLINE_DATA."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
