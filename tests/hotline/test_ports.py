"""A port that is wanted: free, let go of in a moment, or held by somebody who is named."""

import socket
import threading
from collections.abc import Iterator

import pytest

from services.hotline.embedded import ports
from services.hotline.embedded.ports import free_ports, require_free
from services.hotline.errors import PortTakenError


@pytest.fixture
def held() -> Iterator[socket.socket]:
    (port,) = free_ports(1)
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))
        server.listen()
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
