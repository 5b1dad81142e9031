"""A private RabbitMQ node: own name, ports, cookie, epmd and data, all inside one folder."""

import dataclasses
import json
import secrets
import shutil
import socket
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

import httpx
from typing_extensions import override

from hotline.embedded.folder import write_private
from hotline.embedded.node import EmbeddedServer, ServerFolder
from hotline.embedded.ports import is_free, listeners
from hotline.embedded.process import Child, Identity, clean_environment, wait_until
from hotline.errors import MissingProgramError, NoLocalhostError, StartFailedError

SERVER = "The embedded RabbitMQ"
# The script itself: the wrapper of the same name on Debian's PATH switches to another user.
SCRIPT_PLACES = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/opt/rabbitmq/sbin/rabbitmq-server",
)
# Elects a leader in each quorum queue that has none; see RabbitNode._elect_missing_leaders.
ELECTION = (
    "[ra:trigger_election(amqqueue:get_pid(Q)) || Q <- rabbit_amqqueue:list(), "
    "amqqueue:get_type(Q) =:= rabbit_quorum_queue, "
    "ra_leaderboard:lookup_leader(element(1, amqqueue:get_pid(Q))) =:= undefined]."
)
CONFIG = """\
listeners.tcp.local = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {prometheus}
default_user = {user}
default_pass = {password}
default_user_tags.administrator = true
# Twice what our own events grow to. More is refused to its publisher at once.
max_message_size = 4194304
# One machine shared with everything else: an alarm would block every publisher.
vm_memory_high_watermark.relative = 0.6
disk_free_limit.absolute = 50MB
# The default of 512 MB per node is for a server of its own.
raft.wal_max_size_bytes = 67108864
log.console = false
log.file.level = info
"""


@dataclass(frozen=True, slots=True)
class RabbitPorts:
    """The ports of one node, all on 127.0.0.1."""

    amqp: int
    dist: int
    epmd: int
    management: int
    prometheus: int


