"""A port that is wanted: free, let go of in a moment, or held by somebody who is named."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from hotline.embedded import ports
from hotline.embedded.ports import free_ports, require_free
from hotline.errors import PortTakenError

# Whoever asks in here has a single port to choose from.
ELSEWHERE = """
import sys
from hotline.embedded import ports
ports.LOWEST = int(sys.argv[1])
ports._lowest_ephemeral = lambda: ports.LOWEST + 1
ports.free_ports(1)
"""


@pytest.fixture
def held() -> Iterator[socket.socket]:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server


def test_a_port_that_a_killed_server_has_yet_to_let_go_of_is_waited_for(
    held: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Event()

    def nobody(_port: int) -> list[object]:
        looked.set()
        return []

    monkeypatch.setattr(ports, "listeners", nobody)

    def let_go() -> None:
        looked.wait(ports.LET_GO_SECONDS)
        held.close()

    closing = threading.Thread(target=let_go)
    port = held.getsockname()[1]
    closing.start()

    require_free(port, "the broker", "choose another")

    closing.join()
    assert looked.is_set()


def test_whoever_holds_a_port_is_named_at_once_with_the_way_out(held: socket.socket) -> None:
    with pytest.raises(PortTakenError, match=r"wanted for the broker.*process \d+.*choose another"):
        require_free(held.getsockname()[1], "the broker", "choose another")


def test_a_port_given_out_is_given_to_nobody_else_before_its_server_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setattr(ports, "LOWEST", port)
    monkeypatch.setattr(ports, "_lowest_ephemeral", lambda: port + 1)

    with pytest.raises(PortTakenError, match=f"between {port} and {port}"):
        free_ports(1)
    elsewhere = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(port)], capture_output=True, text=True, check=False
    )
    assert f"PortTakenError: No 1 free ports were found between {port}" in elsewhere.stderr


def test_a_server_listens_on_its_reserved_port_and_does_so_again_after_a_restart() -> None:
    (port,) = free_ports(1)
    for _ in range(2):
        require_free(port, "the broker", "choose another")
        with socket.create_server(("127.0.0.1", port)):
            assert not ports.is_free(port)
