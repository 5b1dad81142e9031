"""Free ports on this machine, and who holds one that is not free."""

import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from hotline.embedded.process import wait_until
from hotline.errors import PortTakenError

LOWEST = 15_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
ATTEMPTS = 200
LET_GO_SECONDS = 10.0


def free_ports(count: int) -> list[int]:
    """Choose ports nobody has, all different, and keep them for this process until it ends.

    A server binds its port seconds after it was chosen. Whoever else chooses here meanwhile, in
    this process or another, is given a different one. A server listens on it as on any other, if it
    sets SO_REUSEADDR as servers do.

    They lie below the range the kernel lends to outgoing connections: a port from that range
    could be lent to anybody while its server restarts, even to a client of that very server,
    which would then be connected to itself.
    """
    highest = _lowest_ephemeral() - 1
    found: list[int] = []
    for _ in range(ATTEMPTS):
        port = random.SystemRandom().randint(LOWEST, highest)
        if _reserve(port):
            found.append(port)
        if len(found) == count:
            return found
    raise PortTakenError(
        f"No {count} free ports were found between {LOWEST} and {highest} on this machine. Stop "
        "what listens there, or name free ports by setting."
    )


def _reserve(port: int) -> bool:
    """Bind the port in a way that keeps off whoever reserves and lets in whoever listens."""
    probe = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        probe.close()
        return False
    # Set only now: bound without it, we are refused what anybody else has bound; with it, so is
    # the next who reserves, but not a server, which sets it as well and finds nobody listening.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.detach()  # never closed: the system lets go of it when this process ends
    return True


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections of an earlier run that are still closing do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that is wanted here: what for, and the way out where it is taken."""

    port: int
    purpose: str
    way_out: str


def require_free(port: int, purpose: str, way_out: str) -> None:
    """Raise PortTakenError, naming the port, its holder and the way out, unless it is free."""
    require_all_free([Wanted(port, purpose, way_out)])


def require_all_free(wanted: Sequence[Wanted]) -> None:
    """Raise PortTakenError naming every one of them that is taken, a line for each: whoever makes
    way for one at a time starts as often as there are ports.

    Where nobody is seen to hold one, it may be of ours that was killed a moment ago: to us it is
    gone, while the last of its threads have yet to let go of what it had open.
    """
    ports = {each.port for each in wanted}
    wait_until(lambda: all(is_free(p) or bool(listeners(p)) for p in ports), LET_GO_SECONDS)
    taken = [each for each in wanted if not is_free(each.port)]
    if taken:
        raise PortTakenError(
            "\n".join(
                f"Port {each.port}, wanted for {each.purpose}, is taken by {holder_of(each.port)}. "
                f"Stop that process, or {each.way_out}."
                for each in taken
            )
        )


def holder_of(port: int) -> str:
    """Describe the process that listens on the port, as far as this user may see."""
    for process in listeners(port):
        try:
            return f"process {process.pid} ({' '.join(process.cmdline())[:120]})"
        except psutil.Error:
            return f"process {process.pid}"
    return "a process of another user"


def listeners(port: int) -> list[psutil.Process]:
    """Return the processes that listen on the port."""
    found = []
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status != psutil.CONN_LISTEN or connection.pid is None:
            continue
        if connection.laddr and connection.laddr.port == port:
            try:
                found.append(psutil.Process(connection.pid))
            except psutil.NoSuchProcess:
                continue
    return found


def _lowest_ephemeral() -> int:
    try:
        return int(EPHEMERAL_RANGE.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 32_768