class RabbitNode(EmbeddedServer):
    """One private node with the management and Prometheus plugins."""

    def __init__(self, folder: ServerFolder, ports: RabbitPorts, facts: dict[str, str]) -> None:
        super().__init__(folder)
        self._facts = facts
        self._epmd: Child | None = None
        self._leaders_missing = False
        self.ports = ports

    @classmethod
    def start(cls, folder: Path, *, ports: RabbitPorts | None = None) -> Self:
        """Start a node in the folder and return it ready; it keeps name, ports and password."""
        node = cls.prepare(folder, ports=ports)
        node.launch()
        node.await_ready()
        return node

    @classmethod
    def prepare(cls, folder: Path, *, ports: RabbitPorts | None = None) -> Self:
        """Choose or read back name, ports and password, and start nothing."""
        server = ServerFolder(folder, SERVER)
        names = tuple(field.name for field in dataclasses.fields(RabbitPorts))
        chosen = server.ports(names, dataclasses.asdict(ports) if ports else None)
        facts = server.facts(
            "node.json",
            {
                "name": f"estateline-{secrets.token_hex(4)}@localhost",
                "user": "hotline",
                "password": secrets.token_urlsafe(24),
                "cookie": secrets.token_hex(24),
            },
        )
        return cls(server, RabbitPorts(**chosen), facts)

    @property
    def user(self) -> str:
        """The only user, an administrator; there is no guest."""
        return self._facts["user"]

    @property
    def password(self) -> str:
        """That user's password, random and kept in the folder."""
        return self._facts["password"]

    @property
    def amqp_url(self) -> str:
        """Where clients connect, with the password, to the vhost ``/``."""
        return self.amqp_url_of("/")

    def amqp_url_of(self, vhost: str) -> str:
        """Where clients of that vhost connect, with the password."""
        path = "" if vhost == "/" else quote(vhost, safe="")
        return f"amqp://{self.user}:{self.password}@127.0.0.1:{self.ports.amqp}/{path}"

    @property
    def management_url(self) -> str:
        """Where the management API answers, without the password."""
        return f"http://127.0.0.1:{self.ports.management}"

    @property
    def management_login_url(self) -> str:
        """Where the management API answers, with the password."""
        return f"http://{self.user}:{self.password}@127.0.0.1:{self.ports.management}"

    @property
    def prometheus_url(self) -> str:
        """Where the broker's own metrics are."""
        return f"http://127.0.0.1:{self.ports.prometheus}/metrics"

    def add_vhost(self, name: str) -> str:
        """Make a vhost the user may do everything in, and return its AMQP address."""
        with self._management() as client:
            vhost = quote(name, safe="")
            _demand(client.put(f"/api/vhosts/{vhost}"))
            everything = {"configure": ".*", "write": ".*", "read": ".*"}
            address = f"/api/permissions/{vhost}/{quote(self.user, safe='')}"
            _demand(client.put(address, json=everything))
        return self.amqp_url_of(name)

    def is_on_disk(self, vhost: str, queue: str) -> bool:
        """Tell whether a quorum queue's registration was flushed, so that it survives ``kill``.

        The node flushes it half a second after the last declaration. What was confirmed before
        that is lost with the queue when the node is killed.
        """
        name = f"{quote(vhost, safe='')}_{queue}".encode()
        files = (self._folder.path / "mnesia").glob("*/quorum/*/names.dets")
        return any(name in file.read_bytes() for file in files)

    def delete_vhost(self, name: str) -> None:
        """Remove a vhost with all its queues and connections; harmless when there is none."""
        with self._management() as client:
            response = client.delete(f"/api/vhosts/{quote(name, safe='')}")
            if response.status_code != httpx.codes.NOT_FOUND:
                _demand(response)

    @property
    @override
    def log(self) -> Path:
        return self._folder.path / "log" / "rabbit.log"

    @property
    def _console(self) -> Path:
        return self._folder.path / "log" / "console.log"

    @override
    def _start(self) -> Child:
        script = find_script()
        require_localhost()
        path = self._folder.path
        self._leaders_missing = (path / "mnesia").exists()
        self._end_foster_epmd()
        self._folder.require_free_ports(self._ports_to_claim())
        self._write_files()
        environment = self._environment()
        if self._epmd is None or not self._epmd.is_running():
            self._epmd = self._start_epmd(environment)
        # "Allow input" makes the script become the node instead of waiting for it, so that this
        # process is the node's parent; the node itself is then told not to read input.
        beam = Child.start(
            "rabbitmq",
            [script, "-noinput", "-start_epmd", "false", "-estateline", str(path)],
            env={**environment, "RABBITMQ_ALLOW_INPUT": "1"},
            folder=path,
            log=self._console,
            marker=str(path),
        )
        self._folder.record(self._epmd, beam)
        return beam

    def _ports_to_claim(self) -> dict[str, int]:
        ports = dataclasses.asdict(self.ports)
        if self._epmd is not None and self._epmd.is_running():
            del ports["epmd"]
        return ports

    def _start_epmd(self, environment: dict[str, str]) -> Child:
        """Start epmd as a child: the daemon a node starts on its own would outlive everything."""
        program = shutil.which("epmd")
        if program is None:
            raise missing_rabbitmq("epmd")
        port = self.ports.epmd
        epmd = Child.start(
            "epmd",
            [program, "-port", str(port), "-address", "127.0.0.1"],
            env=environment,
            folder=self._folder.path,
            log=self._console,
            marker=f"-port {port}",
        )
        if not wait_until(lambda: not is_free(port) or not epmd.is_running(), 10.0):
            epmd.kill()
            raise StartFailedError(f"{SERVER}'s epmd does not listen on port {port}.")
        return epmd

    @override
    def _stop_companions(self) -> None:
        if self._epmd is not None:
            self._epmd.end(grace=2.0)
            self._epmd = None
            self._end_foster_epmd()

    def _end_foster_epmd(self) -> None:
        """End the epmd a node started for itself because ours was gone."""
        for process in listeners(self.ports.epmd):
            mine = self._epmd is not None and self._epmd.pid == process.pid
            if process.name() == "epmd" and not mine:
                Identity.of("epmd", process.pid, "").end(grace=2.0)

    def _write_files(self) -> None:
        path = self._folder.path
        for name in ("home", "mnesia", "log", "schema"):
            (path / name).mkdir(mode=0o700, exist_ok=True)
        cookie = path / "home" / ".erlang.cookie"
        write_private(cookie, self._facts["cookie"])
        cookie.chmod(0o400)
        write_private(path / "enabled_plugins", "[rabbitmq_management,rabbitmq_prometheus].\n")
        settings = dataclasses.asdict(self.ports)
        config = CONFIG.format(**settings, user=self.user, password=self.password)
        write_private(path / "rabbitmq.conf", config)

    def _environment(self) -> dict[str, str]:
        path = self._folder.path
        return clean_environment("RABBITMQ_", "ERL_", "CONF_ENV") | {
            "HOME": str(path / "home"),
            "LC_ALL": "C",  # file names as bytes: the management plugin fails on any beyond Latin-1
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP": str(path / "log" / "erl_crash.dump"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # the system node's settings are not ours
            "RABBITMQ_NODENAME": self._facts["name"],
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.ports.amqp),
            "RABBITMQ_DIST_PORT": str(self.ports.dist),
            "RABBITMQ_MNESIA_BASE": str(path / "mnesia"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(path / "schema"),
            "RABBITMQ_LOG_BASE": str(path / "log"),
            "RABBITMQ_LOGS": str(self.log),
            "RABBITMQ_PID_FILE": str(path / "rabbit.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(path / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(path / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(path / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(path / "advanced.config"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }

    @override
    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.ports.amqp), timeout=1.0):
                pass
            with self._management(timeout=2.0) as client:
                client.get("/api/vhosts/%2F").raise_for_status()
        except (OSError, httpx.HTTPError):
            return False
        return not self._leaders_missing or self._elect_missing_leaders()

    def _elect_missing_leaders(self) -> bool:
        """Elect the leaders that a kill right after a queue's declaration leaves missing for ever.

        The queue's member then starts without its term and waits for a leader that would have to
        be itself (rabbitmq-server issue 10070); no restart mends that. Tells whether it was done.
        """
        program = Path(find_script()).with_name("rabbitmqctl")
        ended = subprocess.run(
            [program, "-n", self._facts["name"], "eval", ELECTION],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60.0,
            check=False,
        )
        self._leaders_missing = ended.returncode != 0
        return not self._leaders_missing

    def _management(self, timeout: float = 30.0) -> httpx.Client:
        # A proxy of the environment has no business between us and our own node. It speaks plain
        # HTTP: reading the machine's certificates would take longer than the question.
        return httpx.Client(
            base_url=self.management_url,
            auth=(self.user, self.password),
            timeout=timeout,
            trust_env=False,
            verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        )


