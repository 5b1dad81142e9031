"""The floor that an earlier run of the demo left on the same data."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

from hotline.demo.clients import Clients
from hotline.embedded.folder import read_json, write_json

FILE: Final = "floor.json"


def keep_floor(data: Path, numbers: Sequence[str]) -> None:
    """Remember the requests of a floor that is whole."""
    write_json(data / FILE, {"numbers": list(numbers)})


async def floor_of_before(clients: Clients, data: Path) -> str | None:
    """Say that a whole floor is there, how old it is and how to get a new one; None where there is
    none, also since the data that it was in are gone.
    """
    kept = read_json(data / FILE) or {}
    if not (numbers := kept.get("numbers")):
        return None
    newest = await clients.call("GET", "intake", f"/v1/tickets/{numbers[-1]}")
    if newest.status_code == HTTPStatus.NOT_FOUND:
        return None
    at = newest.raise_for_status().json()["registered_at"][:16].replace("T", " ")
    return (
        f"演示现场还在，没有重新演示；除演完的诉求外，现场留有 {len(numbers)} 件。"
        f"The floor of an earlier run is there: {len(numbers)} requests besides those that were "
        f"played to their end, the last of {at} UTC by the trial's clock. Nothing was played "
        "again.\n"
        "账号换了新密码，已登录的会话随之结束。The accounts have new passwords, and whoever was "
        "signed in with the old ones is not any more.\n"
        f"重新开始 to begin anew: rm -r {data}"
    )
