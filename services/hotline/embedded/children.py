"""The record of the processes we started, for whoever comes after a crash of ours."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from services.hotline.embedded.folder import read_json, write_json
from services.hotline.embedded.process import Child, Identity
from services.hotline.errors import LeftOverError


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