def find_script() -> str:
    """Return the path of RabbitMQ's start script, or raise MissingProgramError."""
    for place in SCRIPT_PLACES:
        if Path(place).exists():
            if shutil.which("erl") is None:
                raise missing_rabbitmq("erl")
            return place
    found = shutil.which("rabbitmq-server")
    if found is None:
        raise missing_rabbitmq("rabbitmq-server")
    return found


def missing_rabbitmq(program: str) -> MissingProgramError:
    """Return the error for a program of the rabbitmq-server package that is not there."""
    return MissingProgramError(
        f"The program {program} is not installed. Run `make setup`, or install the Debian package "
        "rabbitmq-server, or set HOTLINE_AMQP_URL to a RabbitMQ that runs elsewhere."
    )


def require_localhost() -> None:
    """Raise NoLocalhostError unless the machine knows localhost as 127.0.0.1."""
    try:
        found = socket.getaddrinfo("localhost", None, socket.AF_INET)
    except OSError:
        found = []
    if not any(str(address[4][0]).startswith("127.") for address in found):
        raise NoLocalhostError(
            "The name localhost does not lead to 127.0.0.1 on this machine, and RabbitMQ does not "
            "start without it. Add the line `127.0.0.1 localhost` to /etc/hosts."
        )


def _demand(response: httpx.Response) -> None:
    if response.is_error:
        raise StartFailedError(
            f"{SERVER}'s management API answered {response.status_code} to "
            f"{response.request.method} {response.request.url.path}: {_reason(response)}"
        )


def _reason(response: httpx.Response) -> str:
    try:
        return str(response.json().get("reason", ""))
    except (json.JSONDecodeError, AttributeError):
        return response.text[:200]
